"""The lab itself: hosts, PostgreSQL, daemons, and an end that leaves nothing behind."""

import fcntl
import glob
import os
import random
import shutil
import signal
import sys
import tempfile

from . import capture, daemons, debian, disks, faults, net, postgres, procs, tools, watcher, writer

BASE = "/var/tmp"
PREFIX = "vipd-lab-"
HOLDER_DEADLINE_S = 40


class Session:
    """What all labs of one test run share: the template cluster, the compiled tools, the reaper, the seed."""

    def __init__(self):
        sweep()
        self.folder = tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=BASE)
        os.chmod(self.folder, 0o755)
        with open(os.path.join(self.folder, "owner"), "w", encoding="ascii") as file:
            file.write(f"{os.getpid()} {procs.process_start_time(os.getpid())}\n")
        self.seed = int(os.environ.get("VIPD_LAB_SEED") or random.randrange(1 << 31))
        self.count = 0
        self._template = None
        self.reaper = procs.Reaper()
        self.reaper.start()
        try:
            self.programs = tools.prepare(self.folder)
        except BaseException:
            self.close()
            raise

    @property
    def template(self):
        if self._template is None:
            self._template = postgres.Template(os.path.join(self.folder, "template")).build()
        return self._template

    def close(self):
        self.reaper.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def namespaces_of(prefix):
    return [name for name in os.listdir("/run/netns") if name.startswith(prefix)] if os.path.isdir("/run/netns") else []


def keep(session, lab):
    """Leaves a running lab to the operator: only sweep(kept=True) will remove it."""
    session.reaper.stop()
    for name in ("watchers", "writers", "captures"):
        for one in getattr(lab, name):
            one.stop()
    os.rename(os.path.join(session.folder, "owner"), os.path.join(session.folder, "kept"))


def sweep(kept=False):
    """Removes what labs left behind whose owner died without cleaning up (SIGKILL); kept: also what was kept."""
    if kept:
        for path in glob.glob(os.path.join(BASE, PREFIX + "*", "kept")):
            os.rename(path, os.path.join(os.path.dirname(path), "owner"))
    for folder in glob.glob(os.path.join(BASE, PREFIX + "*")):
        try:
            with open(os.path.join(folder, "owner"), encoding="ascii") as file:
                pid, started = file.read().split()
        except (FileNotFoundError, ValueError):
            continue
        if procs.process_start_time(int(pid)) == started:
            continue
        for namespace in namespaces_of(f"lab{pid}"):
            for left in net.run(["ip", "netns", "pids", namespace], check=False).split():
                procs.signal_pid(int(left), signal.SIGKILL)
            net.run(["ip", "netns", "del", namespace], check=False)
        for data in glob.glob(os.path.join(folder, "*", "data")) + glob.glob(os.path.join(folder, "*", "*", "data")):
            pid = postgres.postmaster_of(data)
            if pid:
                procs.signal_pid(pid, signal.SIGQUIT)
            postgres.forget_shared_memory(data)
        debian.sweep(f"lab{pid}")
        disks.release(folder)
        shutil.rmtree(folder, ignore_errors=True)


