"""A flood of packets to a member's report port (tests/bench/flood.c), from the client's namespace and in any name."""

import hashlib
import os
import socket
import struct

from . import logs, net, procs

PORT = 3112
MAGIC_AT = 42  # of a report in its frame: Ethernet, IPv4 and UDP headers stand before it
INCARNATION_AT, SEQ_AT = 16, 24  # in a report (vrrp/report.c)
STRANGER = "10.77.0.252"  # nobody's address
SNIFF_S = 10
GARBAGE_BYTES = 200


def sniff_report(lab, sender, receiver):
    """The bytes of one genuine report, as somebody on the wire sees it."""
    want = socket.inet_aton(lab.net.hosts[sender].address) + socket.inet_aton(lab.net.hosts[receiver].address)
    with net.socket_in(lab.net.hosts[receiver].ns, socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0003)) as raw:
        raw.bind(("eth0", 0x0003))
        raw.settimeout(SNIFF_S)

        def one():
            frame = raw.recv(2000)
            is_report = frame[12:14] == b"\x08\0" and frame[26:34] == want and frame[23] == socket.IPPROTO_UDP
            return frame[MAGIC_AT:] if is_report and struct.unpack("!H", frame[36:38])[0] == PORT else None

        return procs.wait_until(one, SNIFF_S, f"a report of {sender} to {receiver}", poll_s=0)


def kinds(lab, peer, victim):
    """{kind: (source address, payload, where eight random bytes go)}"""
    report = sniff_report(lab, peer, victim)
    source = lab.net.hosts[peer].address
    return {
        "a stranger's": (STRANGER, report, INCARNATION_AT),
        "garbage in a peer's name": (source, hashlib.sha256(report).digest() * (GARBAGE_BYTES // 32), 0),
        "forged reports in a peer's name": (source, report, INCARNATION_AT),
    }


class Flood:
    def __init__(self, lab, victim, source, payload, vary, seconds, rate=0):
        path = os.path.join(lab.folder, "flood.bin")
        with open(path, "wb") as file:
            file.write(payload)
        self.output = os.path.join(lab.folder, "flood.txt")
        open(self.output, "w", encoding="ascii").close()
        host = lab.net.hosts[victim]
        args = [
            lab.session.programs["flood"], "--source", source, "--target", host.address, "--mac", host.mac, "--port",
            str(PORT), "--payload", path, "--vary", str(vary), "--seconds", str(seconds), "--rate", str(rate), "eth0",
        ]  # fmt: skip
        self.seconds = seconds
        self.process = lab.procs.spawn(lab.net.client.net_args(args), self.output)

    def wait(self):
        """Packets sent, and how many that was a second."""
        assert self.process.wait(self.seconds + 20) == 0
        with open(self.output, encoding="ascii") as file:
            packets, us = (int(word) for word in file.read().split())
        return packets, packets * 1e6 / us


def heard(lab, victim):
    """Of the victim's peers: reports accepted, reports missed, by name."""
    members = lab.daemons[victim].status()["members"]
    return {one["name"]: (one["reports_accepted"], one["reports_missed"]) for one in members if one["name"] != victim}


def measure(lab, victim, kind, how, seconds):
    """One flood of a kind; what came of it, and printed."""
    daemon = lab.daemons[victim]
    before, drops, lines = heard(lab, victim), daemon.status()["drops"], len(logs.warnings(daemon.log))
    began_us = procs.now_us()
    packets, rate = Flood(lab, victim, *how, seconds).wait()
    span_s = (procs.now_us() - began_us) / 1e6
    after = heard(lab, victim)
    counted = {word: count - drops[word] for word, count in daemon.status()["drops"].items() if count > drops[word]}
    shares = {}
    for name, (accepted, missed) in after.items():
        accepted, missed = accepted - before[name][0], missed - before[name][1]
        shares[name] = accepted / (accepted + missed)
    found = {
        "kind": kind, "packets": packets, "rate": rate, "span_s": span_s, "counted": counted, "shares": shares,
        "lines": len(logs.warnings(daemon.log)) - lines,
    }  # fmt: skip
    shown = ", ".join(f"{share * 100:.1f} % of {name}'s reports" for name, share in shares.items())
    print(f"flood of {kind}: {packets} packets, {rate:.0f} a second; accepted {shown}; dropped {counted}; "
          f"{found['lines']} lines in {span_s:.1f} s")  # fmt: skip
    return found
