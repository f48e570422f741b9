"""How a daemon is kept from running: killed, stopped, frozen by a control group, starved by a real-time process.

Each way begins with one call and ends with another, and both say when, in microseconds of CLOCK_BOOTTIME: the first when
the daemon certainly does not run any more, the second just before it may run again.
"""

import os
import resource
import signal
import subprocess
import sys

from . import procs

FREEZER_V1 = "/sys/fs/cgroup/freezer"
UNIFIED = ("/sys/fs/cgroup", "/sys/fs/cgroup/unified")
DEADLINE_S = 10
HOG_PRIORITY = 50  # above the daemon's (scheduling = "rr:1")
HOG_SECONDS_MAX = 60  # of processor time: a hog that is forgotten ends by itself
HOG = "import os; os.write(1, b'.')\nwhile True: pass"


def threads(pid):
    return [int(task) for task in os.listdir(f"/proc/{pid}/task")]


def write(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def read(path):
    with open(path, encoding="ascii") as file:
        return file.read()


class Stop:
    """stop = stops.Frozen(lab); began_us = stop.begin(daemon); ended_us = stop.end(). One daemon at a time."""

    def __init__(self, lab):
        self.lab = lab
        self.daemon = None
        lab.faults.held.append(self.clean)

    def begin(self, daemon):
        self.daemon = daemon
        self._begin(daemon.process.pid)
        return procs.now_us()

    def end(self):
        at_us = procs.now_us()
        self._end(self.daemon.process.pid)
        return at_us

    def end_by_death(self):
        """The daemon is killed instead of running again; when it was dead. (A frozen process dies as it is thawed.)"""
        procs.signal_pid(self.daemon.process.pid, signal.SIGKILL)
        self.end()
        self.daemon.process.wait(DEADLINE_S)
        return procs.now_us()

    def clean(self):
        pass


class Killed(Stop):
    def _begin(self, pid):
        self.daemon.kill()

    def _end(self, pid):
        self.daemon.start()


class Stopped(Stop):
    def _begin(self, pid):
        os.kill(pid, signal.SIGSTOP)
        procs.wait_until(lambda: procs.process_state(pid)[0] == "T", DEADLINE_S, "the daemon is stopped", poll_s=0.001)

    def _end(self, pid):
        procs.signal_pid(pid, signal.SIGCONT)


class Frozen(Stop):
    """The freezer of either version of control groups."""

    def __init__(self, lab):
        super().__init__(lab)
        self.old = os.path.exists(f"{FREEZER_V1}/cgroup.procs")
        self.root = FREEZER_V1 if self.old else next(one for one in UNIFIED if os.path.exists(f"{one}/cgroup.procs"))
        self.folder = f"{self.root}/vipd-{lab.prefix}"

    def _set(self, frozen):
        if self.old:
            write(f"{self.folder}/freezer.state", "FROZEN" if frozen else "THAWED")
        else:
            write(f"{self.folder}/cgroup.freeze", "1" if frozen else "0")

    def _is_frozen(self):
        if self.old:
            return read(f"{self.folder}/freezer.state").strip() == "FROZEN"
        return "frozen 1" in read(f"{self.folder}/cgroup.events")

    def _begin(self, pid):
        os.makedirs(self.folder, exist_ok=True)
        write(f"{self.folder}/cgroup.procs", str(pid))
        self._set(True)
        procs.wait_until(self._is_frozen, DEADLINE_S, "the daemon is frozen", poll_s=0.001)

    def _end(self, pid):
        self._set(False)

    def leave(self):
        """Everything back into the parent: what the daemon starts later must not be frozen with it."""
        for pid in read(f"{self.folder}/cgroup.procs").split():
            try:
                write(f"{self.root}/cgroup.procs", pid)
            except ProcessLookupError:
                pass

    def clean(self):
        if os.path.isdir(self.folder):
            self._set(False)
            self.leave()
            procs.wait_until(self._removed, DEADLINE_S, "the control group is gone")

    def _removed(self):
        try:
            os.rmdir(self.folder)
        except OSError:  # what has just left, or died, may still be counted
            self.leave()
            return False
        return True


class Starved(Stop):
    """The daemon's threads and a SCHED_FIFO process above them, all on one core."""

    hog = None

    def _begin(self, pid):
        core = max(os.sched_getaffinity(0))
        for thread in threads(pid):
            os.sched_setaffinity(thread, {core})

        def become_hog():
            resource.setrlimit(resource.RLIMIT_CPU, (HOG_SECONDS_MAX, HOG_SECONDS_MAX))
            os.sched_setaffinity(0, {core})
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(HOG_PRIORITY))

        self.hog = subprocess.Popen([sys.executable, "-c", HOG], stdout=subprocess.PIPE, preexec_fn=become_hog)
        assert self.hog.stdout.read(1) == b".", "the hog did not begin"

    def _end(self, pid):
        self.clean()
        for thread in threads(pid) if procs.alive(pid) else []:
            os.sched_setaffinity(thread, os.sched_getaffinity(0))

    def clean(self):
        if self.hog:
            self.hog.kill()
            self.hog.wait(DEADLINE_S)
            self.hog.stdout.close()
            self.hog = None


ALL = {"killed": Killed, "stopped": Stopped, "frozen": Frozen, "starved": Starved}
