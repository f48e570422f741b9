"""Histories that PostgreSQL and pg_rewind cannot tell apart: the daemon compares them, and never attaches (I6)."""

import pytest

from lab import procs
from lab.story import Story

pytestmark = pytest.mark.daemon


def orders(lab, name, op):
    """How often the daemon of that host ordered it of its PostgreSQL."""
    with open(lab.daemons[name].log, encoding="utf-8", errors="replace") as file:
        return sum(f" pg {op}, ticket" in line for line in file)


def streamed(lab, name):
    """How often that host's PostgreSQL began to stream."""
    with open(lab.postgres[name].log, encoding="utf-8", errors="replace") as file:
        return sum("started streaming WAL" in line for line in file)


def test_two_promotions_at_one_lsn_are_never_attached_and_the_loser_is_cloned(make_lab):
    """Both standbys have the same last byte; one is promoted by vipd, the other by hand: the same timeline number, the
    same switch point, each with a row of its own. pg_rewind says "no rewind required", and a standby would stream."""
    lab = make_lab(data=3).up()
    story = Story(lab)
    loser = lab.postgres["db3"]
    began = []

    def act():
        lab.daemons["db3"].kill()
        at_us = lab.postgres["db1"].kill_postmaster()
        procs.wait_until(lambda: loser.process_named("walreceiver") is None, 20, "its receiver is gone", lab.describe)
        assert loser.value("SELECT pg_promote(true, 20)")
        loser.rows("CREATE TABLE wrong AS SELECT 1 AS n")
        began.append(streamed(lab, "db3"))
        return at_us

    story.fault_when_all_are_equal(act)
    assert story.taken_over() == "db2"
    assert lab.postgres["db2"].timeline_switch() == loser.timeline_switch(), "the two branched off at one place"
    lab.daemons["db3"].start()
    story.comes_back("db1", "db3")
    assert orders(lab, "db3", "clone") == 1 and orders(lab, "db3", "rewind") == 0
    assert streamed(lab, "db3") == began[0] + 1, "it streamed once only, after it was cloned"
    assert loser.value("SELECT to_regclass('wrong')") is None
    story.end(["db1", "db2"])
