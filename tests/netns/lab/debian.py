"""A server laid out by Debian's pg_createcluster: data in /var/lib/postgresql/V/C, configuration in /etc/postgresql/V/C,
so that the configuration is not in the data directory and differs from host to host.
"""

import glob
import os
import re
import shutil

from . import net, postgres

VERSION = "15"

CONFIGURATION = """
listen_addresses = '*'
shared_buffers = 16MB
dynamic_shared_memory_type = mmap
max_connections = 40
wal_log_hints = on
wal_keep_size = 128MB
autovacuum = off
"""


class DebianPostgres(postgres.Postgres):
    def __init__(self, host, folder):
        super().__init__(host, folder)
        self.cluster = host.ns  # the lab's prefix and the host's name: nobody else's
        self.data = f"/var/lib/postgresql/{VERSION}/{self.cluster}"
        self.etc = f"/etc/postgresql/{VERSION}/{self.cluster}"
        self.log = f"/var/log/postgresql/postgresql-{VERSION}-{self.cluster}.log"
        self.config_file = f"{self.etc}/postgresql.conf"

    def prepare(self):
        super().prepare()
        net.run(
            ["pg_createcluster", VERSION, self.cluster, "-p", str(self.port), "--socketdir", self.socket,
             "--start-conf", "manual", "--", "-k", "-N", "--locale=C", "--encoding=UTF8"],
            timeout=60,
        )  # fmt: skip
        postgres.write_owned(f"{self.etc}/conf.d/lab.conf", CONFIGURATION, 0o644)
        postgres.write_owned(f"{self.etc}/pg_hba.conf", postgres.ACCESS, 0o640)

    def copy_from(self, template):
        """The template's roles and table come by its data files; the configuration stays Debian's."""
        self.prepare()
        shutil.rmtree(self.data)
        net.run(["cp", "-a", "--reflink=auto", template.data, self.data], timeout=60)
        for name in ("postgresql.conf", "pg_hba.conf", "pg_ident.conf"):
            os.unlink(os.path.join(self.data, name))

    def base_backup_from(self, upstream_address):
        self.prepare()
        shutil.rmtree(self.data)
        self._base_backup(upstream_address)

    def start(self, wait=True):
        command = ["pg_ctlcluster", "--skip-systemctl-redirect", VERSION, self.cluster, "start"]
        net.run(self.host.exec_args(command), timeout=postgres.START_DEADLINE_S)
        if wait:
            self.wait_ready()

    def remove(self):
        super().remove()
        remove_cluster(self.cluster)


def remove_cluster(cluster):
    """Everything pg_createcluster made for it, and what its servers wrote."""
    if not re.fullmatch(r"lab\d+[a-z]-[a-z0-9]+", cluster):
        raise ValueError(f"not a lab's cluster: {cluster}")
    shutil.rmtree(f"/etc/postgresql/{VERSION}/{cluster}", ignore_errors=True)
    for path in glob.glob(f"/var/lib/postgresql/{VERSION}/{cluster}*"):
        shutil.rmtree(path, ignore_errors=True)
    for path in glob.glob(f"/var/log/postgresql/postgresql-{VERSION}-{cluster}.log*"):
        os.unlink(path)


def sweep(prefix):
    """Clusters of a dead lab."""
    for path in glob.glob(f"/etc/postgresql/{VERSION}/{prefix}[a-z]-*"):
        remove_cluster(os.path.basename(path))
