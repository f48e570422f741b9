"""All hosts lose power and boot again."""

import pytest

from lab import procs
from lab.story import Story

pytestmark = pytest.mark.daemon


def wait_served(lab, story, name):
    assert lab.wait_holder(deadline_s=60) == name
    story.primary = name
    story.writer.wait_rows(20, since_us=procs.now_us(), host=name, deadline_s=40)


@pytest.mark.parametrize("layout", [
    pytest.param({"data": 3}, id="three_data"),
    pytest.param({"data": 2, "witnesses": 1}, id="two_and_witness", marks=pytest.mark.quick),
])  # fmt: skip
def test_all_hosts_boot_and_the_old_primary_has_the_most_and_loses_nothing(make_lab, layout):
    """vipd starts PostgreSQL (manage = full), and only as a standby: the primary crashed, so it has to be elected again."""
    lab = make_lab(**layout).up()
    story = Story(lab)
    story.fault(lambda: lab.power_off(*lab.members))
    lab.start_daemons()
    wait_served(lab, story, lab.wait_holder(deadline_s=60))
    story.comes_back(*[name for name in lab.data if name != story.primary])
    story.end(["db1"] if story.primary == "db1" else ["db1", story.primary])


def test_all_hosts_boot_with_postgresql_started_before_vipd(make_lab):
    """The init system starts PostgreSQL first, the primary as a primary: it is left to win, nothing is promoted."""
    lab = make_lab(data=3).up()
    story = Story(lab)
    story.may_lose = False
    story.fault(lambda: lab.power_off(*lab.members))
    for name in lab.data:
        lab.postgres[name].start(wait=False)
    for name in lab.data:
        lab.postgres[name].wait_ready()
    lab.start_daemons()
    wait_served(lab, story, "db1")
    story.comes_back("db2", "db3")
    story.end(["db1"])


def test_two_standbys_boot_without_the_primary_and_the_more_advanced_one_wins(make_lab):
    """db2 has the higher priority and less of the history."""
    lab = make_lab(data=3).up()
    story = Story(lab)
    lab.faults.partition(["db1"], ["db2"])
    behind = lab.postgres["db2"].received_lsn()
    story.writer.wait_rows(100, since_us=procs.now_us())
    assert lab.postgres["db3"].received_lsn() > behind
    story.fault(lambda: lab.power_off(*lab.members))
    lab.faults.heal()
    lab.start_daemons(["db2", "db3"])
    wait_served(lab, story, "db3")
    story.comes_back("db2")
    lab.start_daemons(["db1"])
    story.comes_back("db1", "db2")
    story.end(["db1", "db3"])
