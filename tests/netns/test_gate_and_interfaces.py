"""What somebody else does to the gate, the address and the interfaces of a host; and a gate that cannot be had."""

import re

import pytest

from lab import net, procs, tools
from lab.daemons import Word
from lab.story import Story

pytestmark = pytest.mark.daemon

LEASE_S = 1.0
# valid_lft is the rest of the lease rounded up, and a second (protocol.md section 5.2); the kernel looks once a second.
LIFETIME_S = LEASE_S + 1 + 1
EVENTS = 4000  # pairs; each event is some 700 bytes of a queue of 2 MiB


def filters(host, device="eth0"):
    """The gate's filters on a device of the host: how many."""
    shown = [host.run(["tc", "filter", "show", "dev", device, way], check=False) for way in ("ingress", "egress")]
    return sum(text.count("vipd_51") for text in shown)


def wait_gate(lab, name, device="eth0", there=True):
    host = lab.net.hosts[name]
    what = f"the gate {'stands' if there else 'does not stand'} on {device} of {name}"
    procs.wait_until(lambda: filters(host, device) == (2 if there else 0), 10, what, lab.describe, poll_s=0.005)


def wait_word(lab, name, word):
    said = lambda: (lab.daemons[name].status() or {}).get("gate") == word  # noqa: E731
    procs.wait_until(said, 10, f"{name} says gate {word}", lab.describe)


def counted(lab, name, key):
    return lab.daemons[name].status()["gate_counts"][key]


def wait_counted(lab, name, key, count):
    procs.wait_until(lambda: counted(lab, name, key) >= count, 10, f"{name} counts {key}: {count}", lab.describe)


def gate_remove(host):
    """vipctl gate remove: (what it said, its exit code)"""
    said = host.run(["sh", "-c", '"$0" gate remove 2>&1; echo "exit $?"', tools.vipctl()])
    return said, int(re.search(r"exit (\d+)\n$", said)[1])


def how_long(lab, act, done, what):
    at_us = procs.now_us()
    act()
    procs.wait_until(done, 10, what, lab.describe, poll_s=0.002)
    print(f"{what}: at most {(procs.now_us() - at_us) / 1000:.0f} ms, the command that took it away included")


def holder_loses_gate_and_addresses(lab, one):
    """A firewall's reload is not even noticed; the rest is put back at once."""
    one.run(["nft", "flush", "ruleset"])
    assert filters(one) == 2
    how_long(lab, lambda: one.run(["tc", "qdisc", "del", "dev", "eth0", "clsact"]), lambda: filters(one) == 2,
             "clsact deleted, gate back")  # fmt: skip
    wait_counted(lab, "db1", "put_back", 1)
    for address, family in ((f"{net.FLOATING4}/24", "-4"), (f"{net.FLOATING6}/64", "-6")):
        before = counted(lab, "db1", "addresses_put_back")
        bound = lambda address=address, family=family: address in one.run(["ip", family, "addr", "show", "eth0"])  # noqa: E731
        how_long(lab, lambda address=address: one.run(["ip", "addr", "del", address, "dev", "eth0"]), bound,
                 f"{address} deleted, back")  # fmt: skip
        wait_counted(lab, "db1", "addresses_put_back", before + 1)
    assert "taken away from eth0 by somebody" in lab.daemons["db1"].log_tail(100_000)


def standby_loses_its_gate(lab, two):
    """Shut, and shut again. What is dropped is counted for each address."""
    two.run(["tc", "filter", "del", "dev", "eth0", "ingress"])
    wait_gate(lab, "db2")
    wait_counted(lab, "db2", "put_back", 1)
    dropped = lambda: all(one["dropped_in"] > 0 for one in lab.daemons["db2"].status()["addresses"])  # noqa: E731
    procs.wait_until(dropped, 10, "db2 counts what it drops for both addresses", lab.describe)
    assert f"{net.FLOATING4}/24: " in lab.daemons["db2"].vipctl("status").stdout

    # More events than the kernel keeps for a daemon that does not read them; the one that matters is the last.
    lab.daemons["db2"].freeze()
    flood = "addr add 192.0.2.1/32 dev eth0\naddr del 192.0.2.1/32 dev eth0\n"
    two.run(["ip", "-batch", "-"], text=flood * EVENTS)
    two.run(["tc", "qdisc", "del", "dev", "eth0", "clsact"])
    assert filters(two) == 0
    lab.daemons["db2"].thaw()
    wait_gate(lab, "db2")
    wait_counted(lab, "db2", "put_back", 2)
    assert "netlink events were lost" in lab.daemons["db2"].log_tail(100_000)


def new_interfaces_and_foreign_filters(lab, two):
    """Other programs' filters do no harm after ours; before ours they are told."""
    two.run(["ip", "link", "add", "new0", "type", "veth", "peer", "name", "new1"])
    wait_gate(lab, "db2", "new0")
    wait_gate(lab, "db2", "new1")
    foreign = ["tc", "filter", "add", "dev", "eth0", "ingress", "bpf", "bytecode", "1,6 0 0 0,"]
    two.run([*foreign[:6], "prio", "9", *foreign[6:]])
    two.run(["tc", "filter", "del", "dev", "new1", "ingress"])  # looked at after the filter's event
    wait_counted(lab, "db2", "put_back", 3)
    assert lab.daemons["db2"].status()["gate"] == "closed"
    two.run([*foreign[:6], "prio", "1", *foreign[6:]])
    wait_word(lab, "db2", "partial")
    assert "another program's filter" in lab.daemons["db2"].status()["gate_note"]
    two.run(["tc", "filter", "del", "dev", "eth0", "ingress", "prio", "1", "handle", "0x1", "bpf"])
    wait_word(lab, "db2", "closed")
    assert "pref 9" in two.run(["tc", "filter", "show", "dev", "eth0", "ingress"]), "left in place"


