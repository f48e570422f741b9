"""A cluster as Debian's postgresql-common lays it out: configuration under /etc, data under /var/lib/postgresql."""

import os

import pytest

from lab import debian
from lab.story import Story


def test_debian_clusters_stream_and_leave_nothing(make_lab):
    lab = make_lab(data=2, server=debian.DebianPostgres)
    lab.start_postgres(base_backup=True)
    server = lab.postgres["db2"]
    lab.postgres["db1"].rows("INSERT INTO lab_rows VALUES (1)")
    assert lab.wait_equal() == 1
    assert server.value("SHOW config_file") == server.config_file
    assert not os.path.exists(os.path.join(server.data, "postgresql.conf"))
    paths = [server.etc, server.data, server.log]
    assert all(os.path.exists(path) for path in paths)
    lab.close()
    assert not [path for path in paths if os.path.exists(path)]


@pytest.mark.daemon
@pytest.mark.parametrize("fault", ["postmaster", "cable"])
def test_debian_cluster_fails_over_and_comes_back(make_lab, fault):
    lab = make_lab(data=2, witnesses=1, server=debian.DebianPostgres).up()
    story = Story(lab)
    if fault == "postmaster":
        story.fault(lab.postgres["db1"].kill_postmaster)
    else:
        story.fault(lambda: lab.faults.cut("db1"))
    assert story.taken_over() == "db2"
    lab.faults.mend("db1")
    story.comes_back("db1")
    assert lab.postgres["db1"].value("SHOW config_file") == lab.postgres["db1"].config_file
    story.end(["db1", "db2"])
