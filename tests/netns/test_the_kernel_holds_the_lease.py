"""No dead, frozen or starved daemon leaves two hosts behind one address: whatever keeps the holder's daemon from running,
the kernel ends its lease, and when it runs again it serves nobody before it is holder again (protocol.md section 5).

One cluster, one fault after the other at moments that the seed chooses. Every answer of every host is recorded from
outside; that nobody answers after the next holder's first answer is asserted, how long everything took is printed
(VIPD_LAB_ROUNDS says how often each fault is tried, and with it both leases are).
"""

import os

import pytest

from lab import logs, procs, sessions, stops, timeline
from lab.rounds import Rounds

pytestmark = pytest.mark.daemon

ROUNDS = int(os.environ.get("VIPD_LAB_ROUNDS", "1"))
ROUNDS_MAX = 50
LEASES_MS = (200, 1000) if "VIPD_LAB_ROUNDS" in os.environ else (200,)
DARK_SLACK_MS = 10
LOG_SLACK_US = 20_000  # between the opening of the gate and the line that says so


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


def status_field(pid, name):
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
        return next(line.split()[1] for line in file if line.startswith(f"{name}:"))


def assert_nothing_is_inherited(lab, name):
    """The daemon is a real-time process; the PostgreSQL that it started is none, and nothing of it is locked."""
    daemon, postmaster = lab.daemons[name].process.pid, lab.postgres[name].postmaster_pid()
    assert os.sched_getscheduler(daemon) == os.SCHED_RR | os.SCHED_RESET_ON_FORK
    assert os.sched_getscheduler(postmaster) == os.SCHED_OTHER
    assert os.getpriority(os.PRIO_PROCESS, postmaster) == 0
    assert status_field(postmaster, "VmLck") == "0"
    assert int(status_field(postmaster, "SigBlk"), 16) == 0


@pytest.mark.parametrize("lease_ms", LEASES_MS)
def test_holders_daemon_does_not_run(make_lab, lease_ms):
    lab = make_lab(data=2, witnesses=1)
    lab.configuration.settings["advert_int"] = f"{lease_ms // 4}ms"
    lab.up()
    rounds = Rounds(lab, lease_ms)
    kinds = list(stops.ALL) * min(ROUNDS, ROUNDS_MAX)
    lab.random.shuffle(kinds)
    for kind in kinds:
        assert rounds.once(kind)["dark"] <= lease_ms + DARK_SLACK_MS
    assert_nothing_is_inherited(lab, rounds.found[-1]["old"])
    switched_over(lab)
    assert_nobody_answers_late(lab, rounds.watcher)
    logs.assert_promotions_under_lease(lab.daemons.values())
    rounds.print_worst()
