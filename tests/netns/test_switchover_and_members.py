"""Planned changes: the address is handed over, members differ, a member is added; the client loses no row."""

import json

import pytest

from lab import logs, procs
from lab.story import Story

pytestmark = pytest.mark.daemon

SWITCHOVER_S = 60


def switchover(lab, host, *more):
    return lab.daemons[host].vipctl("--json", "switchover", *more, timeout=SWITCHOVER_S)


def member(lab, host, name):
    status = lab.daemons[host].status() or {"members": []}
    return next((one for one in status["members"] if one["name"] == name), {})


def wait_differs(lab, host, name, keys):
    procs.wait_until(
        lambda: member(lab, host, name).get("differs") == keys, 20,
        f"{host} says that {name} differs in {keys}", lab.describe,
    )  # fmt: skip


def faults(lab, host):
    status = lab.daemons[host].status()
    return status["fault_reasons"] if status else None


def restart(lab, name):
    assert lab.daemons[name].stop() == 0
    lab.daemons[name].start()


@pytest.mark.quick
def test_a_switchover_under_load_loses_no_row_and_says_how_long_it_took(make_lab):
    lab = make_lab(data=3).up()
    lab.wait_streaming("db1")
    story = Story(lab)
    story.may_lose = False

    refused = switchover(lab, "db2", "--to", "db3")
    assert refused.returncode == 1 and "db1 holds the lease" in refused.stderr
    refused = switchover(lab, "db1", "--to", "db1")
    assert refused.returncode == 1 and "db1 holds the lease already" in refused.stderr
    would = switchover(lab, "db1", "--dry-run")
    assert would.returncode == 0 and json.loads(would.stdout)["target"] == "db2", would.stderr
    assert lab.daemons["db1"].state() == "MASTER"

    done = []

    def act():
        at_us = procs.now_us()
        done.append(switchover(lab, "db1", "--to", "db3"))
        return at_us

    story.fault(act)
    assert done[0].returncode == 0, done[0].stderr + lab.describe()
    result = json.loads(done[0].stdout)
    assert (result["outcome"], result["holder"]) == ("done", "db3")
    assert story.taken_over() == "db3"
    story.comes_back("db1", "db2")
    outage = story.end(["db1", "db3"])
    print(f"vipctl: {result['message']}")
    assert 0 < result["closed_ms"] <= result["total_ms"]
    assert outage.ms < 5000


def test_term_of_the_holder_is_a_switchover(make_lab):
    lab = make_lab(data=2, witnesses=1).up()
    lab.wait_streaming("db1")
    story = Story(lab)
    story.may_lose = False

    def act():
        at_us = procs.now_us()
        assert lab.daemons["db1"].stop() == 0
        return at_us

    story.fault(act)
    assert story.taken_over() == "db2"
    assert lab.postgres["db1"].role() == "standby"  # left as a standby without upstream
    lab.daemons["db1"].start()
    story.comes_back("db1")
    story.end(["db1", "db2"])


def test_a_host_with_another_lease_or_list_is_named_key_by_key_and_grants_nothing(make_lab):
    lab = make_lab(data=3)
    lab.start_postgres()
    lab.configure()
    lab.configuration.settings["lease"] = "2s"
    lab.configuration.write(lab.daemons["db3"])
    lab.start_daemons()
    lab.wait_holder("db1")
    wait_differs(lab, "db1", "db3", ["lease"])
    wait_differs(lab, "db3", "db1", ["lease"])
    lab.wait_grants(2)
    assert member(lab, "db1", "db3")["granted_to"] is None
    procs.wait_until(
        lambda: "split_config" in lab.daemons["db1"].vipctl("status").stdout, 20, "split_config in status", lab.describe
    )
    procs.wait_until(
        lambda: any("split_config" in line and "lease" in line for line in logs.warnings(lab.daemons["db1"].log)), 30,
        "the alarm split_config in the log", lab.describe,
    )  # fmt: skip

    lab.daemons["db3"].stop()
    del lab.configuration.settings["lease"]
    lab.configuration.members["db4"] = {"witness": True, "address": "10.77.0.99"}
    text = lab.configuration.member_text
    lab.configuration.member_text = lambda number, name: (
        '    member "db4" {\n        witness = true\n        address = "10.77.0.99"\n    }\n'
        if name == "db4" else text(number, name)
    )  # fmt: skip
    lab.configuration.write(lab.daemons["db3"])
    lab.daemons["db3"].start()
    wait_differs(lab, "db1", "db3", ["member of id 4 (only there)"])
    wait_differs(lab, "db3", "db1", ["member db4 (only here)"])
    assert "config_jump" in faults(lab, "db3")
    lab.wait_grants(2)
    assert member(lab, "db1", "db3")["granted_to"] is None


def test_a_fourth_member_is_added_one_daemon_at_a_time_without_a_failover(make_lab):
    lab = make_lab(data=4)
    old = ["db1", "db2", "db3"]
    lab.start_postgres()
    lab.configuration.members.pop("db4")
    lab.configure()
    lab.start_daemons(old)
    lab.wait_holder("db1")
    lab.wait_grants(3)
    story = Story(lab)
    story.may_lose = False

    lab.configuration.members["db4"] = {}
    for daemon in lab.daemons.values():
        lab.configuration.write(daemon)
    lab.daemons["db4"].start()
    began_us = story.fault(procs.now_us)
    restart(lab, "db2")
    procs.wait_until(lambda: "config_jump" in (faults(lab, "db2") or []), 20, "db2 waits for a majority", lab.describe)
    lab.wait_grants(3)  # it renews the old list's lease all the same
    restart(lab, "db3")
    for name in ("db2", "db3"):
        procs.wait_until(lambda name=name: faults(lab, name) == [], 20, f"{name}'s list is in force", lab.describe)
    lab.wait_grants(3)
    story.nothing_happens(1)
    assert not story.writer.failures(began_us)

    handed_us = procs.now_us()
    done = switchover(lab, "db1")  # the holder last: it hands over before it is changed
    assert done.returncode == 0, done.stderr + lab.describe()
    assert json.loads(done.stdout)["holder"] == "db2"
    story.fault_us = handed_us
    assert story.taken_over() == "db2"
    restart(lab, "db1")
    lab.wait_grants(4)
    story.comes_back("db1", "db3", "db4")
    assert [one["name"] for one in lab.daemons["db1"].status()["members"]] == ["db1", "db2", "db3", "db4"]
    story.end(["db1", "db2"])
