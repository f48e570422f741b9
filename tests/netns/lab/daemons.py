"""vipd on the hosts: its configuration, its processes, and what vipctl says about it."""

import json
import os
import secrets
import signal
import subprocess

from . import logs, net, procs, tools

VRID = 51
INSTANCE = "orders"
STATUS_TIMEOUT_S = 3
STOP_DEADLINE_S = 30

# Shorter than the defaults where a default is only patience: a test waits for each of them.
SETTINGS = {
    "advert_int": "250ms",
    "restart_grace": "2s",
    "boot_wait": "5s",
    "promote_timeout": "8s",
    "fault_hold": "6s",
}


def quoted(text):
    return '"' + str(text).replace("\\", "\\\\").replace('"', '\\"') + '"'


def value_text(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, Word)):
        return str(value)
    if isinstance(value, (list, tuple)):
        return "{ " + ", ".join(quoted(item) for item in value) + " }"
    return quoted(value)


class Word(str):
    """A value that product.md writes without quotes: majority, async, full ..."""


def pairs(settings, indent):
    return "".join(f"{indent}{key} = {value_text(value)}\n" for key, value in settings.items())


class Daemon:
    """vipd on one host. Its folder outlives its processes, as a host's disk does."""

    def __init__(self, lab, host, folder):
        self.lab = lab
        self.host = host
        self.folder = folder
        self.config = os.path.join(folder, "vipd.conf")
        self.state_dir = os.path.join(folder, "state")
        self.control = os.path.join(folder, "control")
        self.log = os.path.join(folder, "vipd.log")
        self.process = None
        self.wrap = host.exec_args  # the command line that runs it inside its host
        os.makedirs(self.state_dir, mode=0o700)

    # --- processes ---

    def start(self, *more):
        assert not self.running(), f"vipd of {self.host.name} runs already"
        args = [tools.daemon(), "-f", self.config, "--control", self.control, "--state-dir", self.state_dir, "--log",
                "stderr", "--log-level", self.lab.log_level, *more]  # fmt: skip
        self.process = self.lab.procs.spawn(self.wrap(args), self.log)
        return self

    def running(self):
        return self.process is not None and self.process.poll() is None

    def send(self, number):
        """Sends a signal; when, in microseconds of CLOCK_BOOTTIME."""
        at_us = procs.now_us()
        self.process.send_signal(number)
        return at_us

    def kill(self):
        at_us = self.send(signal.SIGKILL)
        self.process.wait(STOP_DEADLINE_S)
        return at_us

    def freeze(self):
        return self.send(signal.SIGSTOP)

    def thaw(self):
        return self.send(signal.SIGCONT)

    def stop(self, number=signal.SIGTERM, deadline_s=STOP_DEADLINE_S):
        """TERM and wait; the exit code."""
        self.send(number)
        try:
            return self.process.wait(deadline_s)
        except subprocess.TimeoutExpired:
            raise procs.LabTimeout(f"vipd of {self.host.name} does not stop\n{self.lab.describe()}") from None

    # --- what it says ---

    def vipctl(self, *args, timeout=STATUS_TIMEOUT_S):
        return subprocess.run(
            [tools.vipctl(), "--control", self.control, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, timeout=timeout,
        )  # fmt: skip

    def status(self):
        """The instance's object of `vipctl --json status`, or None if the daemon does not answer."""
        if not self.running() or procs.process_state(self.process.pid)[0] == "T":
            return None
        try:
            done = self.vipctl("--json", "status")
        except subprocess.TimeoutExpired:
            return None
        if done.returncode != 0:
            return None
        found = json.loads(done.stdout)
        assert found["schema_version"] == 1
        return next(one for one in found["instances"] if one["name"] == INSTANCE)

    def state(self):
        status = self.status()
        return status["state"] if status else None

    def holder(self):
        status = self.status()
        return status["holder"] if status else None

    def events(self):
        return logs.read(self.log, self.host.name)

    def log_tail(self, lines=12):
        if not os.path.exists(self.log):
            return ""
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return "".join(file.readlines()[-lines:])


class Configuration:
    """The text of vipd.conf for a lab: the same for all hosts, as product.md wants it."""

    def __init__(self, lab):
        self.lab = lab
        self.key_file = os.path.join(lab.folder, "vipd.key")
        self.cluster_id = secrets.token_hex(8)
        self.settings = dict(SETTINGS, quorum=Word(lab.quorum), durability=Word("async"))
        self.postgresql = {"manage": Word("full")}
        self.members = {name: {} for name in lab.members}
        self.top = {}
        self.sections = ""  # more sections of the instance, as text

    def write_key(self):
        with open(os.open(self.key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write("# made by the lab\n" + secrets.token_hex(32) + "\n")

    def member_text(self, number, name):
        host = self.lab.net.hosts[name]
        settings = {"address": host.address}
        if name in self.lab.witnesses:
            settings["witness"] = True
        else:
            postgres = self.lab.postgres[name]
            settings["priority"] = 150 - 10 * number
            settings["data_directory"] = postgres.data
            settings["conninfo"] = f"host={postgres.socket} port={postgres.port} user=vipd dbname=postgres"
            settings["upstream"] = postgres.upstream_settings()
            if postgres.port != 5432:
                settings["port"] = postgres.port
        settings.update(self.members[name])
        return f"    member {quoted(name)} {{\n{pairs(settings, '        ')}    }}\n"

    def text(self):
        first = self.lab.postgres[self.lab.data_hosts()[0]]
        postgresql = {
            "data_directory": first.data,
            "conninfo": f"host={first.socket} port={first.port} user=vipd dbname=postgres",
            "upstream": first.upstream_settings(),
        }
        postgresql.update(self.postgresql)
        parts = [pairs(self.top, ""), f"vrrp_instance {quoted(INSTANCE)} {{\n"]
        parts.append(
            pairs(
                {
                    "cluster_id": self.cluster_id,
                    "virtual_router_id": VRID,
                    "interface": "eth0",
                    "virtual_ipaddress": [f"{net.FLOATING4}/24", f"{net.FLOATING6}/64"],
                    **self.settings,
                },
                "    ",
            )
        )
        parts.append(f"    authentication {{\n        key_file = {quoted(self.key_file)}\n    }}\n")
        parts += [self.member_text(number, name) for number, name in enumerate(self.members)]
        parts.append(self.sections)
        parts.append(f"    postgresql {{\n{pairs(postgresql, '        ')}    }}\n}}\n")
        return "".join(parts)

    def write(self, daemon):
        with open(daemon.config, "w", encoding="utf-8") as file:
            file.write(self.text())
