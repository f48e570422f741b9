"""PostgreSQL for the hosts: one template cluster a session, copied for each host, run as postgres in its namespace.

The configuration file is the same on every host (paths are relative to the data directory), because pg_rewind and
pg_basebackup bring the new primary's file along.
"""

import os
import pwd
import shutil
import signal
import time

import psycopg2

from . import net, procs

BIN = os.environ.get("VIPD_PG_BIN", "/usr/lib/postgresql/15/bin")
OS_USER = "postgres"
PORT = 5432
START_DEADLINE_S = 30
REPLICATOR_PASSWORD = "lab"
HERE = os.path.dirname(os.path.abspath(__file__))

CONFIGURATION = f"""
listen_addresses = '*'
port = {PORT}
unix_socket_directories = '../socket'
logging_collector = on
log_directory = '../log'
log_filename = 'postgresql.log'
log_rotation_age = 0
log_rotation_size = 0
log_line_prefix = '%n [%p] %b '
log_checkpoints = off
shared_buffers = 16MB
dynamic_shared_memory_type = mmap
max_connections = 40
max_wal_senders = 10
max_replication_slots = 10
wal_level = replica
wal_log_hints = on
wal_keep_size = 128MB
hot_standby = on
autovacuum = off
"""

ACCESS = f"""
local all all trust
host replication replicator {net.SUBNET4} scram-sha-256
host replication replicator {net.SUBNET6} scram-sha-256
host postgres replicator {net.SUBNET4} scram-sha-256
host postgres replicator {net.SUBNET6} scram-sha-256
host postgres app {net.SUBNET4} trust
host postgres app {net.SUBNET6} trust
"""


def as_owner(args):
    return ["setpriv", f"--reuid={OS_USER}", f"--regid={OS_USER}", "--init-groups", "--reset-env", *args]


def make_owned(path, mode=0o700):
    entry = pwd.getpwnam(OS_USER)
    os.makedirs(path, mode=mode, exist_ok=True)
    os.chmod(path, mode)
    os.chown(path, entry.pw_uid, entry.pw_gid)
    return path


def write_owned(path, text, mode=0o600):
    entry = pwd.getpwnam(OS_USER)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, mode)
    os.chown(path, entry.pw_uid, entry.pw_gid)


def forget_shared_memory(data):
    """Removes the System V segment that a SIGKILLed postmaster of this data directory left behind."""
    try:
        with open(os.path.join(data, "postmaster.pid"), encoding="utf-8") as file:
            key_and_id = file.read().splitlines()[6].split()
    except (FileNotFoundError, NotADirectoryError, IndexError):
        return
    if len(key_and_id) == 2:
        net.run(["ipcrm", "-m", key_and_id[1]], check=False)


def postmaster_of(data):
    """The pid of the living postmaster of a data directory, or None."""
    try:
        with open(os.path.join(data, "postmaster.pid"), encoding="utf-8") as file:
            pid = int(file.readline())
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    state, name = procs.process_state(pid)
    return pid if name == "postgres" and state not in ("Z", "X") else None


class Template:
    """A cluster with the lab's roles and table, cleanly stopped; copies of it are primary and standbys alike."""

    def __init__(self, folder):
        self.folder = folder
        self.data = os.path.join(folder, "data")

    def build(self):
        make_owned(self.folder, 0o755)
        for name in ("socket", "log"):
            make_owned(os.path.join(self.folder, name))
        net.run(
            as_owner([f"{BIN}/initdb", "-k", "-N", "-U", OS_USER, "--auth=trust", "--encoding=UTF8", "--locale=C",
                      "-D", self.data]),
            timeout=120,
        )
        with open(os.path.join(self.data, "postgresql.conf"), "a", encoding="utf-8") as file:
            file.write(CONFIGURATION)
        write_owned(os.path.join(self.data, "pg_hba.conf"), ACCESS)
        control = as_owner([f"{BIN}/pg_ctl", "-D", self.data, "-s", "-w", "-l", f"{self.folder}/log/start.log", "-o",
                            "-c listen_addresses=''"])
        try:
            net.run([*control, "start"], timeout=60)
            self._setup()
        finally:
            net.run([*control, "-m", "fast", "stop"], timeout=60, check=False)
        return self

    def _setup(self):
        with open(os.path.join(HERE, "setup.sql"), encoding="utf-8") as file:
            statements = file.read()
        connection = psycopg2.connect(host=f"{self.folder}/socket", port=PORT, user=OS_USER, dbname="postgres")
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(statements)
        finally:
            connection.close()


