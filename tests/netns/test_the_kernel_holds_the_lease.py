"""No dead, frozen or starved daemon leaves two hosts behind one address: whatever keeps the holder's daemon from running,
the kernel ends its lease, and when it runs again it serves nobody before it is holder again (protocol.md section 5).

One cluster, one fault after the other at moments that the seed chooses. Every answer of every host is recorded from
outside; that nobody answers after the next holder's first answer is asserted, how long everything took is printed
(VIPD_LAB_ROUNDS says how often each fault is tried, and with it both leases are).
"""

import os
import time

import pytest

from lab import logs, procs, sessions, stops, timeline

pytestmark = pytest.mark.daemon

ROUNDS = int(os.environ.get("VIPD_LAB_ROUNDS", "1"))
ROUNDS_MAX = 50
LEASES_MS = (200, 1000) if "VIPD_LAB_ROUNDS" in os.environ else (200,)
FAULTS = tuple(stops.ALL)
LEASES_STOPPED = 10
DARK_SLACK_MS = 10
WATCH_US = 2000
LOG_SLACK_US = 20_000  # between the opening of the gate and the line that says so
BACK_DEADLINE_S = 60
STOP_DEADLINE_S = 5


class Rounds:
    def __init__(self, lab, lease_ms):
        self.lab = lab
        self.lease_ms = lease_ms
        self.watcher = lab.start_watcher(interval_us=WATCH_US)
        self.watcher.wait_answer(lab.data[0])
        self.writer = lab.start_writer()
        self.writer.wait_rows(20)
        self.stops = {kind: way(lab) for kind, way in stops.ALL.items()}
        self.found = []

    def _other(self, old):
        """Another host's first answer after the old one was stopped, and its name; the old one may come first."""

        def answered():
            others = [answer for answer in self.watcher.answers(self.stopped_us) if answer.host != old]
            return others[0] if others else None

        return procs.wait_until(answered, 30, f"another host than {old} answers", self.lab.describe)

    def once(self, kind):
        """The holder's daemon is kept from running for ten leases, then thawed, or killed where it stands."""
        lab, old = self.lab, self.lab.wait_holder()
        daemon, stop = lab.daemons[old], self.stops[kind]
        killed = kind != "killed" and lab.random.random() < 0.3
        clients = sessions.Sessions(lab)
        postmaster = lab.postgres[old].postmaster_pid()
        time.sleep(lab.random.randrange(250_000) / 1e6)  # the random moment itself
        self.stopped_us = stop.begin(daemon)
        first = self._other(old)
        reset_ms = clients.wait_reset(clients.say_something())
        procs.wait_until(
            lambda: procs.now_us() > self.stopped_us + LEASES_STOPPED * self.lease_ms * 1000, 30, "ten leases are over"
        )
        if killed:  # closed all the same, with nobody left who could close it; then started anew
            ended_us = stop.end_by_death()
        else:
            ended_us = stop.end()
        if kind == "frozen":
            stop.leave()
        if killed:
            daemon.start()
        demoted_ms = self._demoted(postmaster, ended_us)
        lab.wait_streaming(lab.wait_holder(first.host), [old], deadline_s=BACK_DEADLINE_S)
        lab.wait_grants()
        again = timeline.first(daemon.events(), self.stopped_us, timeline.entered("MASTER"))
        answers = [answer.us for answer in self.watcher.answers(host=old) if not again or answer.us < again.us]
        dark_ms = (max(answers) - self.stopped_us) / 1000
        print(f"{old} {kind}{', then killed' if killed else ''}: dark after {dark_ms:.1f} ms of lease {self.lease_ms}, "
              f"{first.host} answers after {(first.us - self.stopped_us) / 1000:.1f} ms; clients reset {reset_ms:.1f} ms "
              f"after their next packet; PostgreSQL gone {demoted_ms:.1f} ms after it ran again")  # fmt: skip
        assert dark_ms <= self.lease_ms + DARK_SLACK_MS
        self.found.append((kind, dark_ms, reset_ms, None if killed or kind == "killed" else demoted_ms))

    def _demoted(self, postmaster, since_us):
        procs.wait_until(
            lambda: not procs.alive(postmaster), STOP_DEADLINE_S, "the old primary is stopped", self.lab.describe, 0.001
        )
        return (procs.now_us() - since_us) / 1000

    def worst(self):
        """What `make bench` and a soak want to know."""
        for kind in FAULTS:
            mine = [one for one in self.found if one[0] == kind]
            stopped = [one[3] for one in mine if one[3] is not None]
            if mine:
                print(f"lease {self.lease_ms} ms, {kind} {len(mine)} times: dark at most {max(one[1] for one in mine):.1f} ms "
                      f"after it, clients reset within {max(one[2] for one in mine):.1f} ms, PostgreSQL stopped within "
                      f"{max(stopped, default=0):.1f} ms of running again")  # fmt: skip


def assert_nobody_answers_late(lab, watcher):
    """Of two answers of two hosts the later one's host became MASTER in between: nobody comes back by itself."""
    watcher.stop()
    entered = sorted(
        (event.us, event.host) for daemon in lab.daemons.values() for event in daemon.events()
        if timeline.entered("MASTER")(event)
    )  # fmt: skip
    runs = watcher.runs()
    for before, after in zip(runs, runs[1:]):
        anew = [us for us, host in entered if host == after.host and before.first_us < us <= after.first_us + LOG_SLACK_US]
        assert anew, f"{after.host} answers at {after.first_us} after {before.host}, not holder again\n{watcher.describe()}"
    resolution = watcher.resolution()
    print(f"watcher: {sum(run.answers for run in runs)} answers in {len(runs)} runs; a round every "
          f"{resolution.median_ms:.2f} ms, 99 % within {resolution.p99_ms:.2f} ms, worst {resolution.worst_ms:.2f} ms of "
          f"{resolution.rounds} (asked for {resolution.interval_ms:.1f} ms)")  # fmt: skip


def switched_over(lab):
    """While the lease runs, clients are told by a reset before the address goes."""
    old = lab.wait_holder()
    clients = sessions.Sessions(lab)
    since_us = procs.now_us()
    done = lab.daemons[old].vipctl("switchover", timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    leaving = timeline.first(lab.daemons[old].events(), since_us, timeline.entered("LEAVING"))
    ms = clients.wait_reset(leaving.us)
    print(f"clients reset {ms:.1f} ms after {old} let go while its lease ran")
    assert lab.wait_holder(other_than=old)


@pytest.mark.parametrize("lease_ms", LEASES_MS)
def test_holders_daemon_does_not_run(make_lab, lease_ms):
    lab = make_lab(data=2, witnesses=1)
    lab.configuration.settings["advert_int"] = f"{lease_ms // 4}ms"
    lab.up()
    rounds = Rounds(lab, lease_ms)
    kinds = list(FAULTS) * min(ROUNDS, ROUNDS_MAX)
    lab.random.shuffle(kinds)
    for kind in kinds:
        rounds.once(kind)
    switched_over(lab)
    assert_nobody_answers_late(lab, rounds.watcher)
    logs.assert_promotions_under_lease(lab.daemons.values())
    rounds.worst()
