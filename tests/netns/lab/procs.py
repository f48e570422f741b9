"""Processes of a lab: started, recorded by pid, killed by pid; conditions waited for with a deadline.

The lab is the reaper of its hosts (PR_SET_CHILD_SUBREAPER): a postmaster that was SIGKILLed must vanish at once, as it
does on a machine whose init works, or PostgreSQL takes its zombie for a living owner of the data directory.
"""

import ctypes
import os
import signal
import subprocess
import threading
import time

PR_SET_CHILD_SUBREAPER = 36
REAP_EVERY_S = 0.02
KILL_DEADLINE_S = 15
POLL_S = 0.03
OWN_TOOLS = ("postgres",)  # daemonised programs that end up as children of the lab without a Popen


class LabTimeout(AssertionError):
    pass


def now_us():
    """CLOCK_BOOTTIME, the clock of the daemons' logs, of the writer and of the watcher."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1000


def wait_until(condition, deadline_s, what, on_fail=None, poll_s=POLL_S):
    """Polls until condition() is true and returns its value; LabTimeout naming `what` after deadline_s."""
    end = time.monotonic() + deadline_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= end:
            detail = on_fail() if on_fail else ""
            raise LabTimeout(f"not within {deadline_s} s: {what}\n{detail}")
        time.sleep(poll_s)


def process_state(pid):
    """The letter of /proc/PID/stat and the command's name; (None, None) if there is no such process."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            text = file.read()
    except (FileNotFoundError, ProcessLookupError):
        return None, None
    return text[text.rindex(")") + 2], text[text.index("(") + 1 : text.rindex(")")]


def parent_pid(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return int(file.read().rsplit(")", 1)[1].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return None


def command_line(pid):
    try:
        with open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as file:
            return file.read().split("\0")[:-1]
    except (FileNotFoundError, ProcessLookupError):
        return []


def process_start_time(pid):
    """Start time in ticks: with the pid it names a process for good. None if it is gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rsplit(")", 1)[1].split()[19]
    except (FileNotFoundError, ProcessLookupError):
        return None


def signal_pid(pid, number):
    try:
        os.kill(pid, number)
        return True
    except ProcessLookupError:
        return False


def alive(pid):
    state, _ = process_state(pid)
    return state not in (None, "Z", "X")


class Reaper(threading.Thread):
    """Collects orphans of the hosts that ended up with us; children with a Popen are none of its business."""

    def __init__(self):
        super().__init__(name="lab-reaper", daemon=True)
        self.done = threading.Event()
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")

    def run(self):
        while not self.done.wait(REAP_EVERY_S):
            self.reap()

    @staticmethod
    def reap():
        for task in os.listdir("/proc/self/task"):
            try:
                with open(f"/proc/self/task/{task}/children", encoding="ascii") as file:
                    children = [int(pid) for pid in file.read().split()]
            except (FileNotFoundError, ProcessLookupError):
                continue
            for pid in children:
                state, name = process_state(pid)
                if state == "Z" and name in OWN_TOOLS:
                    try:
                        os.waitpid(pid, os.WNOHANG)
                    except ChildProcessError:
                        pass

    def stop(self):
        self.done.set()
        self.join()
        self.reap()


class Procs:
    """The processes that the lab started itself."""

    def __init__(self):
        self.started = []

    def spawn(self, args, log_path=None, env=None):
        """Starts args with both outputs appended to log_path; its own session, so that a Ctrl-C is ours alone."""
        log = open(log_path, "ab") if log_path else subprocess.DEVNULL
        try:
            process = subprocess.Popen(
                args, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, env=env
            )
        finally:
            if log_path:
                log.close()
        self.started.append(process)
        return process

    def kill_all(self, more_pids):
        """SIGKILL to every process still there, and to what more_pids() lists, until nothing is left."""
        end = time.monotonic() + KILL_DEADLINE_S
        while True:
            left = [process.pid for process in self.started if process.poll() is None]
            left += [pid for pid in more_pids() if alive(pid)]
            if not left:
                return
            if time.monotonic() >= end:
                raise LabTimeout(f"processes that do not die: {left}")
            for pid in left:
                signal_pid(pid, signal.SIGKILL)
            time.sleep(0.02)
