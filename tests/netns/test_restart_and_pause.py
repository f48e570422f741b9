"""Restarts of daemons that must change nothing, a pause, and hosts whose clocks have different offsets."""

import signal

import pytest

from lab import procs
from lab.story import Story

pytestmark = pytest.mark.daemon

LEASE_S = 1.0
EXIT_RESTART = 75
RESTART_DEADLINE_S = 20

THREE = pytest.param({"data": 3}, id="three_data")
TWO_AND_WITNESS = pytest.param({"data": 2, "witnesses": 1}, id="two_and_witness", marks=pytest.mark.quick)


def leave(daemon, by_vipctl=False):
    """Asks for the restart that keeps the lease, and waits for the end of the process; its exit code."""
    if by_vipctl:
        done = daemon.vipctl("restart")
        assert done.returncode == 0, done.stderr
    else:
        daemon.send(signal.SIGUSR2)
    return daemon.process.wait(RESTART_DEADLINE_S)


def make(make_lab, layout, **settings):
    lab = make_lab(**layout)
    lab.configure()
    lab.configuration.settings.update(settings)
    for name in lab.members:
        lab.configuration.write(lab.daemons[name])
    return lab.up()


@pytest.mark.parametrize("layout", [THREE, TWO_AND_WITNESS])
def test_masters_daemon_is_restarted_under_load_and_no_client_notices(make_lab, layout):
    lab = make(make_lab, layout)
    story = Story(lab)
    daemon = lab.daemons["db1"]
    before = daemon.status()
    begun_us = procs.now_us()
    for by_vipctl in (True, False, True):
        story.fault(procs.now_us)
        assert leave(daemon, by_vipctl) == EXIT_RESTART
        assert lab.net.has_address("db1")
        daemon.start()
        lab.wait_holder("db1")
        lab.wait_grants()
        story.nothing_happens(3 * LEASE_S)  # longer than the lease that was left
    after = daemon.status()
    assert after["ballot"] == before["ballot"], "another candidacy"
    assert after["epoch"] == before["epoch"]
    assert not [event for daemon in lab.daemons.values() for event in daemon.events()
                if event.kind == "state" and event.fields["state"] == "CANDIDATE" and event.us > begun_us]  # fmt: skip
    story.same_postmasters()
    story.may_lose = False
    outage = story.end(["db1"])
    assert not story.writer.failures(), story.writer.failures()[:5]
    assert outage.holes == 0


def test_restart_into_a_configuration_that_is_not_good_is_refused(make_lab):
    lab = make(make_lab, {"data": 2, "witnesses": 1})
    story = Story(lab)
    with open(lab.daemons["db1"].config, "a", encoding="utf-8") as file:
        file.write("nonsense = 1\n")
    story.fault(procs.now_us)
    refused = lab.daemons["db1"].vipctl("restart")
    assert refused.returncode == 1 and "nonsense" in refused.stderr, refused
    lab.daemons["db1"].send(signal.SIGUSR2)
    story.nothing_happens(2 * LEASE_S)
    assert lab.daemons["db1"].running()
    story.end(["db1"])


def test_standbys_and_witness_are_restarted_and_are_not_silent(make_lab):
    lab = make(make_lab, {"data": 2, "witnesses": 1})
    story = Story(lab)
    for name in ("db2", "w1"):
        story.fault(procs.now_us)
        assert leave(lab.daemons[name]) == EXIT_RESTART
        lab.daemons[name].start()
        status = procs.wait_until(lab.daemons[name].status, 20, f"{name} answers", lab.describe)
        assert status["silent_ms"] == 0, "a restarted voter is silent"
        lab.wait_grants()
        story.nothing_happens(2 * LEASE_S)
    story.same_postmasters()
    story.may_lose = False
    story.end(["db1"])


def test_restart_without_a_majority_is_a_normal_stop(make_lab):
    lab = make(make_lab, {"data": 3})
    story = Story(lab)

    def cut_off_and_restart():
        at_us = lab.faults.cut("db1")
        lab.daemons["db1"].send(signal.SIGUSR2)
        return at_us

    story.fault(cut_off_and_restart)
    assert lab.daemons["db1"].process.wait(RESTART_DEADLINE_S) == EXIT_RESTART
    assert not lab.net.has_address("db1")
    assert lab.postgres["db1"].role() != "primary"
    new = story.taken_over()
    lab.faults.mend("db1")
    lab.daemons["db1"].start()
    story.comes_back(*[name for name in lab.data if name != new])
    story.end(["db1", new])


