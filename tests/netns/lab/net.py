"""Hosts out of network namespaces: one switch (a bridge), one namespace a host, one for the client.

Everything is named <prefix>-<host>; the prefix carries the pid of the lab's owner, so labs do not collide and a dead
one's leftovers can be told from a living one's.
"""

import ctypes
import os
import socket
import struct
import subprocess
import threading

SUBNET4 = "10.77.0.0/24"
SUBNET6 = "fd77::/64"
FLOATING4 = "10.77.0.100"
FLOATING6 = "fd77::100"
WATCH4 = "10.77.0.251"  # source of the watcher's ARP requests: nobody's address
WATCH6 = "fd77::251"
CLIENT = "client"
COMMAND_TIMEOUT_S = 20
CLONE_NEWNET = 0x40000000


class CommandError(RuntimeError):
    pass


def run(args, check=True, text=None, timeout=COMMAND_TIMEOUT_S):
    """Runs a command and returns its standard output; raises CommandError with what it said."""
    done = subprocess.run(
        args, input=text, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=timeout,
        stdin=None if text is not None else subprocess.DEVNULL,
    )
    if check and done.returncode != 0:
        raise CommandError(f"{' '.join(args)}: exit {done.returncode}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def socket_in(namespace, family, kind, protocol=0):
    """A socket that lives in the namespace; only a short-lived thread of ours goes there."""
    libc = ctypes.CDLL(None, use_errno=True)
    made = []

    def enter():
        with open(f"/run/netns/{namespace}", "rb") as file:
            if libc.setns(file.fileno(), CLONE_NEWNET) != 0:
                made.append(OSError(ctypes.get_errno(), f"setns to {namespace}"))
                return
        try:
            made.append(socket.socket(family, kind, protocol))
        except OSError as error:
            made.append(error)

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    if isinstance(made[0], OSError):
        raise made[0]
    return made[0]


class Host:
    """One namespace: where it is, what its addresses are."""

    def __init__(self, name, prefix, number):
        self.name = name
        self.number = number
        self.ns = f"{prefix}-{name}"
        self.port = f"p-{name}"  # the switch's side of the cable
        self.mac = f"02:77:00:00:00:{number:02x}"
        self.address = f"10.77.0.{number}"
        self.address6 = f"fd77::{number:x}"

    def exec_args(self, args):
        """The command line that runs args inside, with a /sys of its own, as a booted host would have."""
        return ["ip", "netns", "exec", self.ns, *args]

    def net_args(self, args):
        """The same for short commands: only the network is the host's."""
        return ["nsenter", f"--net=/run/netns/{self.ns}", "--", *args]

    def run(self, args, **kwargs):
        return run(self.net_args(args), **kwargs)

    def pids(self):
        if not os.path.exists(f"/run/netns/{self.ns}"):
            return []
        return [int(pid) for pid in run(["ip", "netns", "pids", self.ns], check=False).split()]


class Network:
    """The switch, its hosts and the cables. create() and destroy() are both idempotent."""

    def __init__(self, prefix, names):
        self.prefix = prefix
        self.switch = f"{prefix}-switch"
        self.hosts = {name: Host(name, prefix, number + 1) for number, name in enumerate(names)}
        self.hosts[CLIENT] = Host(CLIENT, prefix, 200)
        self.client = self.hosts[CLIENT]

    def create(self):
        run(["ip", "netns", "add", self.switch])
        batch = [
            "link set lo up",
            "link add br0 type bridge stp_state 0 forward_delay 0 mcast_snooping 0",
            "link set br0 up",
        ]
        for host in self.hosts.values():
            run(["ip", "netns", "add", host.ns])
            self._quiet_ipv6(host)
            batch += self._cable(host)
        self._batch(self.switch, batch)
        for host in self.hosts.values():
            self._batch(host.ns, ["link set lo up", *self._interface(host)])
        return self

    @staticmethod
    def _cable(host):
        return [
            f"link add {host.port} type veth peer name eth0 address {host.mac} netns {host.ns}",
            f"link set {host.port} master br0 up",
        ]

    @staticmethod
    def _interface(host):
        return [
            "link set eth0 up",
            f"addr add {host.address}/24 dev eth0",
            f"addr add {host.address6}/64 dev eth0 nodad",
        ]

    def plug(self, host):
        """A new interface in the place of one that was deleted."""
        self._batch(self.switch, self._cable(host))
        self._batch(host.ns, self._interface(host))

    @staticmethod
    def _quiet_ipv6(host):
        settings = [f"net.ipv6.conf.{where}.accept_dad=0" for where in ("all", "default")]
        host.run(["sysctl", "-q", "-w", *settings, "net.ipv6.conf.default.accept_ra=0"])

    @staticmethod
    def _batch(namespace, lines):
        run(["ip", "-n", namespace, "-batch", "-"], text="\n".join(lines) + "\n")

    def destroy(self):
        for namespace in [host.ns for host in self.hosts.values()] + [self.switch]:
            if os.path.exists(f"/run/netns/{namespace}"):
                run(["ip", "netns", "del", namespace], check=False)

    def pids(self):
        """Processes inside the hosts: all of them descend from the lab, nobody else knows the namespaces."""
        return [pid for host in self.hosts.values() for pid in host.pids()]

    def host_of_mac(self, mac):
        for host in self.hosts.values():
            if host.mac == mac:
                return host.name
        return mac

    def host_of_address(self, address):
        for host in self.hosts.values():
            if address in (host.address, host.address6):
                return host.name
        return address

    def boot(self, name):
        """The interface as a boot leaves it: only the configured addresses, no traffic control."""
        host = self.hosts[name]
        host.run(["tc", "qdisc", "del", "dev", "eth0", "clsact"], check=False)
        host.run(["tc", "qdisc", "del", "dev", "lo", "clsact"], check=False)
        self._batch(
            host.ns,
            [
                "addr flush dev eth0 scope global",
                f"addr add {host.address}/24 dev eth0",
                f"addr add {host.address6}/64 dev eth0 nodad",
            ],
        )

    # --- addresses by hand, for the lab's own tests and the bench's floor ---

    def address_add(self, name, announce=True):
        host = self.hosts[name]
        self._batch(host.ns, [f"addr add {FLOATING4}/24 dev eth0", f"addr add {FLOATING6}/64 dev eth0 nodad"])
        if announce:
            self.announce(name)

    def address_del(self, name):
        host = self.hosts[name]
        self._batch(host.ns, [f"addr del {FLOATING4}/24 dev eth0", f"addr del {FLOATING6}/64 dev eth0"])

    def announce(self, name):
        """One gratuitous ARP request, as a host sends that has just taken the address."""
        host = self.hosts[name]
        mac = bytes.fromhex(host.mac.replace(":", ""))
        address = socket.inet_aton(FLOATING4)
        frame = b"\xff" * 6 + mac + struct.pack("!HHHBBH", 0x0806, 1, 0x0800, 6, 4, 1)
        frame += mac + address + b"\0" * 6 + address
        with socket_in(host.ns, socket.AF_PACKET, socket.SOCK_RAW) as raw:
            raw.bind(("eth0", 0))
            raw.send(frame)

    def has_address(self, name):
        return f" {FLOATING4}/" in self.hosts[name].run(["ip", "-4", "addr", "show", "dev", "eth0"])
