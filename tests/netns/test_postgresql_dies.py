"""The primary's PostgreSQL is gone, its host is not."""

import os
import signal

import pytest

from lab import procs
from lab.story import Story

pytestmark = pytest.mark.daemon

THREE = pytest.param({"data": 3}, id="three_data")
TWO_AND_WITNESS = pytest.param({"data": 2, "witnesses": 1}, id="two_and_witness", marks=pytest.mark.quick)


@pytest.mark.parametrize("layout", [THREE, TWO_AND_WITNESS])
def test_postmaster_is_killed_and_a_standby_takes_over(make_lab, layout):
    lab = make_lab(**layout).up()
    story = Story(lab)
    story.fault(lab.postgres["db1"].kill_postmaster)
    new = story.taken_over()
    story.comes_back(*[name for name in lab.data if name != new])
    story.end(["db1", new])


def test_the_beginning_of_a_record_is_no_reason_to_rewind(make_lab):
    """The WAL writer flushes whole pages: what both standbys have of a record is not a tail that the winner lacks."""
    lab = make_lab(data=3)
    notify = os.path.join(lab.folder, "notify")
    with open(notify, "w", encoding="ascii") as file:
        file.write('echo "$4" >>"$1/told-$VIPD_MEMBER"\n')
    lab.configuration.settings["notify"] = f"/bin/sh {notify} {lab.folder}"
    lab.up()
    story = Story(lab)
    standbys = ["db2", "db3"]
    emitted_us = [0]

    def torn():
        if procs.now_us() > emitted_us[0] + 2_000_000:  # anew if somebody has flushed the rest of it
            emitted_us[0] = procs.now_us()
            lab.postgres["db1"].rows("SELECT pg_logical_emit_message(false, 'torn', repeat('x', 50000))")
        query = "SELECT pg_last_wal_receive_lsn() > pg_last_wal_replay_lsn()"
        return all(lab.postgres[name].value(query) for name in standbys)

    def dies():
        procs.wait_until(torn, 30, "both standbys have the beginning of a record", lab.describe)
        return lab.postgres["db1"].kill_postmaster()

    story.fault_when_all_are_equal(dies)
    new = story.taken_over()
    story.comes_back("db1", *[name for name in standbys if name != new])
    story.end(["db1", new])
    for name in standbys:
        assert "has diverged" not in lab.daemons[name].log_tail(100_000), lab.describe()
    for name in standbys:  # who reads a new timeline's history is not eligible for some ms: nobody is woken for that
        assert lab.daemons[name].stop() == 0
        with open(os.path.join(lab.folder, f"told-{name}"), encoding="ascii") as file:
            told = file.read().split()
        assert told[-2:] == ["BACKUP", "STOP"] and "FAULT" not in told[1:] if name != new else "MASTER" in told, told


def test_the_new_primary_dies_too_and_the_old_one_takes_over_again(make_lab):
    lab = make_lab(data=2, witnesses=1).up()
    story = Story(lab)
    story.fault(lab.postgres["db1"].kill_postmaster)
    assert story.taken_over() == "db2"
    story.comes_back("db1")
    lab.wait_caught_up("db2")
    story.fault(lab.postgres["db2"].kill_postmaster)
    assert story.taken_over() == "db1"
    story.comes_back("db2")
    story.end(["db1", "db2", "db1"])


def test_best_standby_refuses_to_promote_and_the_next_one_takes_over(make_lab):
    lab = make_lab(data=3).up()
    story = Story(lab)
    lab.faults.refuse_promotion("db2")  # the better of the two: it has the higher priority
    story.fault_when_all_are_equal(lab.postgres["db1"].kill_postmaster)
    assert story.taken_over(deadline_s=60) == "db3"
    lab.faults.allow_promotion("db2")
    story.comes_back("db1", "db2")
    story.end(["db1", "db3"])


def test_promotion_hangs_and_after_promote_timeout_another_member_takes_over(make_lab):
    """Another standby, or the old primary, which is back as a standby by then and has at least as much."""
    lab = make_lab(data=3).up()
    story = Story(lab)
    hung = {name: lab.faults.hang_promotion(name) for name in ("db2", "db3")}
    story.fault_when_all_are_equal(lab.postgres["db1"].kill_postmaster)
    first = procs.wait_until(
        lambda: next((name for name in hung if lab.daemons[name].state() == "PROMOTING"), None),
        20, "one of them holds the lease and promotes", lab.describe,
    )  # fmt: skip
    os.kill(hung["db3" if first == "db2" else "db2"], signal.SIGCONT)
    story.primary = new = lab.wait_holder(other_than=first, deadline_s=60)
    story.writer.wait_rows(20, since_us=procs.now_us(), host=new)
    story.comes_back(*[name for name in lab.data if name != new])
    story.end(["db1"] if new == "db1" else ["db1", new])


def test_client_over_ipv6_is_served_again(make_lab):
    lab = make_lab(data=2, witnesses=1).up()
    story = Story(lab, address="fd77::100")
    story.fault(lab.postgres["db1"].kill_postmaster)
    assert story.taken_over() == "db2"
    story.comes_back("db1")
    story.end(["db1", "db2"])
