"""The daemons' standard error is a pipe, and nobody reads it: whoever logs never waits for it."""

import fcntl
import json
import os
import re
import signal

import pytest

from lab import procs
from lab.story import Story

pytestmark = pytest.mark.daemon

SECONDS = 60 if "VIPD_LAB_ROUNDS" in os.environ else 3
PIPE_BYTES = 4096
FILL_DEADLINE_S = 20
TOLD = re.compile(r"(\d+) lines of this log were lost")


def start_with_a_pipe(daemon):
    """Starts it; what it logs waits in the pipe whose reading end is returned."""
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    log, daemon.log = daemon.log, f"/proc/self/fd/{writer}"
    try:
        daemon.start()
    finally:
        daemon.log = log
        os.close(writer)
    return reader


def lost(daemon):
    return json.loads(daemon.vipctl("--json", "status").stdout)["log_lost"]


def fill(daemon):
    """Makes it log until lines are lost: the pipe and what the daemon keeps are full."""

    def once():
        daemon.send(signal.SIGUSR1)  # the whole status
        return lost(daemon) > 0

    procs.wait_until(once, FILL_DEADLINE_S, f"{daemon.host.name} loses lines of its log", daemon.lab.describe)


def told(daemon):
    with open(daemon.log, encoding="utf-8", errors="replace") as file:
        return sum(int(number) for number in TOLD.findall(file.read()))


def test_log_that_nobody_reads_holds_nobody_up_and_says_what_it_lost(make_lab):
    lab = make_lab(data=2, witnesses=1)
    lab.start_postgres()
    lab.configure()
    readers = {name: start_with_a_pipe(lab.daemons[name]) for name in ("db1", "w1")}
    lab.start_daemons(["db2"])
    lab.wait_holder("db1")
    story = Story(lab)
    for name in readers:
        fill(lab.daemons[name])
    story.fault(procs.now_us)
    story.nothing_happens(SECONDS)
    assert lab.daemons["db1"].status()["stalls"] == 0
    assert lab.daemons["w1"].stop() == 0  # leaves with its log unread
    lab.procs.spawn(["cat", f"/proc/{os.getpid()}/fd/{readers['db1']}"], lab.daemons["db1"].log)  # somebody reads again
    procs.wait_until(
        lambda: told(lab.daemons["db1"]) == lost(lab.daemons["db1"]), FILL_DEADLINE_S, "the log says what it lost", lab.describe
    )
    print(f"{lost(lab.daemons['db1'])} lines of db1 lost and told")
    story.end(["db1"])
    for reader in readers.values():
        os.close(reader)
