"""What is tracked besides PostgreSQL: scripts, interfaces, and weights that change who would be next."""

import os
import subprocess

import pytest

from lab import procs
from lab.story import Story

pytestmark = pytest.mark.daemon

SLEEP = "4711"
CHECK = f"""#!/bin/sh
if [ -e "$1/hang-$VIPD_MEMBER" ]; then trap '' TERM; sleep {SLEEP} & wait; fi
if [ -e "$1/bad-$VIPD_MEMBER" ]; then echo "no room on $VIPD_MEMBER"; exit 7; fi
[ "$(id -un)" = postgres ]
"""
NOTIFY = """#!/bin/sh
folder=$1; shift
echo "$* $VIPD_ROLE $VIPD_NUMBER" >>"$folder/told-$VIPD_MEMBER"
if [ -e "$folder/slow-$VIPD_MEMBER" ]; then trap '' TERM; sleep 1000; fi
"""


def write(lab, name, text):
    path = os.path.join(lab.folder, name)
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
    return path


def told(lab, name):
    """The states that notify was told, by the host's script: number -> state."""
    with open(os.path.join(lab.folder, f"told-{name}"), encoding="ascii") as file:
        lines = [line.split() for line in file]
    assert all(line[:2] == ["INSTANCE", "orders"] and line[3] == str(lab_priority(name)) for line in lines), lines
    assert [int(line[5]) for line in lines] == list(range(1, len(lines) + 1))
    return [line[2] for line in lines]


def lab_priority(name):
    return {"db1": 150, "db2": 140}[name]


def switch(lab, word, name, on):
    """Says what the script finds on that host from now on; when."""
    path = os.path.join(lab.folder, f"{word}-{name}")
    at_us = procs.now_us()
    if on:
        open(path, "w", encoding="ascii").close()
    else:
        os.unlink(path)
    return at_us


def faults(lab, name):
    status = lab.daemons[name].status()
    return status["fault_reasons"] if status else None


def tracked(lab, name, what):
    status = lab.daemons[name].status() or {"tracked": []}
    return next((one for one in status["tracked"] if one["name"] == what), {})


def wait_faults(lab, name, words):
    procs.wait_until(lambda: faults(lab, name) == words, 30, f"{name}'s faults are {words}", lab.describe)


def sleeps():
    return subprocess.run(["pgrep", "-fx", f"sleep {SLEEP}"], stdout=subprocess.PIPE, text=True, check=False).stdout.split()


@pytest.mark.quick
def test_a_failing_script_moves_the_address_once_without_loss_and_the_last_one_stays(make_lab):
    lab = make_lab(data=2, witnesses=1)
    check = write(lab, "check", CHECK)
    lab.configuration.settings["notify"] = f"/bin/sh {write(lab, 'notify', NOTIFY)} {lab.folder}"
    switch(lab, "slow", "db2", True)  # whatever notify does, db2 takes over
    lab.configuration.sections = (
        f'    track_script "disk" {{\n        command = "/bin/sh {check} {lab.folder}"\n        interval = "500ms"\n'
        '        timeout = "500ms"\n        fall = 3\n        rise = 2\n    }\n'
    )
    lab.up()
    lab.wait_streaming("db1")
    story = Story(lab)
    story.may_lose = False
    assert tracked(lab, "db1", "disk")["state"] == "up"

    story.fault(lambda: switch(lab, "bad", "db1", True))
    assert story.taken_over() == "db2"
    one = tracked(lab, "db1", "disk")
    assert (one["state"], one["exit_status"]) == ("down", 7) and "no room on db1" in one["last"]
    assert "track_script disk: down: " in lab.daemons["db1"].vipctl("status").stdout
    story.comes_back("db1")
    wait_faults(lab, "db1", ["script"])

    # nothing moves back, and nothing moves to nobody
    switch(lab, "bad", "db1", False)
    wait_faults(lab, "db1", [])
    switch(lab, "hang", "db1", True)
    wait_faults(lab, "db1", ["script"])
    assert "not done within 500 ms" in tracked(lab, "db1", "disk")["last"]
    story.fault_us = switch(lab, "bad", "db2", True)
    wait_faults(lab, "db2", ["script"])
    story.nothing_happens(2)
    assert "holds, but: script" in lab.daemons["db2"].vipctl("status").stdout

    # neither the script nor its child outlives the timeout by more than the time that TERM has
    switch(lab, "bad", "db2", False)
    wait_faults(lab, "db2", [])
    switch(lab, "hang", "db1", False)
    procs.wait_until(lambda: not sleeps(), 20, "the hanging script's child is gone", lab.describe)
    wait_faults(lab, "db1", [])
    story.end(["db1", "db2"])

    assert lab.daemons["db1"].stop() == 0
    said = told(lab, "db1")
    assert said[-1] == "STOP" and said[said.index("MASTER") + 1] == "BACKUP", said
    assert lab.daemons["db2"].stop() == 0
    assert told(lab, "db2")[0] in ("BACKUP", "FAULT")
    with open(lab.daemons["db2"].log, encoding="utf-8", errors="replace") as file:
        assert "notify is not done: not waited for any longer" in file.read()


def link(lab, name, interface, state):
    at_us = procs.now_us()
    lab.net.hosts[name].run(["ip", "link", "set", interface, state])
    return at_us


def test_a_tracked_interface_is_a_reason_and_a_weight_changes_who_is_next(make_lab):
    lab = make_lab(data=3)
    for name in lab.data:
        for interface in ("eth1", "eth2"):
            lab.net.hosts[name].run(["ip", "link", "add", interface, "type", "veth", "peer", "name", f"far-{interface}"])
            link(lab, name, f"far-{interface}", "up")
            link(lab, name, interface, "up")
    lab.configuration.settings["track_interface"] = ["eth1", "eth2 weight -100"]
    lab.up()
    lab.wait_streaming("db1")
    story = Story(lab)
    assert tracked(lab, "db2", "eth2") == {
        "kind": "interface", "name": "eth2", "state": "up", "weight": -100, "last": None, "exit_status": None,
        "last_ms": None, "runs": 0,
    }  # fmt: skip

    def priority(name):
        status = lab.daemons["db1"].status() or {"members": []}
        return next((one["effective_priority"] for one in status["members"] if one["name"] == name), None)

    assert (priority("db2"), priority("db3")) == (140, 130)
    story.fault_us = link(lab, "db2", "far-eth2", "down")
    procs.wait_until(lambda: priority("db2") == 40, 20, "db2's priority is lowered", lab.describe)
    assert faults(lab, "db2") == []
    assert "40 (140)" in lab.daemons["db1"].vipctl("status").stdout
    story.nothing_happens(1)

    story.fault_when_all_are_equal(lambda: link(lab, "db1", "far-eth1", "down"))
    assert story.taken_over() == "db3"
    story.comes_back("db1", "db2")
    wait_faults(lab, "db1", ["link"])
    link(lab, "db1", "far-eth1", "up")
    wait_faults(lab, "db1", [])
    story.end(["db1", "db3"])
