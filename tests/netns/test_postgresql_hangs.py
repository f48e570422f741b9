"""The primary's PostgreSQL does not die: it hangs, or its disk does (protocol.md section 9)."""

import os
import signal

import psycopg2
import pytest

from lab import procs
from lab.disks import Disk
from lab.story import Story

pytestmark = pytest.mark.daemon

# Shorter than the defaults, and long enough for a machine that is busy with other things.
CHECKS = {
    "connect_probe_interval": "500ms",
    "connect_probe_timeout": "3s",
    "write_probe_interval": "500ms",
    "write_probe_timeout": "3s",
    "disk_probe_interval": "500ms",
    "disk_probe_timeout": "3s",
}
FOUND_S = 3 + 0.5
TAKEN_OVER_S = 40


def lab_with(make_lab, disk=None, **changes):
    """Two data members and a witness; db1's PostgreSQL on a disk of its own, if asked for."""
    lab = make_lab(data=2, witnesses=1)
    lab.configuration.postgresql.update(CHECKS, **changes)
    disk = Disk(lab, "db1", disk) if disk else None
    return lab.up(), disk


def check_of(lab, name, check):
    status = lab.daemons[name].status()
    return next(one for one in status["checks"] if one["name"] == check) if status else None


def backends(lab, name):
    """Every process of PostgreSQL there but the postmaster."""
    postmaster = lab.postgres[name].postmaster_pid()
    return [pid for pid in lab.net.hosts[name].pids() if procs.parent_pid(pid) == postmaster]


def said(lab, name, words):
    with open(lab.daemons[name].log, encoding="utf-8", errors="replace") as file:
        return words in file.read()


@pytest.mark.quick
def test_postmaster_is_stopped_and_its_old_sessions_go_on_answering(make_lab):
    lab, _ = lab_with(make_lab)
    story = Story(lab)
    story.fault(lambda: lab.faults.stop_process(lab.postgres["db1"].postmaster_pid()))
    assert story.taken_over(TAKEN_OVER_S) == "db2"
    assert said(lab, "db1", "PostgreSQL accepts no new connections")
    story.comes_back("db1")
    story.end(["db1", "db2"])


def test_all_backends_are_stopped_and_the_postmaster_is_not(make_lab):
    lab, _ = lab_with(make_lab)
    story = Story(lab)

    def stop_all():
        at_us = procs.now_us()
        for pid in backends(lab, "db1"):
            lab.faults.stop_process(pid)
        return at_us

    story.fault(stop_all)
    assert story.taken_over(TAKEN_OVER_S) == "db2"
    story.comes_back("db1")
    story.end(["db1", "db2"])


def test_disk_is_full(make_lab):
    lab, disk = lab_with(make_lab, disk="tmpfs")
    story = Story(lab)
    story.fault(disk.fill)
    assert story.taken_over(TAKEN_OVER_S) == "db2"
    procs.wait_until(lambda: "disk" in (lab.daemons["db1"].status() or {}).get("fault_reasons", []), 20,
                     "db1 says that its disk refuses", lab.describe)  # fmt: skip
    assert "No space left on device" in check_of(lab, "db1", "disk_write")["note"]
    disk.make_room()
    story.comes_back("db1")
    story.end(["db1", "db2"])


def test_file_system_finds_an_error_and_becomes_read_only(make_lab):
    lab, disk = lab_with(make_lab, disk="ext4")
    story = Story(lab)
    story.fault(disk.fail)
    assert story.taken_over(TAKEN_OVER_S) == "db2"
    procs.wait_until(lambda: "disk" in (lab.daemons["db1"].status() or {}).get("fault_reasons", []), 20,
                     "db1 says that its disk refuses", lab.describe)  # fmt: skip
    assert "Read-only file system" in check_of(lab, "db1", "disk_write")["note"]
    story.end(["db1", "db2"], equal=False)


def test_disk_freezes_and_thaws(make_lab):
    """Nothing of PostgreSQL can be killed meanwhile, nor the helper that wrote; there is one of it, not one a try."""
    lab, disk = lab_with(make_lab, disk="ext4")
    story = Story(lab)
    story.fault(disk.freeze)
    assert story.taken_over(TAKEN_OVER_S) == "db2"
    procs.wait_until(lambda: "disk_stuck" in (lab.daemons["db1"].status() or {}).get("fault_reasons", []), 20,
                     "db1 says that its disk hangs", lab.describe)  # fmt: skip
    writers = [pid for pid in lab.net.hosts["db1"].pids() if procs.command_line(pid)[:2] == ["vipd-pgdata", "write"]]
    assert len(writers) == 1 and procs.process_state(writers[0])[0] == "D"
    disk.thaw()
    story.comes_back("db1")
    story.end(["db1", "db2"])


def test_connections_are_exhausted_and_it_stays_up(make_lab):
    lab, _ = lab_with(make_lab)
    story = Story(lab)
    taken = []

    def take_all():
        try:
            while True:
                taken.append(lab.postgres["db1"].connect())
        except psycopg2.OperationalError as error:
            assert "too many clients" in str(error)
        return procs.now_us()

    try:
        story.fault(take_all)
        story.nothing_happens(2 * FOUND_S)
        assert "too many" in check_of(lab, "db1", "new_connection")["note"]
        assert lab.daemons["db1"].status()["fault_reasons"] == []
    finally:
        for connection in taken:
            connection.close()
    story.end(["db1"])


def test_nobody_else_can_take_over_and_it_stays_and_says_why(make_lab):
    lab, _ = lab_with(make_lab)
    lab.postgres["db2"].stop("immediate")
    lab.daemons["db2"].kill()
    story = Story(lab)
    pid = lab.postgres["db1"].postmaster_pid()
    story.fault(lambda: lab.faults.stop_process(pid))
    procs.wait_until(lambda: lab.daemons["db1"].status()["fault_reasons"] == ["not_accepting"], 20,
                     "db1 says what is wrong", lab.describe)  # fmt: skip
    note = next(one for one in lab.daemons["db1"].status()["members"] if one["name"] == "db1")["note"]
    assert note == "holds, but: not_accepting; stays: nobody else can take over"
    assert said(lab, "db1", "not fit to serve (not_accepting), but stays: nobody else can take over")
    os.kill(pid, signal.SIGCONT)
    procs.wait_until(lambda: lab.daemons["db1"].status()["fault_reasons"] == [], 20, "all is well", lab.describe)
    story.nothing_happens(1)
    story.end(["db1"], equal=False)
