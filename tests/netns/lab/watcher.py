"""The passive watcher (tests/netns/watcher.c): who answered for the floating address, and when."""

import collections
import os
import signal

from . import net, procs

STOP_DEADLINE_S = 10
ANSWERS = ("arp", "na", "echo4", "echo6")
ANNOUNCEMENTS = ("garp", "una")

Answer = collections.namedtuple("Answer", "us kind host")
Run = collections.namedtuple("Run", "host first_us last_us answers")
Resolution = collections.namedtuple("Resolution", "rounds median_ms p99_ms worst_ms interval_ms")


class TwoAnswerers(AssertionError):
    pass


def read_record(path, host_of_mac):
    """(answers, announcements, resolution) of a watcher's output, by time."""
    answers, announcements, resolution = [], [], None
    with open(path, encoding="ascii") as file:
        for line in file:
            if not line.endswith("\n"):
                break
            words = line.split()
            if words[0] == "stat":
                rounds, median, p99, worst, interval = (int(word) for word in words[1:])
                resolution = Resolution(rounds, median / 1000, p99 / 1000, worst / 1000, interval / 1000)
                continue
            event = Answer(int(words[0]), words[1], host_of_mac(words[2]))
            (answers if event.kind in ANSWERS else announcements).append(event)
    return sorted(answers), sorted(announcements), resolution


def runs_of(answers):
    """Answers by time as runs of one host each: [db1 .. db1][db2 .. db2]"""
    runs = []
    for answer in answers:
        if runs and runs[-1].host == answer.host:
            runs[-1] = runs[-1]._replace(last_us=answer.us, answers=runs[-1].answers + 1)
        else:
            runs.append(Run(answer.host, answer.us, answer.us, 1))
    return runs


class Watcher:
    def __init__(self, lab, interval_us=5000, name="watcher"):
        self.lab = lab
        self.output = os.path.join(lab.folder, f"{name}.txt")
        self.log = os.path.join(lab.folder, f"{name}.log")
        self.finished = False
        open(self.output, "w", encoding="ascii").close()
        args = [
            lab.session.programs["watcher"], "--output", self.output, "--interval-us", str(interval_us),
            "--v4", net.FLOATING4, "--source4", net.WATCH4, "--v6", net.FLOATING6, "--source6", net.WATCH6,
        ]  # fmt: skip
        for host in lab.data_hosts():
            args += ["--mac", lab.net.hosts[host].mac]
        self.process = lab.procs.spawn(lab.net.client.net_args([*args, "eth0"]), self.log)

    def read(self):
        return read_record(self.output, self.lab.net.host_of_mac)

    def answers(self, since_us=0, host=None):
        return [answer for answer in self.read()[0] if answer.us >= since_us and host in (None, answer.host)]

    def runs(self, since_us=0):
        return runs_of(self.answers(since_us))

    def wait_answer(self, host, since_us=0, deadline_s=20):
        return procs.wait_until(
            lambda: self.answers(since_us, host), deadline_s, f"{host} answers for the address", self.lab.describe
        )

    def last_answer_us(self, host):
        mine = self.answers(host=host)
        return mine[-1].us if mine else None

    def stop(self):
        if not self.finished:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(STOP_DEADLINE_S)
            self.finished = True
        return self

    def describe(self):
        lines = [
            f"  {run.host}: {run.first_us / 1e6:.4f} .. {run.last_us / 1e6:.4f}, {run.answers} answers" for run in self.runs()
        ]
        return "answers for the floating address:\n" + "\n".join(lines[:40])

    def resolution(self):
        """Distance between two rounds of questions as it was; only after stop()."""
        found = self.read()[2]
        assert found, "the watcher has not ended cleanly"
        return found

    def assert_order(self, expected):
        """Exactly these hosts answered, one after the other: nobody after the next one's first answer.

        Every answer counts: ARP, neighbour advertisement, and echo replies to frames sent straight to a host's MAC.
        """
        self.stop()
        order = [run.host for run in self.runs()]
        resolution = self.resolution()
        print(f"watcher: {' -> '.join(order) or 'nobody'}; a round every {resolution.median_ms:.2f} ms, worst "
              f"{resolution.worst_ms:.2f} ms of {resolution.rounds}")  # fmt: skip
        if order != list(expected):
            raise TwoAnswerers(f"expected {list(expected)}, but\n{self.describe()}")
