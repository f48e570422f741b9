"""The holder's daemon is killed or frozen, and the kernel has to end its lease; and restarts that must change nothing."""

import signal

import pytest

from lab import procs
from lab.story import Story

pytestmark = pytest.mark.daemon

LEASE_S = 1.0

THREE = pytest.param({"data": 3}, id="three_data")
TWO_AND_WITNESS = pytest.param({"data": 2, "witnesses": 1}, id="two_and_witness", marks=pytest.mark.quick)


def ended_with_the_lease(story):
    """The frozen or dead holder's last answer came before the end of the last lease that it can have had."""
    last_us = story.watcher.last_answer_us("db1")
    print(f"last answer of db1 {(last_us - story.fault_us) / 1e6:.3f} s after the fault")
    assert last_us <= story.fault_us + LEASE_S * 1e6


@pytest.mark.parametrize("layout", [THREE, TWO_AND_WITNESS])
def test_holders_daemon_is_killed_and_the_kernel_ends_its_lease(make_lab, layout):
    lab = make_lab(**layout).up()
    story = Story(lab)
    story.fault(lab.daemons["db1"].kill)
    new = story.taken_over()
    ended_with_the_lease(story)
    lab.daemons["db1"].start()
    story.comes_back(*[name for name in lab.data if name != new])
    story.end(["db1", new])


@pytest.mark.parametrize("layout", [THREE, TWO_AND_WITNESS])
def test_holders_daemon_is_frozen_for_ten_leases_and_thawed(make_lab, layout):
    lab = make_lab(**layout).up()
    story = Story(lab)
    story.fault(lab.daemons["db1"].freeze)
    new = story.taken_over()
    story.writer.wait_rows(1, since_us=story.fault_us + int(10 * LEASE_S * 1e6), deadline_s=30)
    ended_with_the_lease(story)
    lab.daemons["db1"].thaw()
    story.comes_back(*[name for name in lab.data if name != new])
    ended_with_the_lease(story)
    story.end(["db1", new])


def test_standbys_daemon_is_killed_and_frozen_and_nothing_happens(make_lab):
    lab = make_lab(data=3).up()
    story = Story(lab)
    story.fault(lab.daemons["db2"].kill)
    story.nothing_happens(3 * LEASE_S)
    lab.daemons["db2"].start()
    lab.wait_grants()  # a started voter is silent for a lease: until then db3 is needed
    story.fault(lab.daemons["db3"].freeze)
    story.nothing_happens(3 * LEASE_S)
    story.fault(lab.daemons["db3"].thaw)
    story.nothing_happens(3 * LEASE_S)
    story.same_postmasters()
    story.end(["db1"])


@pytest.mark.parametrize("layout", [THREE, TWO_AND_WITNESS])
def test_all_daemons_are_killed_and_restarted_under_a_healthy_primary(make_lab, layout):
    """The address goes with the lease and comes back to the same host; nothing is promoted, nothing is restarted."""
    lab = make_lab(**layout).up()
    story = Story(lab)
    timeline = lab.postgres["db1"].value("SELECT timeline_id FROM pg_control_checkpoint()")

    def kill_all():
        at_us = procs.now_us()
        for name in lab.members:
            lab.daemons[name].send(signal.SIGKILL)
        return at_us

    story.fault(kill_all)
    for name in lab.members:
        lab.daemons[name].process.wait(10)
    lab.start_daemons()
    lab.wait_holder("db1")
    story.writer.wait_rows(20, since_us=procs.now_us(), host="db1")
    story.same_postmasters()
    assert lab.postgres["db1"].value("SELECT timeline_id FROM pg_control_checkpoint()") == timeline
    assert lab.primaries() == ["db1"]
    story.may_lose = False
    story.end(["db1"])


def test_standbys_daemons_are_stopped_and_started_one_after_the_other(make_lab):
    lab = make_lab(data=3).up()
    story = Story(lab)
    for name in ("db2", "db3"):
        story.fault(lambda name=name: lab.daemons[name].send(signal.SIGTERM))
        assert lab.daemons[name].process.wait(20) == 0
        story.nothing_happens(2 * LEASE_S)
        lab.daemons[name].start()
        lab.wait_grants()
    story.same_postmasters()
    story.end(["db1"])


def test_second_daemon_for_the_same_instance_ends_with_exit_code_3(make_lab):
    lab = make_lab(data=2, witnesses=1).up()
    story = Story(lab)
    first = lab.daemons["db1"].process
    lab.daemons["db1"].process = None
    story.fault(lambda: procs.now_us() if lab.daemons["db1"].start() else 0)
    assert lab.daemons["db1"].process.wait(20) == 3
    lab.daemons["db1"].process = first
    story.nothing_happens(2 * LEASE_S)
    story.end(["db1"])