def test_postgresql_dies_while_its_daemon_restarts(make_lab):
    """The long lease is not waited for: the next process sees that PostgreSQL is gone, and releases it."""
    lab = make(make_lab, {"data": 3}, restart_grace="20s")
    story = Story(lab)
    story.fault(procs.now_us)
    assert leave(lab.daemons["db1"]) == EXIT_RESTART
    story.before_fault()
    story.fault_us = lab.postgres["db1"].kill_postmaster()
    lab.daemons["db1"].start()
    new = story.taken_over(deadline_s=8)
    story.comes_back(*[name for name in lab.data if name != new])
    story.end(["db1", new])


def test_token_is_used_once(make_lab):
    """Killed after it resumed, the next process is an ordinary one: it must be elected anew."""
    lab = make(make_lab, {"data": 3}, restart_grace="10s")
    story = Story(lab)
    story.fault(procs.now_us)
    assert leave(lab.daemons["db1"]) == EXIT_RESTART
    lab.daemons["db1"].start()
    lab.wait_state("db1", "MASTER")
    ballot = lab.daemons["db1"].status()["ballot"]
    story.fault(lab.daemons["db1"].kill)
    lab.daemons["db1"].start()
    story.writer.wait_rows(20, since_us=story.fault_us + 2_000_000, deadline_s=40)
    story.primary = lab.wait_holder()
    assert lab.daemons[story.primary].status()["ballot"] != ballot
    story.end(list(dict.fromkeys(["db1", story.primary])))


def test_paused_nothing_moves_until_resume(make_lab):
    lab = make(make_lab, {"data": 3})
    story = Story(lab)
    assert lab.daemons["db2"].vipctl("pause").returncode == 0

    def all_say(paused):
        return all((status := daemon.status()) and status["paused"] is paused for daemon in lab.daemons.values())

    procs.wait_until(lambda: all_say(True), 10, "all members are paused", lab.describe)
    story.fault(lab.postgres["db1"].kill_postmaster)
    story.let_go(LEASE_S)
    until_us = procs.now_us() + int(6 * LEASE_S * 1e6)
    while procs.now_us() < until_us:
        assert not lab.masters(), lab.describe()
        assert not lab.primaries()
    assert not story.writer.rows_since(story.fault_us + 500_000)
    assert "PAUSED" in lab.daemons["db3"].vipctl("status").stdout
    assert lab.daemons["db3"].vipctl("resume").returncode == 0
    new = story.taken_over()
    procs.wait_until(lambda: all_say(False), 10, "all members are resumed", lab.describe)
    story.comes_back(*[name for name in lab.data if name != new])
    story.end(["db1", new])


def test_paused_outlives_a_restart_of_all_daemons_and_the_primary_serves_again(make_lab):
    lab = make(make_lab, {"data": 2, "witnesses": 1})
    story = Story(lab)
    assert lab.daemons["w1"].vipctl("pause").returncode == 0
    procs.wait_until(
        lambda: all((status := one.status()) and status["paused"] for one in lab.daemons.values()), 10, "all are paused"
    )
    story.fault(procs.now_us)
    for name in lab.members:
        lab.daemons[name].kill()
    lab.start_daemons()
    lab.wait_holder("db1")
    assert all(daemon.status()["paused"] for daemon in lab.daemons.values())
    story.writer.wait_rows(20, since_us=procs.now_us(), host="db1")
    story.same_postmasters()
    story.end(["db1"])


def test_clocks_with_different_offsets(make_lab):
    """Time namespaces: every member's CLOCK_BOOTTIME stands elsewhere; the kernel's programs do not know it."""
    lab = make_lab(data=3)
    lab.configure()
    for number, name in enumerate(lab.members):
        host = lab.net.hosts[name]
        offset_s = (number + 1) * 100_000
        lab.daemons[name].wrap = lambda args, host=host, offset_s=offset_s: host.exec_args(
            ["unshare", "--time", "--boottime", str(offset_s), "--", *args]
        )
    lab.up()
    story = Story(lab)
    status = lab.daemons["db1"].status()
    assert status["gate"] == "none"
    assert "time namespace" in status["gate_note"]
    story.fault(lab.postgres["db1"].kill_postmaster)
    new = story.taken_over()
    story.comes_back(*[name for name in lab.data if name != new])
    assert leave(lab.daemons[new]) == EXIT_RESTART
    lab.daemons[new].start()
    lab.wait_holder(new)
    story.end(["db1", new])
