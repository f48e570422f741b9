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
RESETS = "(tcp[tcpflags] & tcp-rst != 0) or (ip6 proto 6 and ip6[53] & 4 != 0)"


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


def resets(lab, capture, ports):
    """{the client's port: when its first reset came, in microseconds of CLOCK_BOOTTIME}"""
    shift = time.clock_gettime(time.CLOCK_BOOTTIME) - time.clock_gettime(time.CLOCK_REALTIME)
    fields = ["-T", "fields", "-e", "frame.time_epoch", "-e", "tcp.srcport", "-e", "tcp.dstport"]

    def captured():
        found = {}
        for line in net.run(["tshark", "-r", capture.path, *fields], check=False).splitlines():
            at, source, target = line.split()
            if source == "5432":
                found.setdefault(int(target), (float(at) + shift) * 1e6)
        return found if set(found) >= set(ports) else None

    found = procs.wait_until(captured, 20, "tcpdump has written all resets", lab.describe)
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


def test_connections_are_reset_and_sleeping_clients_find_the_new_holder(make_lab):
    lab = make_lab(data=2, witnesses=1)
    lab.configuration.settings.update(garp_repeat=1, garp_repeat_delay="500ms", garp_refresh=f"{GARP_REFRESH_S}s")
    lab.up()
    lab.wait_streaming("db1")
    story = Story(lab)

    # It lets go while the lease runs.
    capture = lab.start_capture(name="let-go", expression=RESETS)
    clients = connect(lab)
    begun_us = procs.now_us()
    done = lab.daemons["db1"].vipctl("switchover", "--to", "db2", timeout=60)
    assert done.returncode == 0, done.stderr
    are_over(clients)
    shut_us = closing_us(lab, "db1", begun_us)
    when = resets(lab, capture, clients)
    tells("let go", [(when[port] - shut_us) / 1000 for port in clients])
    lab.wait_holder("db2")
    story.primary = "db2"
    story.comes_back("db1")

    # It is frozen: nobody resets anything, until the client speaks to the new holder.
    capture = lab.start_capture(name="frozen", expression=RESETS)
    clients = connect(lab)
    story.fault(lab.daemons["db2"].freeze)

    def announced():
        told = {(one.kind, one.host) for one in story.watcher.read()[1] if one.us > story.fault_us}
        return told >= {("garp", "db1"), ("una", "db1")}

    procs.wait_until(announced, 20, "db1 has announced both addresses", lab.describe)
    spoken_us = {}
    for port, one in clients.items():
        spoken_us[port] = procs.now_us()
        one.send(b"\0")
    are_over(clients)
    when = resets(lab, capture, clients)
    tells("frozen", [(when[port] - spoken_us[port]) / 1000 for port in clients])
    assert story.taken_over() == "db1"
    lab.daemons["db2"].thaw()
    story.comes_back("db2")

    # A client that slept through all of that: its neighbour table knows the old holder for good.
    asleep = ["ip", "neigh", "replace", net.FLOATING4, "dev", "eth0", "nud", "reachable", "lladdr"]
    woken_us = procs.now_us()
    lab.net.client.run([*asleep, lab.net.hosts["db2"].mac])
    story.writer.wait_rows(1, since_us=woken_us + 1000 * int(GARP_REFRESH_S * 1000), host="db1")
    failures = story.writer.failures(woken_us)
    served_us = next(row.acked_us for row in story.writer.rows() if row.started_us > failures[-1].ended_us)
    print(f"a client that slept: {(served_us - woken_us) / 1e6:.2f} s, {len(failures)} attempts failed, the first: {failures[0]}")
    assert served_us - woken_us < (GARP_REFRESH_S + 1) * 1e6
    story.end(["db1", "db2", "db1"])