def daemon_dies_and_the_operator_removes_its_gate(lab, two):
    """It stands until it is taken over, or removed."""
    assert "has the virtual_router_id" in gate_remove(two)[0]
    lab.daemons["db2"].kill()
    assert filters(two) == 2 and filters(two, "new0") == 2
    said, code = gate_remove(two)
    assert code == 0 and "vrid 51: gate removed, 6 filters" in said, said
    assert filters(two) == 0
    assert gate_remove(two)[1] == 0, "nothing there is no failure"
    lab.daemons["db2"].start()
    wait_gate(lab, "db2")


def daemon_dies_and_the_next_one_has_none(lab, two):
    """gate = off: what the daemon before has left shut goes, for nobody would open it."""
    lab.daemons["db2"].kill()
    lab.configuration.settings["gate"] = Word("off")
    lab.configuration.write(lab.daemons["db2"])
    lab.daemons["db2"].start()
    wait_word(lab, "db2", "off")
    wait_gate(lab, "db2", there=False)


def test_gate_and_address_are_taken_away_and_stand_again_and_nothing_happens(make_lab):
    lab = make_lab(data=2, witnesses=1).up()
    story = Story(lab)
    one, two = lab.net.hosts["db1"], lab.net.hosts["db2"]
    story.fault(procs.now_us)
    ballot = lab.daemons["db1"].status()["ballot"]
    holder_loses_gate_and_addresses(lab, one)
    standby_loses_its_gate(lab, two)
    new_interfaces_and_foreign_filters(lab, two)
    daemon_dies_and_the_operator_removes_its_gate(lab, two)
    daemon_dies_and_the_next_one_has_none(lab, two)
    story.writer.wait_rows(20, since_us=procs.now_us(), host="db1")
    assert lab.daemons["db1"].status()["ballot"] == ballot
    story.same_postmasters()
    story.end(["db1"])


def test_holders_interface_is_renamed_deleted_and_made_anew_and_set_down(make_lab):
    """Each time somebody else takes over, and the host is a standby again as soon as its interface is back."""
    lab = make_lab(data=3).up()
    story = Story(lab)

    def act(*commands):
        def do(host=lab.net.hosts[story.primary]):
            at_us = procs.now_us()
            for command in commands:
                host.run(command)
            return at_us

        return story.fault(do)

    order = ["db1"]
    rename = ["ip", "link", "set", "dev", "eth0", "name", "lan0"]
    rename_back = ["ip", "link", "set", "dev", "lan0", "name", "eth0"]

    # While nobody may take over it goes on where its address is, and refreshes and announces it there.
    assert lab.daemons["db1"].vipctl("pause").returncode == 0
    renamed_us = act(rename)
    story.writer.wait_rows(1, since_us=renamed_us + int((LIFETIME_S + 1) * 1e6), host="db1")
    assert lab.daemons["db1"].status()["fault_reasons"] == ["link"]
    lab.net.hosts["db1"].run(rename_back)
    procs.wait_until(lambda: not lab.daemons["db1"].status()["fault_reasons"], 10, "eth0 is back", lab.describe)
    assert lab.daemons["db1"].state() == "MASTER"
    assert lab.daemons["db1"].vipctl("resume").returncode == 0

    def fails_over_and_back(heal):
        old = story.primary
        order.append(story.taken_over())
        heal(lab.net.hosts[old])
        wait_gate(lab, old)
        story.comes_back(old)

    act(rename)
    fails_over_and_back(lambda host: host.run(rename_back))
    act(["ip", "link", "del", "eth0"])
    fails_over_and_back(lab.net.plug)
    act(["ip", "link", "set", "eth0", "down"])
    fails_over_and_back(lambda host: host.run(["ip", "link", "set", "eth0", "up"]))
    story.end(order)


def test_no_gate_in_a_time_namespace_and_the_addresss_lifetime_ends_it(make_lab):
    """The kernel's clock is not the daemon's there: gate none, and the second line holds for a daemon that is killed."""
    lab = make_lab(data=2, witnesses=1)
    lab.configure()
    first = lab.daemons["db1"]
    plain = first.wrap
    first.wrap = lambda args: plain(["unshare", "--time", "--boottime", "86400", "--kill-child=KILL", *args])
    lab.up()
    status = first.status()
    assert (status["gate"], status["gate_note"]) == ("none", "time namespace")
    assert "gate: none (time namespace)" in first.log_tail(100_000)
    assert filters(lab.net.hosts["db1"]) == 0
    assert filters(lab.net.hosts["db2"]) == 2
    killed_us = first.kill()
    procs.wait_until(lambda: not lab.net.has_address("db1"), 20, "the address has gone by itself", lab.describe)
    gone_s = (procs.now_us() - killed_us) / 1e6
    print(f"address gone {gone_s:.3f} s after the kill")
    assert gone_s < LIFETIME_S + 1.5  # the last refresh may be a renewal later than the kill, and the kernel late
    lab.wait_holder("db2")