class Lab:
    """with Lab(session, data=3, witnesses=1) as lab: ...

    data hosts are db1, db2, ...; witnesses w1, ...; db1 is the first primary. Nothing runs until start_postgres()
    and start_daemons() are called.
    """

    def __init__(self, session, data=3, witnesses=0, quorum="majority", server=postgres.Postgres, name=""):
        self.session = session
        self.quorum = quorum
        self.server = server
        self.name = name
        session.count += 1
        self.prefix = f"lab{os.getpid()}{chr(ord('a') + session.count % 26)}"
        self.folder = os.path.join(session.folder, str(session.count))
        self.random = random.Random(session.seed)
        self.log_level = os.environ.get("VIPD_LAB_LOG_LEVEL", "debug")
        self.data = [f"db{number + 1}" for number in range(data)]
        self.witnesses = [f"w{number + 1}" for number in range(witnesses)]
        self.members = self.data + self.witnesses
        self.net = net.Network(self.prefix, self.members)
        self.procs = procs.Procs()
        self.faults = faults.Faults(self)
        self.postgres = {}
        self.daemons = {}
        self.configuration = None
        self.watchers = []
        self.writers = []
        self.captures = []
        self.at_exit = []

    # --- beginning and end ---

    def __enter__(self):
        os.makedirs(self.folder, mode=0o755)
        self._lock = open(os.path.join(self.folder, "lock"), "w", encoding="ascii")
        fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        try:
            self.net.create()
            for name in self.data:
                self.postgres[name] = self.server(self.net.hosts[name], os.path.join(self.folder, name))
            self.configuration = daemons.Configuration(self)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, kind, error, _):
        if kind is not None:
            self.explain(error)
        self.close()

    def explain(self, error):
        """What a failed test needs: the state of everything, and how to repeat it."""
        test = os.environ.get("PYTEST_CURRENT_TEST", "").split(" ")[0] or self.name
        print(f"\n--- lab {self.prefix}: {type(error).__name__}", file=sys.stderr)
        print(self.describe(), file=sys.stderr)
        print(f"--- seed {self.session.seed}; to repeat: VIPD_BUILD={tools.BUILD or '...'} VIPD_LAB_SEED={self.session.seed} "
              f"/usr/bin/python3 -m pytest -p no:cacheprovider '{test}'", file=sys.stderr)  # fmt: skip
        if os.environ.get("VIPD_LAB_KEEP_LOGS"):
            kept = os.path.join(os.environ["VIPD_LAB_KEEP_LOGS"], os.path.basename(test).replace("/", "_"))
            self.save_logs(kept)
            print(f"--- logs kept in {kept}", file=sys.stderr)

    def save_logs(self, folder):
        for root, _, names in os.walk(self.folder):
            for name in names:
                if name.endswith((".log", ".txt", ".pcap", ".conf")):
                    relative = os.path.relpath(os.path.join(root, name), self.folder)
                    target = os.path.join(folder, relative)
                    os.makedirs(os.path.dirname(target), exist_ok=True)
                    shutil.copyfile(os.path.join(root, name), target)

    def close(self):
        """Ends every process by its pid, removes namespaces and files. A second Ctrl-C does not interrupt it."""
        previous = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            self.faults.continue_all()
            for daemon in self.daemons.values():
                if daemon.running():
                    daemon.kill()
            for server in self.postgres.values():
                server.stop_if_running()
            self.procs.kill_all(self.net.pids)
            for act in self.at_exit:
                act()
            for server in self.postgres.values():
                server.remove()
            self.net.destroy()
            shutil.rmtree(self.folder, ignore_errors=True)
        finally:
            signal.signal(signal.SIGINT, previous)

    # --- PostgreSQL ---

    def data_hosts(self):
        return list(self.data)

    def start_postgres(self, base_backup=False, wait=True):
        """db1 as the primary, the others as its standbys, streaming."""
        first, *others = self.data
        primary = self.postgres[first]
        primary.copy_from(self.session.template)
        primary.start(wait=base_backup)
        for name in others:
            standby = self.postgres[name]
            if base_backup:
                standby.base_backup_from(primary.host.address)
            else:
                standby.copy_from(self.session.template)
            standby.be_standby_of(primary.host.address, name)
            standby.start(wait=False)
        if wait:
            for server in self.postgres.values():
                server.wait_ready()
            self.wait_streaming(first, others)
        return self

    def wait_streaming(self, primary, standbys=None, deadline_s=40):
        address = self.net.hosts[primary].address
        for name in standbys if standbys is not None else [one for one in self.data if one != primary]:
            procs.wait_until(
                lambda name=name: self.postgres[name].streams_from() == address, deadline_s,
                f"{name} streams from {primary}", self.describe,
            )  # fmt: skip

    def host_of_data(self, path):
        for name, server in self.postgres.items():
            if server.data == path:
                return name
        return path

    def primaries(self):
        return [name for name, server in self.postgres.items() if server.role() == "primary"]

    def best_received(self, names):
        """How far the best of these had received, as a number."""
        return max((self.postgres[name].received_lsn() or 0) for name in names)

    def wait_caught_up(self, primary, deadline_s=40):
        """Waits until every standby has received what the primary has now."""
        goal = self.postgres[primary].received_lsn()
        for name in [one for one in self.data if one != primary]:
            procs.wait_until(
                lambda name=name: (self.postgres[name].received_lsn() or 0) >= goal, deadline_s,
                f"{name} has received all of {primary}", self.describe,
            )  # fmt: skip

    def wait_equal(self, deadline_s=40):
        """Waits until all servers have the same rows; returns their number."""

        def equal():
            sums = {server.table_sum() for server in self.postgres.values()}
            return sums if len(sums) == 1 else None

        return procs.wait_until(equal, deadline_s, "all servers have the same rows", self.describe).pop()[0]

    # --- the client's side ---

    def start_writer(self, **options):
        self.writers.append(writer.Writer(self, **options))
        return self.writers[-1]

    def start_watcher(self, **options):
        self.watchers.append(watcher.Watcher(self, **options))
        return self.watchers[-1]

    def start_capture(self, **options):
        self.captures.append(capture.Capture(self, **options))
        return self.captures[-1]

    # --- daemons ---

    def configure(self):
        self.configuration.write_key()
        for name in self.members:
            folder = os.path.join(self.folder, f"vipd-{name}")
            os.makedirs(folder, mode=0o755)
            self.daemons[name] = daemons.Daemon(self, self.net.hosts[name], folder)
            self.configuration.write(self.daemons[name])

    def start_daemons(self, names=None):
        if not self.daemons:
            self.configure()
        for name in names or self.members:
            self.daemons[name].start()
        return self

    def power_off(self, *names):
        """What hosts lose with their power: every process, and everything of the network that is not configured."""
        at_us = procs.now_us()
        for name in names:  # before anything else dies: a daemon that saw it would act on it
            if self.daemons[name].running():
                procs.signal_pid(self.daemons[name].process.pid, signal.SIGKILL)
        for name in names:
            host = self.net.hosts[name]

            def off(host=host):
                left = [pid for pid in host.pids() if procs.alive(pid)]
                for pid in left:
                    procs.signal_pid(pid, signal.SIGKILL)
                return not left

            procs.wait_until(off, 10, f"{name} is off")
            if self.daemons[name].process:
                self.daemons[name].process.wait(10)
            if name in self.postgres:
                postgres.forget_shared_memory(self.postgres[name].data)
            self.net.boot(name)
        return at_us

    def masters(self):
        return [name for name, daemon in self.daemons.items() if daemon.state() == "MASTER"]

    def wait_holder(self, name=None, other_than=None, deadline_s=HOLDER_DEADLINE_S):
        """Waits until one member is MASTER, half of the members or more name it, and nobody names another; its name.

        A member that is cut off names nobody.
        """

        def agreed():
            statuses = [status for status in (daemon.status() for daemon in self.daemons.values()) if status]
            named = [status["holder"] for status in statuses if status["holder"]]
            if len(set(named)) != 1 or len(named) * 2 < len(self.members):
                return None
            if named[0] == other_than or name not in (None, named[0]):
                return None
            return named[0] if self.daemons[named[0]].state() == "MASTER" else None

        what = f"{name or 'a member'} is MASTER and the others say so"
        return procs.wait_until(agreed, deadline_s, what, self.describe)

    def wait_grants(self, count=None, deadline_s=HOLDER_DEADLINE_S):
        """Waits until the holder counts the grants of so many members (default: all): also of one that was silent."""
        count = count or len(self.members)

        def granted():
            statuses = [status for status in (daemon.status() for daemon in self.daemons.values()) if status]
            return any(one["state"] == "MASTER" and one["grants"] == count for one in statuses)

        return procs.wait_until(granted, deadline_s, f"{count} members grant the holder", self.describe)

    def wait_state(self, name, *states, deadline_s=HOLDER_DEADLINE_S):
        return procs.wait_until(
            lambda: (state := self.daemons[name].state()) in states and state, deadline_s,
            f"{name} is {' or '.join(states)}", self.describe,
        )  # fmt: skip

    def up(self, base_backup=False):
        """PostgreSQL, daemons, and db1 as the holder."""
        self.start_postgres(base_backup=base_backup)
        self.start_daemons()
        self.wait_holder(self.data[0])
        return self

    def describe(self):
        """Everything about every host in a few lines each; never raises."""
        lines = [f"at {procs.now_us() / 1e6:.3f}"]
        for name in self.members:
            try:
                lines.append(self._describe_host(name))
            except Exception as error:  # a description must not hide what failed
                lines.append(f"{name}: {error!r}")
        for one in self.watchers:
            lines.append(one.describe())
        for one in self.writers:
            rows, failed = one.read()
            last = f", the last one by {rows[-1].host} at {rows[-1].acked_us / 1e6:.3f}" if rows else ""
            lines.append(f"writer: {len(rows)} rows{last}; {len(failed)} failures, last: {failed[-1:]}")
        return "\n".join(lines)

    def _describe_host(self, name):
        parts = [f"== {name}: address {'bound' if self.net.has_address(name) else 'not bound'}"]
        if name in self.postgres:
            server = self.postgres[name]
            parts[0] += f", PostgreSQL {server.role()}, streams from {server.streams_from()}, {server.received_lsn()}"
        if name in self.daemons:
            daemon = self.daemons[name]
            status = daemon.status()
            parts.append(f"vipd {'runs' if daemon.running() else 'does not run'}: {status}")
            parts.append(daemon.log_tail())
        if name in self.postgres:
            parts.append(self.postgres[name].log_tail(8))
        return "\n".join(parts)
