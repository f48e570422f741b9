"""The lab is trusted only as far as it has been seen to notice: here every instrument is shown what it must find."""

import glob
import os
import signal
import subprocess
import sys
import time

import pytest

from lab import TwoAnswerers, core, net, now_us, procs, wait_until
from lab.writer import not_sent

HERE = os.path.dirname(os.path.abspath(__file__))


@pytest.mark.quick
def test_three_hosts_stream_and_a_move_by_hand_is_seen_by_watcher_and_writer(make_lab):
    lab = make_lab()
    lab.start_postgres()
    lab.net.address_add("db1")
    watcher = lab.start_watcher()
    writer = lab.start_writer()
    writer.wait_rows(100, host="db1")

    fault_us = lab.postgres["db1"].kill_postmaster()
    lab.net.address_del("db1")
    received = lab.best_received(["db2"])
    lab.postgres["db2"].rows("SELECT pg_promote(false)")
    wait_until(lambda: lab.postgres["db2"].role() == "primary", 20, "db2 is promoted")
    lab.net.address_add("db2")
    assert writer.wait_failover(fault_us, old="db1") == "db2"
    watcher.wait_answer("db2", fault_us)
    writer.stop()

    outage = writer.outage(fault_us)
    assert outage.before == "db1" and outage.after == "db2" and outage.ms > 0
    assert outage.first_commit_ms <= outage.ms + 1000
    watcher.assert_order(["db1", "db2"])
    kinds = {answer.kind for answer in watcher.answers()}
    assert kinds == {"arp", "na", "echo4", "echo6"}, kinds
    assert any(one.kind == "garp" and one.host == "db2" for one in watcher.read()[1])
    excused, guilty = not_sent(writer.lost(lab.postgres["db2"]), received)
    assert not guilty, guilty
    timeline, switch = lab.postgres["db2"].timeline_switch()
    assert timeline == 2 and switch >= received
    print(f"outage {outage.ms:.0f} ms, {len(excused)} rows lost")


@pytest.mark.quick
def test_two_hosts_that_answer_at_once_are_found(make_lab):
    lab = make_lab(data=2)
    watcher = lab.start_watcher()
    lab.net.address_add("db1")
    watcher.wait_answer("db1")
    lab.net.address_add("db2")
    watcher.wait_answer("db2")
    lab.net.address_del("db1")
    wait_until(lambda: watcher.runs()[-1].answers > 20, 10, "db2 answers alone")
    with pytest.raises(TwoAnswerers):
        watcher.assert_order(["db1", "db2"])


def test_a_host_that_answers_only_old_neighbours_is_found(make_lab):
    """ARP is silent on db1, but frames sent to its MAC are still answered: a client with an old entry would be served."""
    lab = make_lab(data=2)
    watcher = lab.start_watcher()
    lab.net.address_add("db1")
    watcher.wait_answer("db1")
    lab.net.hosts["db1"].run(["nft", "-f", "-"], text="""table arp deaf {
        chain input { type filter hook input priority 0; arp operation request drop; }
    }""")
    lab.net.address_add("db2")
    watcher.wait_answer("db2")
    with pytest.raises(TwoAnswerers):
        watcher.assert_order(["db1", "db2"])
    late = watcher.answers(since_us=watcher.answers(host="db2")[0].us, host="db1")
    assert late and "arp" not in {answer.kind for answer in late}


def test_a_row_that_was_received_and_is_missing_is_counted(make_lab):
    lab = make_lab(data=2)
    lab.start_postgres()
    lab.net.address_add("db1")
    writer = lab.start_writer()
    rows = writer.wait_rows(50)
    writer.stop()
    missing = rows[10]
    lab.postgres["db1"].rows("DELETE FROM lab_rows WHERE n = %s", missing.number)
    assert writer.lost(lab.postgres["db1"]) == [missing]
    later = rows[12]
    assert not_sent([missing, later], later.lsn)[1] == [missing]
    assert not_sent([missing, later], missing.lsn)[0] == [missing, later]
    assert lab.wait_equal() == len(writer.rows()) - 1


