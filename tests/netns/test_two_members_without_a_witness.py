"""quorum = none: two hosts and nobody to ask (protocol.md section 4.6). I1 is not promised, but these are."""

import pytest

from lab import procs
from lab.story import Story

pytestmark = pytest.mark.daemon

LEASE_S = 1.0


@pytest.mark.quick
def test_postmaster_is_killed_and_the_standby_takes_over(make_lab):
    lab = make_lab(data=2, quorum="none").up()
    story = Story(lab)
    story.fault(lab.postgres["db1"].kill_postmaster)
    assert story.taken_over() == "db2"
    story.comes_back("db1")
    story.end(["db1", "db2"])


def test_primarys_host_loses_power_and_the_standby_takes_over_alone(make_lab):
    lab = make_lab(data=2, quorum="none").up()
    story = Story(lab)
    story.fault(lambda: lab.power_off("db1"))
    assert story.taken_over() == "db2"
    lab.start_daemons(["db1"])
    story.comes_back("db1")
    story.end(["db1", "db2"])


def test_standbys_daemon_is_killed_and_nothing_happens(make_lab):
    """Its own grant is enough for a holder to stay."""
    lab = make_lab(data=2, quorum="none").up()
    story = Story(lab)
    story.fault(lab.daemons["db2"].kill)
    story.nothing_happens(4 * LEASE_S)
    story.fault(lambda: procs.now_us() if lab.daemons["db2"].start() else 0)
    story.nothing_happens(4 * LEASE_S)
    story.same_postmasters()
    story.end(["db1"])


def test_hosts_are_parted_both_hold_and_after_the_heal_one_lets_go(make_lab):
    """A dead peer and a cut cable look the same. Afterwards the higher ballot stays, and the other becomes its standby."""
    lab = make_lab(data=2, quorum="none").up()
    story = Story(lab)
    story.fault(lambda: lab.faults.cut("db2"))
    procs.wait_until(lambda: lab.postgres["db2"].role() == "primary", 30, "db2, alone, is promoted", lab.describe)
    lab.faults.mend("db2")
    assert lab.wait_holder(deadline_s=30) == "db2"
    story.primary = "db2"
    healed_us = procs.now_us()
    story.writer.wait_rows(50, since_us=healed_us, host="db2")
    story.comes_back("db1")
    assert {row.host for row in story.writer.rows_since(healed_us)} == {"db2"}
    assert {run.host for run in story.watcher.runs(since_us=healed_us)} == {"db2"}
    story.writer.stop()
    lab.wait_equal()
    assert lab.primaries() == ["db2"]
