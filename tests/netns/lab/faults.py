"""What goes wrong on purpose. Each fault returns when it happened, in microseconds of CLOCK_BOOTTIME.

Cables are cut at the switch, so that nothing on the host tells apart a cut from a dead switch: with carrier (the port
leaves the bridge) or without (the port goes down, the host sees its link go). One-way faults are nftables rules on the
bridge; ARP and everything else of the pair is lost in that direction.
"""

import os
import signal

from . import net, procs

TABLE = "lab"


class Faults:
    def __init__(self, lab):
        self.lab = lab
        self.net = lab.net
        self.have_table = False
        self.stopped = []
        self.disks = []  # lab/disks.py
        self.held = []  # acts that let run again what something else than SIGSTOP holds (stops.py)

    # --- cables ---

    def cut(self, name, carrier=True):
        port = self.net.hosts[name].port
        how = ["nomaster"] if carrier else ["down"]
        at_us = procs.now_us()
        net.run(["ip", "-n", self.net.switch, "link", "set", port, *how])
        return at_us

    def mend(self, name):
        port = self.net.hosts[name].port
        at_us = procs.now_us()
        net.run(["ip", "-n", self.net.switch, "link", "set", port, "master", "br0", "up"])
        return at_us

    def _nft(self, text):
        net.run(["nsenter", f"--net=/run/netns/{self.net.switch}", "--", "nft", "-f", "-"], text=text)

    def drop(self, sender, receiver):
        """Nothing that sender sends reaches receiver any more; the other direction stays."""
        if not self.have_table:
            self._nft(f"""table bridge {TABLE} {{
                set lost {{ type ifname . ifname; }}
                chain forward {{ type filter hook forward priority 0; iifname . oifname @lost drop; }}
            }}""")
            self.have_table = True
        at_us = procs.now_us()
        self._nft(f"add element bridge {TABLE} lost {{ {self._pair(sender, receiver)} }}")
        return at_us

    def pass_again(self, sender, receiver):
        self._nft(f"delete element bridge {TABLE} lost {{ {self._pair(sender, receiver)} }}")

    def _pair(self, sender, receiver):
        return f'"{self.net.hosts[sender].port}" . "{self.net.hosts[receiver].port}"'

    def partition(self, left, right):
        """Nothing passes between the hosts of one side and those of the other."""
        at_us = procs.now_us()
        for a in left:
            for b in right:
                self.drop(a, b)
                self.drop(b, a)
        return at_us

    def heal(self):
        if self.have_table:
            self._nft(f"flush set bridge {TABLE} lost")

    # --- PostgreSQL ---

    def refuse_promotion(self, name):
        """pg_promote() on this host fails from now on: a folder stands where it wants to write its signal file."""
        os.mkdir(os.path.join(self.lab.postgres[name].data, "promote"), mode=0o755)

    def allow_promotion(self, name):
        os.rmdir(os.path.join(self.lab.postgres[name].data, "promote"))

    def hang_promotion(self, name):
        """pg_promote() succeeds, and recovery does not end: the startup process is stopped. Returns its pid."""
        pid = self.lab.postgres[name].process_named("startup")
        assert pid, f"no startup process on {name}"
        self.stop_process(pid)
        return pid

    def stop_process(self, pid):
        at_us = procs.now_us()
        os.kill(pid, signal.SIGSTOP)
        self.stopped.append((pid, procs.process_start_time(pid)))
        return at_us

    def continue_all(self):
        """SIGCONT to what stop_process stopped, if it is still the same process; frozen disks thaw, what is held is let go."""
        for disk in self.disks:
            disk.thaw()
        for act in self.held:
            act()
        for pid, started in self.stopped:
            if started is not None and procs.process_start_time(pid) == started:
                procs.signal_pid(pid, signal.SIGCONT)
        self.stopped = []