def test_a_writer_whose_server_is_silent_keeps_its_deadline(make_lab):
    lab = make_lab(data=2)
    lab.start_postgres()
    lab.net.address_add("db1")
    writer = lab.start_writer(deadline_ms=50)
    writer.wait_rows(50)
    cut_us = lab.faults.cut("db1")
    wait_until(lambda: len(writer.failures(cut_us)) > 10, 10, "attempts end at their deadline")
    lab.faults.mend("db1")
    writer.wait_rows(20, since_us=now_us())
    writer.stop()
    failures = [one for one in writer.failures(cut_us) if "deadline" in one.reason]
    spans_ms = sorted((one.ended_us - one.started_us) / 1000 for one in failures)
    assert spans_ms and 50 <= spans_ms[0] and spans_ms[len(spans_ms) // 2] < 60, spans_ms


def test_cables_are_cut_with_and_without_carrier_and_in_one_direction(make_lab):
    lab = make_lab(data=2)
    db1, db2 = lab.net.hosts["db1"], lab.net.hosts["db2"]

    def reaches():
        return subprocess.run(
            db1.net_args(["ping", "-q", "-c", "1", "-W", "0.3", db2.address]), stdout=subprocess.DEVNULL, check=False
        ).returncode == 0  # fmt: skip

    def carrier():
        return "LOWER_UP" in db1.run(["ip", "link", "show", "dev", "eth0"])

    assert reaches() and carrier()
    lab.faults.cut("db1")
    assert not reaches() and carrier()
    lab.faults.mend("db1")
    wait_until(reaches, 5, "the cable is mended")
    lab.faults.cut("db1", carrier=False)
    wait_until(lambda: not carrier(), 5, "the carrier is gone")
    assert not reaches()
    lab.faults.mend("db1")
    wait_until(reaches, 5, "the cable is mended")

    lab.faults.drop("db2", "db1")
    assert not reaches()
    before = received(db2)
    assert not reaches()
    assert received(db2) > before, "the other direction must still pass"
    lab.faults.heal()
    wait_until(reaches, 5, "the partition is healed")


def received(host):
    """Echo requests that the host's IP has seen."""
    for line in host.run(["nstat", "-a", "-z", "IcmpInEchos"]).splitlines():
        if line.startswith("IcmpInEchos"):
            return int(line.split()[1])
    raise AssertionError("nstat does not know IcmpInEchos")


def test_standbys_made_by_base_backup_stream_too(make_lab):
    lab = make_lab(data=2)
    lab.start_postgres(base_backup=True)
    lab.postgres["db1"].rows("INSERT INTO lab_rows VALUES (1)")
    assert lab.wait_equal() == 1


def test_a_promotion_can_be_refused_and_can_hang(make_lab):
    lab = make_lab(data=3)
    lab.start_postgres()
    lab.faults.refuse_promotion("db2")
    with pytest.raises(Exception, match="could not create file"):
        lab.postgres["db2"].rows("SELECT pg_promote(false)")
    lab.faults.allow_promotion("db2")
    lab.faults.hang_promotion("db3")
    lab.postgres["db3"].rows("SELECT pg_promote(false)")
    time.sleep(0.5)  # not for luck: the point is that nothing happens
    assert lab.postgres["db3"].role() == "standby"
    lab.faults.continue_all()
    wait_until(lambda: lab.postgres["db3"].role() == "primary", 20, "the promotion ends")


def test_a_killed_postmaster_is_gone_at_once_and_can_be_started_again(make_lab):
    lab = make_lab(data=2)
    lab.start_postgres()
    pid = lab.postgres["db1"].postmaster_pid()
    lab.postgres["db1"].kill_postmaster()
    wait_until(lambda: procs.process_state(pid) == (None, None), 2, "the postmaster is gone, not a zombie")
    wait_until(lambda: not lab.net.hosts["db1"].pids(), 10, "its backends have gone too")
    lab.postgres["db1"].start()


KILLED_RUN = """
import sys, time
sys.path.insert(0, {here!r})
from lab import Lab, Session
session = Session()
lab = Lab(session, data=1).__enter__()
lab.start_postgres()
print(session.folder, lab.prefix, flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_nothing_is_left_behind(how, tmp_path):
    """After a failure the fixture cleans up; after SIGKILL of the test run the next run's sweep does."""
    script = tmp_path / "run.py"
    if how == signal.SIGKILL:
        script.write_text(KILLED_RUN.format(here=HERE))
        args = ["/usr/bin/python3", str(script)]
    else:
        script = tmp_path / "test_inner.py"
        script.write_text(
            "import time\n\ndef test_inner(make_lab, session):\n    lab = make_lab(data=1)\n    lab.start_postgres()\n"
            "    print(session.folder, lab.prefix, flush=True)\n    time.sleep(60)\n"
        )
        (tmp_path / "conftest.py").write_text(
            f"import sys\nsys.path.insert(0, {HERE!r})\nfrom conftest_of_the_lab import *\n"
        )
        (tmp_path / "conftest_of_the_lab.py").write_text(
            open(os.path.join(HERE, "conftest.py"), encoding="utf-8").read().replace("__file__", repr(HERE + "/x"))
        )
        args = ["/usr/bin/python3", "-m", "pytest", "-p", "no:cacheprovider", "-q", "-s", str(script)]
    process = subprocess.Popen(
        args, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=tmp_path, start_new_session=True,
        env=dict(os.environ, PYTHONDONTWRITEBYTECODE="1", VIPD_BUILD=""),
    )  # fmt: skip
    try:
        words = next(line.split() for line in process.stdout if core.PREFIX in line)
        folder, prefix = words[-2], words[-1]
        assert core.namespaces_of(prefix) and os.path.isdir(folder)
        segment = shared_memory_of(glob.glob(os.path.join(folder, "*", "db1", "data", "postmaster.pid"))[0])
        assert segment in shared_memory()
        process.send_signal(how)
        process.communicate(timeout=30)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    if how == signal.SIGKILL:
        assert core.namespaces_of(prefix), "SIGKILL leaves them for the sweep"
        core.sweep()
    assert not core.namespaces_of(prefix)
    assert not os.path.exists(folder)
    assert segment not in shared_memory(), "a System V segment was left behind"


def shared_memory_of(path):
    """The id of the segment that this postmaster.pid names."""
    with open(path, encoding="utf-8") as file:
        return file.read().splitlines()[6].split()[1]


def shared_memory():
    """The ids of all segments of the machine."""
    return [line.split()[1] for line in net.run(["ipcs", "-m"]).splitlines() if line.startswith("0x")]
