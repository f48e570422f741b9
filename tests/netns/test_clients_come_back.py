"""What clients see: their connections are reset at once, and who slept through it all finds the new holder.

Times are the kernel's: tcpdump's stamps of the resets at the client, and the moments in the daemons' logs.
"""

import re
import socket
import time

import pytest

from lab import net, procs
from lab.story import Story

pytestmark = pytest.mark.daemon

CONNECTIONS = 10  # of each family
RESET_MS = 50
GARP_REFRESH_S = 2
# Resets, and what a client says.
PACKETS = "(tcp[tcpflags] & (tcp-rst|tcp-push) != 0) or (ip6 proto 6 and ip6[53] & 12 != 0)"


def connect(lab, timeout_s=5):
    """Connections of the client to the floating addresses: {local port: socket}"""
    opened = {}
    for address, family in ((net.FLOATING4, socket.AF_INET), (net.FLOATING6, socket.AF_INET6)):
        for _ in range(CONNECTIONS):
            one = net.socket_in(lab.net.client.ns, family, socket.SOCK_STREAM)
            one.settimeout(timeout_s)
            one.connect((address, 5432))
            opened[one.getsockname()[1]] = one
    return opened


def captured(lab, capture, ports):
    """Of these ports of the client, in microseconds of CLOCK_BOOTTIME: ({port: it spoke first}, {port: its reset})."""
    shift = time.clock_gettime(time.CLOCK_BOOTTIME) - time.clock_gettime(time.CLOCK_REALTIME)
    fields = [word for name in ("frame.time_epoch", "tcp.srcport", "tcp.dstport", "tcp.flags.reset") for word in ("-e", name)]

    def all_resets():
        spoken, reset = {}, {}
        for line in net.run(["tshark", "-r", capture.path, "-T", "fields", *fields], check=False).splitlines():
            at, source, target, is_reset = line.split()
            if source == "5432" and is_reset in ("1", "True"):
                reset.setdefault(int(target), (float(at) + shift) * 1e6)
            elif target == "5432":
                spoken.setdefault(int(source), (float(at) + shift) * 1e6)
        return (spoken, reset) if set(reset) >= set(ports) else None

    found = procs.wait_until(all_resets, 20, "tcpdump has written all resets", lab.describe)
    capture.stop()
    return found


def are_over(connections):
    """The client sees the end of every one of them."""
    for one in connections.values():
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            one.recv(1)
        one.close()


def closing_us(lab, name, since_us):
    """When the daemon shut its gate inwards and left it open outwards, for the resets."""
    with open(lab.daemons[name].log, encoding="utf-8", errors="replace") as file:
        for line in file:
            found = re.match(r"(\d+\.\d+) debug \w+: +gate in 0 out [1-9]\d* us", line)
            if found and float(found[1]) * 1e6 > since_us:
                return float(found[1]) * 1e6
    raise AssertionError(f"{name} has not let go\n{lab.describe()}")


def tells(what, late_ms):
    print(f"{what}: {len(late_ms)} resets, the last one after {max(late_ms):.1f} ms")
    assert max(late_ms) <= RESET_MS


def let_go(lab, story):
    """db1 lets go while its lease runs."""
    capture = lab.start_capture(name="let-go", expression=PACKETS)
    clients = connect(lab)
    begun_us = procs.now_us()
    done = lab.daemons["db1"].vipctl("switchover", "--to", "db2", timeout=60)
    assert done.returncode == 0, done.stderr
    are_over(clients)
    shut_us = closing_us(lab, "db1", begun_us)
    _, reset = captured(lab, capture, clients)
    tells("let go", [(reset[port] - shut_us) / 1000 for port in clients])
    lab.wait_holder("db2")
    story.primary = "db2"
    story.comes_back("db1")


def frozen(lab, story):
    """db2's daemon is frozen: nobody resets anything, until the client speaks to the new holder."""
    capture = lab.start_capture(name="frozen", expression=PACKETS)
    clients = connect(lab)
    story.fault(lab.daemons["db2"].freeze)

    def announced():
        told = {(one.kind, one.host) for one in story.watcher.read()[1] if one.us > story.fault_us}
        return told >= {("garp", "db1"), ("una", "db1")}

    procs.wait_until(announced, 20, "db1 has announced both addresses", lab.describe)
    for one in clients.values():
        one.send(b"\0")
    are_over(clients)
    spoken, reset = captured(lab, capture, clients)
    tells("frozen", [(reset[port] - spoken[port]) / 1000 for port in clients])
    assert story.taken_over() == "db1"
    lab.daemons["db2"].thaw()
    story.comes_back("db2")


def slept(lab, story):
    """A client's neighbour table knows the old holder for good; it finds the new one with its next announcement."""
    asleep = ["ip", "neigh", "replace", net.FLOATING4, "dev", "eth0", "nud", "reachable", "lladdr"]
    lab.net.client.run([*asleep, lab.net.hosts["db2"].mac])
    woken_us = procs.now_us()
    story.writer.wait_rows(1, since_us=woken_us + 1000 * int(GARP_REFRESH_S * 1000), host="db1")
    served_us = next(row.acked_us for row in story.writer.rows() if row.started_us > woken_us)
    failures = [one for one in story.writer.failures(woken_us) if one.ended_us < served_us]
    print(f"a client that slept: {(served_us - woken_us) / 1e6:.2f} s, {len(failures)} attempts failed, {failures[:1]}")
    assert served_us - woken_us < (GARP_REFRESH_S + 1) * 1e6


def test_connections_are_reset_and_sleeping_clients_find_the_new_holder(make_lab):
    lab = make_lab(data=2, witnesses=1)
    lab.configuration.settings.update(garp_repeat=1, garp_repeat_delay="500ms", garp_refresh=f"{GARP_REFRESH_S}s")
    lab.up()
    lab.wait_streaming("db1")
    story = Story(lab)
    let_go(lab, story)
    frozen(lab, story)
    slept(lab, story)
    story.end(["db1", "db2", "db1"])
