"""durability = quorum: whoever takes over has every acknowledged row, and nobody else answers.

Each story ends with the question whether a row that a client was told of is missing; here no excuse is taken.
"""

import json
import os

import pytest

from lab import logs, postgres, procs
from lab.daemons import Word
from lab.story import Story

pytestmark = pytest.mark.daemon

THREE = pytest.param({"data": 3}, id="three_data")
TWO_AND_WITNESS = pytest.param({"data": 2, "witnesses": 1}, id="two_and_witness")
SYNC_DEADLINE_S = 60
TAKEN_DEADLINE_S = 90  # commits wait for a standby that may have to be rewound first
ROUNDS = int(os.environ.get("VIPD_LAB_ROUNDS", "10"))

NAMED = "SELECT current_setting('synchronous_standby_names')"
COUNTED = """SELECT string_agg(r.application_name, ',' ORDER BY r.application_name) FROM pg_stat_replication AS r
    JOIN pg_replication_slots AS s ON s.active_pid = r.pid AND s.slot_name = 'vipd_' || r.application_name
    WHERE r.sync_state = 'quorum' AND r.state = 'streaming'"""


def others(lab, primary):
    return [name for name in lab.data if name != primary]


def wait_in_sync(lab, primary, names=None, deadline_s=SYNC_DEADLINE_S):
    """Until exactly these standbys (default: all) are named, and counted through their own slots."""
    names = sorted(names if names is not None else others(lab, primary))
    listed = "ANY 1 (" + ", ".join(f'"{name}"' for name in names) + ")"
    server = lab.postgres[primary]
    procs.wait_until(
        lambda: server.answers() and server.value(NAMED) == listed and server.value(COUNTED) == ",".join(names),
        deadline_s, f"{primary} waits for one of {names}", lab.describe,
    )  # fmt: skip


class QuorumStory(Story):
    def __init__(self, lab, **options):
        wait_in_sync(lab, lab.data[0])
        super().__init__(lab, **options)
        self.may_lose = False  # not one row

    def another_holds(self, deadline_s=60):
        """Where commits wait for a standby that is not there yet: the lease and the address, without rows."""
        self.primary = self.lab.wait_holder(other_than=self.primary, deadline_s=deadline_s)
        return self.primary

    def whole_again(self, deadline_s=90):
        self.comes_back(*others(self.lab, self.primary), deadline_s=deadline_s)
        wait_in_sync(self.lab, self.primary)
        self.writer.wait_rows(20, since_us=procs.now_us(), host=self.primary)


def quorum_lab(make_lab, **layout):
    lab = make_lab(**layout)
    lab.configuration.settings["durability"] = Word("quorum")
    return lab.up()


@pytest.mark.parametrize("layout", [THREE, TWO_AND_WITNESS])
def test_a_running_cluster_without_slots_is_adopted_and_its_postmaster_is_killed(make_lab, layout):
    """The standbys stream without slots at first: their commits count only once they use their own."""
    lab = quorum_lab(make_lab, **layout)
    story = QuorumStory(lab)
    assert story.lab.daemons["db1"].status()["durability"] == "quorum"
    story.fault(lab.postgres["db1"].kill_postmaster)
    new = story.taken_over(deadline_s=TAKEN_DEADLINE_S)
    story.whole_again()
    story.end(["db1", new])


@pytest.mark.parametrize("layout", [THREE, TWO_AND_WITNESS])
def test_primarys_host_is_cut_off_and_no_row_is_lost(make_lab, layout):
    lab = quorum_lab(make_lab, **layout)
    story = QuorumStory(lab)
    story.fault(lambda: lab.faults.cut("db1"))
    new = story.taken_over(deadline_s=TAKEN_DEADLINE_S) if len(lab.data) > 2 else story.another_holds()
    lab.faults.mend("db1")
    story.whole_again()
    story.end(["db1", new])


def test_primary_hears_nobody_but_is_heard_and_no_row_is_lost(make_lab):
    """nftables, one way: what db1 sends arrives, its standbys' answers do not."""
    lab = quorum_lab(make_lab, data=3)
    story = QuorumStory(lab)

    def deaf():
        at_us = procs.now_us()
        for name in ("db2", "db3", "client"):
            lab.faults.drop(name, "db1")
        return at_us

    story.fault(deaf)
    new = story.taken_over(deadline_s=TAKEN_DEADLINE_S)
    lab.faults.heal()
    story.whole_again()
    story.end(["db1", new])


