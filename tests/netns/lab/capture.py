"""Packets as an outsider sees them: captured at the client, decoded by tshark."""

import os
import signal

from . import net, procs

# Without --immediate-mode tcpdump forgets what is in its ring when it is told to stop.
STOP_DEADLINE_S = 10
FIELDS = ["frame.time_epoch", "ip.src", "ipv6.src", "ip.ttl", "ipv6.hlim", "vrrp.version", "vrrp.virt_rtr_id", "vrrp.prio",
          "vrrp.adver_int", "vrrp.checksum.status", "vrrp.ip_addr", "vrrp.ipv6_addr", "_ws.malformed"]  # fmt: skip


class Capture:
    """Everything of IP protocol 112 (VRRP) that reaches the client."""

    def __init__(self, lab, name="vrrp", expression="ip proto 112 or ip6 proto 112"):
        self.path = os.path.join(lab.folder, f"{name}.pcap")
        self.finished = False
        # Each place in the ring is as large as a packet may be: without -s there are some thirty, too few for a burst.
        args = ["tcpdump", "-Z", "root", "-i", "eth0", "-p", "-U", "--immediate-mode", "-q", "-s", "512", "-B", "4096", "-w",
                self.path, expression]  # fmt: skip
        self.process = lab.procs.spawn(lab.net.client.net_args(args), os.path.join(lab.folder, f"{name}.log"))
        procs.wait_until(lambda: os.path.exists(self.path), 10, "tcpdump has begun")

    def stop(self):
        if not self.finished:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(STOP_DEADLINE_S)
            self.finished = True
        return self

    def adverts(self, pseudo_header=False):
        """The advertisements as dictionaries of tshark's fields; checksums judged by RFC 9568's IPv4 form, which
        has no pseudo-header, unless pseudo_header."""
        self.stop()
        option = f"vrrp.v3_checksum_as_in_v2:{'FALSE' if pseudo_header else 'TRUE'}"
        args = ["tshark", "-r", self.path, "-o", option, "-Y", "vrrp", "-T", "fields", "-E", "separator=|"]
        for field in FIELDS:
            args += ["-e", field]
        text = net.run(args, timeout=60)
        return [dict(zip(FIELDS, line.split("|"))) for line in text.splitlines()]

    def assert_good(self, vrid):
        """Every advertisement is a well-formed VRRPv3 one with a good checksum; returns them."""
        adverts = self.adverts()
        assert adverts, "no advertisement was captured"
        for advert in adverts:
            assert advert["vrrp.version"] == "3", advert
            assert advert["vrrp.virt_rtr_id"] == str(vrid), advert
            assert advert["vrrp.checksum.status"] == "1", f"bad checksum: {advert}"
            assert not advert["_ws.malformed"], advert
            assert "255" in (advert["ip.ttl"], advert["ipv6.hlim"]), advert
        return adverts
