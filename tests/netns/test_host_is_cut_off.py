"""Cables and switches: whoever is cut off from the majority lets go, and nothing else changes hands."""

import pytest

from lab import procs
from lab.story import Story

pytestmark = pytest.mark.daemon

LEASE_S = 1.0  # 4 x the lab's advert_int of 250 ms

THREE = pytest.param({"data": 3}, id="three_data")
TWO_AND_WITNESS = pytest.param({"data": 2, "witnesses": 1}, id="two_and_witness")


@pytest.mark.parametrize("layout", [THREE, TWO_AND_WITNESS])
def test_primarys_host_is_cut_off_with_carrier_and_comes_back_as_a_standby(make_lab, layout):
    lab = make_lab(**layout).up()
    story = Story(lab)
    story.fault(lambda: lab.faults.cut("db1"))
    new = story.taken_over()
    lab.faults.mend("db1")
    story.comes_back(*[name for name in lab.data if name != new])
    story.end(["db1", new])


@pytest.mark.quick
def test_primarys_cable_is_pulled_and_it_comes_back_as_a_standby(make_lab):
    lab = make_lab(data=3).up()
    story = Story(lab)
    story.fault(lambda: lab.faults.cut("db1", carrier=False))
    new = story.taken_over()
    lab.faults.mend("db1")
    story.comes_back(*[name for name in lab.data if name != new])
    story.end(["db1", new])


@pytest.mark.parametrize("layout", [THREE, TWO_AND_WITNESS])
def test_standbys_host_is_cut_off_and_nothing_happens(make_lab, layout):
    lab = make_lab(**layout).up()
    story = Story(lab)
    story.fault(lambda: lab.faults.cut("db2"))
    story.nothing_happens(5 * LEASE_S)
    story.fault(lambda: lab.faults.mend("db2"))
    story.nothing_happens(3 * LEASE_S)
    story.comes_back("db2")
    story.same_postmasters()
    story.end(["db1"])


@pytest.mark.quick
def test_witness_is_gone_and_nothing_happens(make_lab):
    lab = make_lab(data=2, witnesses=1).up()
    story = Story(lab)
    story.fault(lambda: lab.faults.cut("w1"))
    story.nothing_happens(4 * LEASE_S)
    story.fault(lab.daemons["w1"].kill)
    lab.faults.mend("w1")
    story.nothing_happens(3 * LEASE_S)
    story.fault(lambda: procs.now_us() if lab.daemons["w1"].start() else 0)
    story.nothing_happens(3 * LEASE_S)
    story.same_postmasters()
    story.end(["db1"])


@pytest.mark.parametrize("layout", [THREE, TWO_AND_WITNESS])
def test_two_hosts_are_gone_and_the_third_lets_go_within_the_lease(make_lab, layout):
    lab = make_lab(**layout).up()
    story = Story(lab)
    others = [name for name in lab.members if name != "db1"]

    def both():
        first_us = lab.faults.cut(others[0])
        lab.faults.cut(others[1])
        return max(first_us, procs.now_us())

    story.fault(both)
    story.let_go(LEASE_S)
    assert not lab.masters()
    procs.wait_until(lambda: not lab.net.has_address("db1"), 5, "db1 has unbound the address", lab.describe)
    for name in others:
        lab.faults.mend(name)
    new = lab.wait_holder()
    story.primary = new
    story.writer.wait_rows(10, since_us=procs.now_us(), host=new, deadline_s=40)
    story.comes_back(*[name for name in lab.data if name != new], deadline_s=90)
    story.end(["db1"] if new == "db1" else ["db1", new])


def test_primary_hears_nobody_but_is_heard(make_lab):
    """One way: db1 still sends, its reports arrive, but it receives neither grants nor the client."""
    lab = make_lab(data=3).up()
    story = Story(lab)

    def deaf():
        at_us = procs.now_us()
        for name in ("db2", "db3", "client"):
            lab.faults.drop(name, "db1")
        return at_us

    story.fault(deaf)
    new = story.taken_over()
    lab.faults.heal()
    story.comes_back(*[name for name in lab.data if name != new])
    story.end(["db1", new])


def test_primary_is_heard_by_nobody_but_hears(make_lab):
    lab = make_lab(data=3).up()
    story = Story(lab)

    def mute():
        at_us = procs.now_us()
        for name in ("db2", "db3", "client"):
            lab.faults.drop("db1", name)
        return at_us

    story.fault(mute)
    new = story.taken_over()
    lab.faults.heal()
    story.comes_back(*[name for name in lab.data if name != new])
    story.end(["db1", new])


def test_primary_is_parted_from_the_other_members_and_only_the_client_still_reaches_it(make_lab):
    """The classical split: the client sees both sides, so both would answer it if both could."""
    lab = make_lab(data=3).up()
    story = Story(lab)
    story.fault(lambda: lab.faults.partition(["db1"], ["db2", "db3"]))
    new = story.taken_over()
    last = max(row.acked_us for row in story.writer.rows_since(0, "db1"))
    assert last <= story.fault_us + LEASE_S * 1e6, "db1 acknowledged a row after the end of its lease"
    lab.faults.heal()
    story.comes_back(*[name for name in lab.data if name != new])
    story.end(["db1", new])


def test_one_standby_is_parted_from_the_primary_only(make_lab):
    """db1 and db2 do not see each other, db3 and the client see both: a majority is on db1's side, so it stays."""
    lab = make_lab(data=3).up()
    story = Story(lab)
    story.fault(lambda: lab.faults.partition(["db1"], ["db2"]))
    story.nothing_happens(6 * LEASE_S)
    story.fault(lambda: (lab.faults.heal(), procs.now_us())[1])
    story.nothing_happens(3 * LEASE_S)
    story.comes_back("db2")
    story.same_postmasters()
    story.end(["db1"])