class Postgres:
    """The server of one host."""

    def __init__(self, host, folder):
        self.host = host
        self.folder = folder
        self.data = os.path.join(folder, "data")
        self.socket = os.path.join(folder, "socket")
        self.log = os.path.join(folder, "log", "postgresql.log")
        self.start_log = os.path.join(folder, "log", "start.log")
        self.passfile = os.path.join(folder, "pgpass")
        self.port = PORT
        self.config_file = None  # only where it is not in the data directory

    # --- making it ---

    def prepare(self):
        make_owned(self.folder, 0o755)
        for path in (self.socket, os.path.dirname(self.log)):
            make_owned(path)
        write_owned(self.passfile, f"*:*:*:replicator:{REPLICATOR_PASSWORD}\n")

    def copy_from(self, template):
        self.prepare()
        net.run(["cp", "-a", "--reflink=auto", template.data, self.data], timeout=60)

    def base_backup_from(self, upstream_address):
        self.prepare()
        self._base_backup(upstream_address)

    def _base_backup(self, upstream_address):
        source = f"host={upstream_address} port={self.port} user=replicator passfile={self.passfile}"
        net.run(
            self.host.net_args(as_owner([f"{BIN}/pg_basebackup", "-D", self.data, "-c", "fast", "-X", "stream",
                                         "-N", "-d", source])),
            timeout=60,
        )

    def upstream_settings(self):
        return f"user=replicator passfile={self.passfile}"

    def be_standby_of(self, address, application_name):
        conninfo = f"host={address} port={self.port} {self.upstream_settings()} application_name={application_name}"
        with open(os.path.join(self.data, "postgresql.auto.conf"), "a", encoding="utf-8") as file:
            file.write(f"primary_conninfo = '{conninfo}'\n")
        write_owned(os.path.join(self.data, "standby.signal"), "")

    # --- running it ---

    def pg_ctl(self, *args):
        extra = ["-o", f"-c config_file={self.config_file}"] if self.config_file and "start" in args else []
        return self.host.exec_args(as_owner([f"{BIN}/pg_ctl", "-D", self.data, "-s", *extra, *args]))

    def start(self, wait=True):
        net.run(self.pg_ctl("-W", "-l", self.start_log, "start"), timeout=START_DEADLINE_S)
        if wait:
            self.wait_ready()

    def wait_ready(self, deadline_s=START_DEADLINE_S):
        procs.wait_until(lambda: self.answers(), deadline_s, f"PostgreSQL of {self.host.name} answers", self.log_tail)

    def stop(self, mode="fast"):
        net.run(self.pg_ctl("-w", "-m", mode, "stop"), timeout=60)

    def stop_if_running(self):
        """For the end of a lab: immediate, and without complaint."""
        pid = self.postmaster_pid()
        if pid and procs.signal_pid(pid, signal.SIGQUIT):
            end = time.monotonic() + 3
            while procs.alive(pid) and time.monotonic() < end:
                time.sleep(0.01)

    def postmaster_pid(self):
        """The pid of the living postmaster, or None."""
        return postmaster_of(self.data)

    def kill_postmaster(self):
        """SIGKILL; returns when it was sent, in microseconds of CLOCK_BOOTTIME."""
        pid = self.postmaster_pid()
        assert pid, f"no postmaster on {self.host.name}"
        at_us = procs.now_us()
        os.kill(pid, signal.SIGKILL)
        return at_us

    def process_named(self, words):
        """The pid of the server process whose title contains words ("startup", "walreceiver"), or None."""
        for pid in self.host.pids():
            try:
                with open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as file:
                    title = file.read()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if title.startswith("postgres:") and words in title:
                return pid
        return None

    # --- asking it ---

    def connect(self, user=OS_USER, timeout_s=3):
        connection = psycopg2.connect(
            host=self.socket, port=self.port, user=user, dbname="postgres", connect_timeout=timeout_s,
            options="-c statement_timeout=20s",
        )
        connection.autocommit = True
        return connection

    def rows(self, query, *parameters):
        connection = self.connect()
        try:
            with connection.cursor() as cursor:
                cursor.execute(query, parameters or None)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def value(self, query, *parameters):
        rows = self.rows(query, *parameters)
        return rows[0][0] if rows else None

    def answers(self):
        try:
            return self.value("SELECT 1") == 1
        except psycopg2.Error:
            return False

    def role(self):
        """primary, standby or down"""
        try:
            return "standby" if self.value("SELECT pg_is_in_recovery()") else "primary"
        except psycopg2.Error:
            return "down"

    def streams_from(self):
        """The address it streams from, None if it does not."""
        try:
            rows = self.rows("SELECT sender_host FROM pg_stat_wal_receiver WHERE status = 'streaming'")
        except psycopg2.Error:
            return None
        return rows[0][0] if rows else None

    def received_lsn(self):
        """The end of WAL it has, as a number; None if it does not answer."""
        query = """SELECT CASE WHEN pg_is_in_recovery()
            THEN greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())
            ELSE pg_current_wal_flush_lsn() END - '0/0'::pg_lsn"""
        try:
            value = self.value(query)
        except psycopg2.Error:
            return None
        return int(value) if value is not None else None

    def table_sum(self):
        """Number of the client's rows and a checksum over all of them."""
        return self.rows("SELECT count(*), md5(coalesce(string_agg(n::text, ',' ORDER BY n), '')) FROM lab_rows")[0]

    def timeline_switch(self):
        """(timeline, where it branched off) of the newest timeline's history file; (1, 0) without one."""
        names = [name for name in os.listdir(os.path.join(self.data, "pg_wal")) if name.endswith(".history")]
        if not names:
            return 1, 0
        newest = max(names)
        with open(os.path.join(self.data, "pg_wal", newest), encoding="utf-8") as file:
            last = [line for line in file.read().splitlines() if line.strip()][-1]
        high, low = last.split()[1].split("/")
        return int(newest.split(".")[0], 16), (int(high, 16) << 32) + int(low, 16)

    def log_tail(self, lines=15):
        text = ""
        for path in (self.start_log, self.log):
            if os.path.exists(path):
                with open(path, encoding="utf-8", errors="replace") as file:
                    text += "".join(file.readlines()[-lines:])
        return text

    def remove(self):
        forget_shared_memory(self.data)
        shutil.rmtree(self.folder, ignore_errors=True)
