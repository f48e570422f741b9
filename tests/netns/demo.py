#!/usr/bin/python3
"""Three hosts on one machine, a real PostgreSQL, vipd, a client that writes; then things are broken on purpose.

Usage: demo.py [--keep | --remove]. Needs root and VIPD_BUILD (./bootstrap demo does both).
"""

import argparse
import os
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from lab import Lab, Session, core, net, now_us, timeline, tools  # noqa: E402

REST_ROWS = 200  # rows between two acts
SWITCHOVER_S = 60


def say(text=""):
    print(text, flush=True)


class Step:
    """Says what is being done, and how long it took."""

    def __init__(self, text):
        self.text = text

    def __enter__(self):
        print(f"{self.text} ...", end="", flush=True)
        self.began = time.monotonic()

    def __exit__(self, kind, *_):
        print(f" {'failed' if kind else f'{time.monotonic() - self.began:.1f} s'}", flush=True)


class Demo:
    def __init__(self, lab):
        self.lab = lab
        self.holder = None
        self.writer = None
        self.watcher = None
        self.number = 0
        self.order = []

    def set_up(self):
        lab = self.lab
        with Step("PostgreSQL: a primary on db1, standbys streaming on db2 and db3"):
            lab.start_postgres()
        with Step(f"vipd on each of them; {net.FLOATING4} and {net.FLOATING6} float"):
            lab.start_daemons()
            self.holder = lab.wait_holder()
            self.order = [self.holder]
        with Step("a client writes numbered rows, each its own transaction, through the floating address"):
            self.watcher = lab.start_watcher()
            self.writer = lab.start_writer(deadline_ms=100, pause_us=1000)
            self.writer.wait_rows(REST_ROWS)
        self.table()

    def table(self):
        say()
        done = self.lab.daemons[self.holder].vipctl("status")
        say(done.stdout.rstrip() or done.stderr.rstrip())

    def act(self, title, fault, heal):
        """One fault: who noticed, who took over, how long the client waited; then the old holder comes back."""
        lab, old = self.lab, self.holder
        self.number += 1
        self.writer.wait_rows(REST_ROWS, since_us=now_us())
        say(f"\n--- act {self.number}: {title.format(host=old)}")
        fault_us = fault(old)
        say(f"  {0:9.1f} ms  {'demo':<7}{'fault:':<14} {title.format(host=old)}")
        new = self.writer.wait_failover(fault_us, old=old)
        self.holder = lab.wait_holder(new)
        self.order.append(new)
        for line in timeline.lines(timeline.phases(lab, fault_us, old, new), fault_us):
            say(line)
        outage = self.writer.outage(fault_us)
        say(f"  the client could not write for {outage.longest_ms:.0f} ms ({outage.failures} failed attempts)")
        heal(old)
        with Step(f"  {old} comes back by itself as a standby of {new}"):
            lab.wait_streaming(new, deadline_s=60)

    def switchover(self, host):
        """vipctl's own words; it answers when the other host serves."""
        began_us = now_us()
        done = self.lab.daemons[host].vipctl("switchover", timeout=SWITCHOVER_S)
        assert done.returncode == 0, done.stderr
        for line in (done.stderr + done.stdout).splitlines():
            say(f"    vipctl: {line}")
        return began_us

    def end(self):
        lab = self.lab
        self.writer.stop()
        rows = lab.wait_equal()
        lost = self.writer.lost(lab.postgres[self.holder])
        acknowledged = len(self.writer.rows())
        say(f"\n{acknowledged} writes acknowledged, {len(lost)} lost (asynchronous replication had not sent them); "
            f"all three servers hold the same {rows} rows")  # fmt: skip
        self.watcher.assert_order(self.order)
        say(f"never two hosts answered for the address: {' -> '.join(self.order)}")
        self.table()


def kept_text(lab):
    control = {name: daemon.control for name, daemon in lab.daemons.items()}
    lines = ["", "the lab stays up. To play with it (as root):"]
    lines += [f"  {tools.vipctl()} --control {control[name]} status" for name in lab.data]
    psql = f"psql -h {net.FLOATING4} -U app postgres"
    lines += [
        f"  ip netns exec {lab.net.client.ns} {psql}          # as a client, through the address",
        f"  ip -n {lab.net.switch} link set p-db1 down          # pull db1's cable; 'up' mends it",
        f"  kill -9 $(head -n 1 {lab.postgres['db1'].data}/postmaster.pid)     # kill db1's PostgreSQL",
        f"  tail -f {lab.daemons['db1'].log}",
        f"  {os.path.abspath(__file__)} --remove          # the end; the next demo does it too",
    ]
    return "\n".join(lines)


def run(keep):
    began = time.monotonic()
    session = Session()
    lab = Lab(session, name="demo")
    kept = False
    try:
        with Step("three hosts and a client out of network namespaces"):
            lab.__enter__()
        demo = Demo(lab)
        demo.set_up()
        demo.act("SIGKILL to {host}'s PostgreSQL", lambda host: lab.postgres[host].kill_postmaster(), lambda host: None)
        demo.act("{host}'s network cable is cut", lambda host: lab.faults.cut(host, carrier=False), lab.faults.mend)
        demo.act("planned switchover away from {host}", demo.switchover, lambda host: None)
        demo.end()
        say(f"\ntook {time.monotonic() - began:.0f} s")
        if keep:
            core.keep(session, lab)
            kept = True
            say(kept_text(lab))
        return 0
    except (AssertionError, net.CommandError) as error:
        say(f"\nfailed: {error}")
        lab.explain(error)
        return 1
    except KeyboardInterrupt:
        say("\ninterrupted")
        return 130
    finally:
        if not kept:
            lab.close()
            session.close()
            say("nothing is left behind")


def interrupt(_number, _frame):
    raise KeyboardInterrupt


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keep", action="store_true", help="leave the lab up, and say how to play with it")
    parser.add_argument("--remove", action="store_true", help="only remove what demo --keep left")
    options = parser.parse_args()
    if os.geteuid() != 0:
        parser.error("needs root: network namespaces, and PostgreSQL run as postgres")
    core.sweep(kept=True)
    if options.remove:
        return 0
    if not tools.daemon() or not tools.vipctl():
        parser.error("VIPD_BUILD does not name a build directory with vipd/vipd and vipd/vipctl")
    signal.signal(signal.SIGTERM, interrupt)
    return run(options.keep)


if __name__ == "__main__":
    sys.exit(main())
