"""Somebody else changes what is the daemon's: the address, the gate, the neighbours' tables; or stops it in good order."""

import pytest

from lab import logs, net, procs
from lab.story import Story

pytestmark = pytest.mark.daemon


def pings(lab):
    """True if the client reaches the floating address with one packet."""
    text = lab.net.client.run(["ping", "-c", "1", "-W", "1", net.FLOATING4], check=False)
    return " 1 received" in text


@pytest.mark.quick
def test_address_is_deleted_and_put_back_at_once(make_lab):
    lab = make_lab(data=2, witnesses=1).up()
    story = Story(lab)
    host = lab.net.hosts["db1"]

    def delete():
        at_us = procs.now_us()
        host.run(["ip", "addr", "del", f"{net.FLOATING4}/24", "dev", "eth0"])
        return at_us

    for _ in range(3):
        story.fault(delete)
        procs.wait_until(lambda: lab.net.has_address("db1"), 5, "the address is back", lab.describe)
        story.writer.wait_rows(1, since_us=procs.now_us(), host="db1")
    assert lab.daemons["db1"].state() == "MASTER"
    story.end(["db1"])


def test_gate_is_removed_and_put_back(make_lab):
    lab = make_lab(data=2, witnesses=1).up()
    story = Story(lab)
    for name in ("db1", "db2"):
        host = lab.net.hosts[name]
        host.run(["tc", "qdisc", "del", "dev", "eth0", "clsact"])

        def back(host=host):
            shown = [host.run(["tc", "filter", "show", "dev", "eth0", way]) for way in ("ingress", "egress")]
            return all("vipd_51" in text for text in shown)

        procs.wait_until(back, 5, f"the gate of {name} is back", lab.describe)
    story.fault(lab.postgres["db1"].kill_postmaster)
    assert story.taken_over() == "db2"
    story.comes_back("db1")
    story.end(["db1", "db2"])


def test_another_host_claims_the_address_and_the_clients_come_back(make_lab):
    """A gratuitous ARP of a stranger takes the clients away; the holder announces again and has them back."""
    lab = make_lab(data=2, witnesses=1).up()
    lab.postgres["db1"].value("SELECT 1")
    assert pings(lab)
    assert lab.daemons["w1"].stop() == 0  # its own gate would not let it announce; as a stranger it may
    announced = lambda: lab.daemons["db1"].log_tail(100_000).count("is claimed by")  # noqa: E731
    before = announced()
    watcher = lab.start_watcher()
    watcher.wait_answer("db1")
    claimed_us = procs.now_us()
    lab.net.announce("w1")  # w1 has not got the address: who believes it talks to nobody
    procs.wait_until(lambda: announced() > before, 5, "the claim was noticed", lab.describe)
    procs.wait_until(lambda: pings(lab), 5, "the client reaches the holder again", lab.describe)

    def first(host, since_us):
        return next((one.us for one in watcher.read()[1] if one.us >= since_us and one[1:] == ("garp", host)), None)

    claim_us = procs.wait_until(lambda: first("w1", claimed_us), 5, "the watcher has seen the claim", lab.describe)
    answer_us = procs.wait_until(lambda: first("db1", claim_us), 5, "and the holder's answer", lab.describe)
    late_ms = (answer_us - claim_us) / 1000
    print(f"the holder announced again {late_ms:.2f} ms after the claim")
    assert late_ms < 1000
    assert lab.daemons["db1"].state() == "MASTER"


@pytest.mark.quick
def test_sessions_are_ended_and_the_role_is_locked_out_and_nothing_happens(make_lab):
    """What ends or refuses our session is no end of PostgreSQL: a healthy primary goes on serving."""
    lab = make_lab(data=2, witnesses=1).up()
    story = Story(lab)
    ballot = lab.daemons["db1"].status()["ballot"]
    said = lambda words: words in lab.daemons["db1"].log_tail(100_000)  # noqa: E731
    end_all = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'vipd'"
    lab.postgres["db1"].rows(end_all)
    procs.wait_until(lambda: said("was ended"), 5, "the daemon says so", lab.describe)
    lab.postgres["db1"].rows("ALTER ROLE vipd NOLOGIN")
    lab.postgres["db1"].rows(end_all)
    procs.wait_until(lambda: said("lets us not in"), 5, "the daemon says why", lab.describe)
    lab.postgres["db1"].rows("ALTER ROLE vipd LOGIN")
    procs.wait_until(lambda: said("lets us in again"), 10, "the daemon looks again", lab.describe)
    story.writer.wait_rows(1, since_us=procs.now_us(), host="db1")
    assert lab.daemons["db1"].status()["ballot"] == ballot
    story.end(["db1"])