@pytest.mark.parametrize("layout", [THREE, TWO_AND_WITNESS])
def test_primary_is_heard_by_nobody_but_hears_and_no_row_is_lost(make_lab, layout):
    """nftables, the other way: nobody's grant is renewed, and what db1's clients send still arrives."""
    lab = quorum_lab(make_lab, **layout)
    story = QuorumStory(lab)

    def mute():
        at_us = procs.now_us()
        for name in [*lab.members, "client"]:
            if name != "db1":
                lab.faults.drop("db1", name)
        return at_us

    story.fault(mute)
    new = story.taken_over(deadline_s=TAKEN_DEADLINE_S) if len(lab.data) > 2 else story.another_holds()
    lab.faults.heal()
    story.whole_again()
    story.end(["db1", new])


def test_without_its_standby_nothing_is_acknowledged_and_with_it_all_goes_on(make_lab):
    """k is never relaxed: commits wait, they are not made alone."""
    lab = quorum_lab(make_lab, data=2, witnesses=1)
    story = QuorumStory(lab)
    lab.faults.stop_process(lab.postgres["db2"].process_named("walreceiver"))
    silent_us = procs.now_us()
    story.writer.wait_rows(1, since_us=0)
    procs.wait_until(lambda: len(story.writer.failures(silent_us)) > 8, 20, "attempts fail", lab.describe)
    late = [row for row in story.writer.rows_since(silent_us) if row.started_us > silent_us]
    assert not late, late[:3]
    lab.faults.continue_all()
    story.whole_again()
    story.same_postmasters()
    story.end(["db1"])


def test_a_second_connection_with_a_members_name_is_ended_and_reported(make_lab):
    """PostgreSQL counts it beside the member's own: two acknowledgements of one disk."""
    lab = quorum_lab(make_lab, data=3)
    story = QuorumStory(lab)
    folder = postgres.make_owned(os.path.join(lab.folder, "intruder"))
    conninfo = f"host={lab.net.hosts['db1'].address} {lab.postgres['db2'].upstream_settings()} application_name=DB2"
    story.fault(procs.now_us)
    intruder = lab.procs.spawn(
        lab.net.hosts["db2"].net_args(
            postgres.as_owner([f"{postgres.BIN}/pg_receivewal", "--no-loop", "--synchronous", "-D", folder, "-d",
                               conninfo])
        ),
        os.path.join(lab.folder, "intruder.log"),
    )  # fmt: skip
    procs.wait_until(lambda: intruder.poll() is not None, 20, "it was ended", lab.describe)
    assert any("bears a member's name" in line for line in logs.warnings(lab.daemons["db1"].log))
    story.nothing_happens(2)
    wait_in_sync(lab, "db1")
    story.same_postmasters()
    story.end(["db1"])


@pytest.mark.parametrize("layout", [THREE, TWO_AND_WITNESS])
def test_a_switchover_and_a_stop_hand_over_every_row(make_lab, layout):
    """To and fro: asked for, and because the holder's daemon is stopped; each time the other one has all of it."""
    lab = quorum_lab(make_lab, **layout)
    story = QuorumStory(lab)
    done = []

    def asked():
        at_us = procs.now_us()
        done.append(lab.daemons["db1"].vipctl("--json", "switchover", "--to", "db2", timeout=60))
        return at_us

    story.fault(asked)
    assert done[0].returncode == 0, done[0].stderr + lab.describe()
    result = json.loads(done[0].stdout)
    assert (result["outcome"], result["holder"]) == ("done", "db2")
    assert story.taken_over() == "db2"
    print(f"vipctl: {result['message']}")
    story.whole_again()

    def stopped():
        at_us = procs.now_us()
        assert lab.daemons["db2"].stop() == 0
        return at_us

    story.fault(stopped)
    new = story.another_holds() if len(lab.data) == 2 else story.taken_over()
    assert lab.postgres["db2"].role() == "standby"
    lab.daemons["db2"].start()
    story.whole_again()
    story.end(["db1", "db2", new])


def test_failover_after_failover_loses_no_row(make_lab):
    """The holder's postmaster is killed as soon as the cluster is whole again; VIPD_LAB_ROUNDS says how often."""
    lab = quorum_lab(make_lab, data=3)
    story = QuorumStory(lab)
    order = ["db1"]
    for _ in range(ROUNDS):
        story.fault(lab.postgres[story.primary].kill_postmaster)
        order.append(story.taken_over(deadline_s=TAKEN_DEADLINE_S))
        acknowledged = story.writer.rows()  # before the server is asked: it goes on
        present = {n for (n,) in lab.postgres[story.primary].rows("SELECT n FROM lab_rows")}
        lost = [row for row in acknowledged if row.number not in present]
        assert not lost, f"round {len(order) - 1}: rows lost: {lost[:5]}"
        story.whole_again()
    story.end(order)
