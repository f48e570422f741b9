"""The client: tests/bench/writer.c in the client's namespace, and what its record says about outages and losses."""

import collections
import os
import signal

from . import net, procs

STOP_DEADLINE_S = 10
HOLE_MS = 40  # two acknowledged rows further apart than this have a hole between them

Row = collections.namedtuple("Row", "number started_us acked_us host lsn")
Failure = collections.namedtuple("Failure", "number started_us ended_us reason")
Outage = collections.namedtuple("Outage", "ms first_commit_ms longest_ms holes failures before after")


def parse_lsn(text):
    high, low = text.split("/")
    return (int(high, 16) << 32) + int(low, 16)


def read_record(path, host_of_data):
    """(rows, failures) of a writer's output; an unfinished last line is left for the next reading."""
    rows, failures = [], []
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            if not line.endswith("\n"):
                break
            kind, number, started, ended, rest = line.rstrip("\n").split(" ", 4)
            if kind == "A":
                data, lsn = rest.rsplit(" ", 1)
                rows.append(Row(int(number), int(started), int(ended), host_of_data(data), parse_lsn(lsn)))
            else:
                failures.append(Failure(int(number), int(started), int(ended), rest))
    return rows, failures


class Writer:
    def __init__(self, lab, name="writer", deadline_ms=250, pause_us=2000, address=net.FLOATING4, first=1):
        self.lab = lab
        self.output = os.path.join(lab.folder, f"{name}.txt")
        self.deadline_ms = deadline_ms
        self.finished = False
        open(self.output, "w", encoding="ascii").close()
        args = [
            lab.session.programs["writer"], "--host", address, "--output", self.output, "--deadline-ms",
            str(deadline_ms), "--pause-us", str(pause_us), "--first", str(first),
        ]  # fmt: skip
        self.process = lab.procs.spawn(lab.net.client.net_args(args), os.path.join(lab.folder, f"{name}.log"))

    def read(self):
        return read_record(self.output, self.lab.host_of_data)

    def rows(self):
        return self.read()[0]

    def failures(self, since_us=0):
        return [failure for failure in self.read()[1] if failure.ended_us >= since_us]

    def rows_since(self, since_us, host=None):
        return [row for row in self.rows() if row.acked_us > since_us and host in (None, row.host)]

    def wait_rows(self, count=1, since_us=0, host=None, deadline_s=20):
        """Waits for that many acknowledged rows after an instant, of any host or of this one."""
        what = f"{count} rows acknowledged" + (f" by {host}" if host else "")
        return procs.wait_until(
            lambda: (rows := self.rows_since(since_us, host)) and len(rows) >= count and rows, deadline_s, what,
            self.lab.describe,
        )  # fmt: skip

    def wait_failover(self, fault_us, old=None, deadline_s=30, rows=20):
        """Waits until rows are acknowledged again after the fault, by another host than `old`; its name."""

        def new_host():
            later = [row for row in self.rows() if row.acked_us > fault_us and row.host != old]
            return later[-1].host if len(later) >= rows else None

        return procs.wait_until(
            new_host, deadline_s, f"rows acknowledged by another host than {old} after the fault", self.lab.describe
        )

    def freeze(self):
        """No more attempts until thaw(); one that is under way may end as failed."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def stop(self):
        if not self.finished:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(STOP_DEADLINE_S)
            self.finished = True
        return self

    def outage(self, fault_us):
        """The time from the fault to the end of the last hole in acknowledged rows, and the longest hole.

        A hole counts if it spans the fault or if an attempt failed in it: a slow fsync is no outage.
        """
        rows, failures = self.read()
        times = [row.acked_us for row in rows]
        before = [row for row in rows if row.acked_us <= fault_us]
        after = [row for row in rows if row.acked_us > fault_us]
        failed = [failure.ended_us for failure in failures if failure.ended_us > fault_us]
        holes = [
            (left, right) for left, right in zip(times, times[1:])
            if right > fault_us and right - left > HOLE_MS * 1000
            and (left <= fault_us or any(left < us <= right for us in failed))
        ]  # fmt: skip
        old = before[-1].host if before else None
        first_new = next((row.acked_us for row in after if row.host != old), None)
        return Outage(
            ms=(holes[-1][1] - fault_us) / 1000 if holes else 0.0,
            first_commit_ms=(first_new - fault_us) / 1000 if first_new else None,
            longest_ms=max(((right - left) / 1000 for left, right in holes), default=0.0),
            holes=len(holes),
            failures=len(failed),
            before=old,
            after=after[-1].host if after else None,
        )

    def lost(self, postgres):
        """Acknowledged rows that this server does not have."""
        present = {n for (n,) in postgres.rows("SELECT n FROM lab_rows")}
        return [row for row in self.rows() if row.number not in present]


def not_sent(lost, received_lsn):
    """Splits lost rows: those that asynchronous replication cannot have had, and those that it had.

    received_lsn is how far the best standby had received at some moment after the fault and before its promotion. A
    row's own position is where the WAL stood before its commit record, so a row that was followed by another one
    below received_lsn had been received as a whole.
    """
    excused, guilty = [], []
    for row, following in zip(lost, lost[1:] + [None]):
        known_end = following.lsn if following else None
        (guilty if known_end is not None and known_end <= received_lsn else excused).append(row)
    return excused, guilty