def test_no_connection_is_free_when_the_daemon_starts_and_a_healthy_primary_stays(make_lab):
    """The daemon never got in: the data directory and the living postmaster say that it is a primary."""
    lab = make_lab(data=2, witnesses=1).up()
    story = Story(lab)
    daemon = lab.daemons["db1"]
    ballot = daemon.status()["ballot"]
    lab.postgres["db1"].rows("ALTER ROLE vipd CONNECTION LIMIT 0")  # SQLSTATE 53300, as with max_connections
    daemon.vipctl("restart")
    assert daemon.process.wait(10) == 75
    daemon.start()
    said = lambda: daemon.log_tail(100_000).count("runs as a primary but lets us not in")  # noqa: E731
    procs.wait_until(lambda: said() == 1, 10, "the daemon found the primary on the disk", lab.describe)
    lab.wait_state("db1", "MASTER")
    assert daemon.status()["ballot"] == ballot, "the lease was kept"
    daemon.kill()
    daemon.start()  # no lease is handed over: it is elected, as the primary that it is
    procs.wait_until(lambda: said() == 2, 10, "the daemon found the primary on the disk again", lab.describe)
    lab.wait_holder("db1")
    story.writer.wait_rows(1, since_us=procs.now_us(), host="db1")
    lab.postgres["db1"].rows("ALTER ROLE vipd CONNECTION LIMIT -1")
    procs.wait_until(lambda: "lets us in again" in daemon.log_tail(100_000), 10, "the daemon gets in", lab.describe)
    story.end(["db1"])


def test_disk_of_the_best_standby_is_full_and_the_next_one_takes_over(make_lab):
    """Nothing durable, no promotion; the daemon says so, not with every try, and stands again once there is room."""
    lab = make_lab(data=3)
    lab.configure()
    state = lab.daemons["db2"].state_dir
    net.run(["mount", "-t", "tmpfs", "-o", "size=64k,mode=0700", "tmpfs", state])
    lab.at_exit.append(lambda: net.run(["umount", "-l", state], check=False))
    lab.up()
    lab.wait_grants()
    story = Story(lab)
    with pytest.raises(OSError), open(f"{state}/filled", "wb", buffering=0) as file:
        while True:
            file.write(b"\0" * 4096)
    story.fault_when_all_are_equal(lab.postgres["db1"].kill_postmaster)
    assert story.taken_over() == "db3"
    story.comes_back("db1")
    full = lambda: [line for line in logs.warnings(lab.daemons["db2"].log) if "No space left" in line]  # noqa: E731
    begin_us = float(full()[0].split()[0]) * 1e6
    procs.wait_until(lambda: procs.now_us() > begin_us + 4e6, 10, "it was tried several times, once a second")
    assert len(full()) == 1, full()
    refused = lab.daemons["db2"].vipctl("pause", timeout=15)
    assert refused.returncode == 1 and "would not outlive" in refused.stdout + refused.stderr, refused
    net.run(["rm", f"{state}/filled"])
    assert lab.daemons["db2"].vipctl("pause", timeout=15).returncode == 0
    assert lab.daemons["db2"].vipctl("resume").returncode == 0
    lab.wait_state("db2", "BACKUP")
    story.comes_back("db2")
    story.end(["db1", "db3"])


def test_leftover_address_of_a_dead_daemon_is_removed_at_the_next_start(make_lab):
    lab = make_lab(data=2, witnesses=1).start_postgres()
    lab.net.address_add("db2", announce=False)
    lab.start_daemons()
    lab.wait_holder("db1")
    assert not lab.net.has_address("db2")


@pytest.mark.quick
def test_holder_is_stopped_in_good_order_and_nothing_is_lost(make_lab):
    """TERM: lets go, waits for the standbys to have everything, releases; PostgreSQL is left as a standby."""
    lab = make_lab(data=2, witnesses=1).up()
    story = Story(lab)
    story.may_lose = False

    def stop():
        at_us = procs.now_us()
        assert lab.daemons["db1"].stop() == 0
        return at_us

    story.fault(stop)
    assert story.taken_over() == "db2"
    host = lab.net.hosts["db1"]
    assert "vipd_51" not in host.run(["tc", "filter", "show", "dev", "eth0", "ingress"])
    assert not lab.net.has_address("db1")
    procs.wait_until(lambda: lab.postgres["db1"].role() == "standby", 30, "PostgreSQL is left as a standby", lab.describe)
    lab.daemons["db1"].start()
    story.comes_back("db1")
    story.end(["db1", "db2"])
