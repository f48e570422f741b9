"""vipctl failover: an operator chooses who is elected, and what may be lost, when nobody is elected by itself."""

import json

import pytest

from lab import procs
from lab.story import Story

pytestmark = pytest.mark.daemon

TAKE_S = 60
MUCH = "CREATE TABLE much AS SELECT g, repeat('x', 1000) AS x FROM generate_series(1, 60000) AS g"  # > max_lag


def failover(lab, host, to, *more):
    return lab.daemons[host].vipctl("--json", "failover", "--to", to, *more, timeout=TAKE_S)


def lags(lab, name, holder=None):
    """The member knows that it is beyond max_lag, by what this holder reported; None: nobody holds."""
    status = lab.daemons[name].status()
    return status is not None and "lag" in status["fault_reasons"] and status["holder"] == holder


def wait_lags(lab, holder=None):
    for name in ("db2", "db3"):
        procs.wait_until(lambda name=name: lags(lab, name, holder), 30, f"{name} lags too far to stand", lab.describe)


def test_beyond_max_lag_nobody_is_promoted_until_an_operator_accepts_the_loss(make_lab):
    lab = make_lab(data=3).up()
    story = Story(lab)

    refused = failover(lab, "db2", "db2", "--accept-data-loss")
    assert refused.returncode == 1 and "db1 holds the lease" in refused.stderr
    assert lab.daemons["db1"].vipctl("failover").returncode == 2

    for name in ("db2", "db3"):
        lab.faults.stop_process(lab.postgres[name].process_named("walreceiver"))
    lab.postgres["db1"].rows(MUCH)
    wait_lags(lab, "db1")  # what no report has told by then, nobody can hold against them
    story.fault(lambda: lab.power_off("db1"))
    lab.faults.continue_all()
    wait_lags(lab)

    refused = failover(lab, "db2", "db2")
    assert refused.returncode == 1 and "data would be lost" in refused.stderr, refused.stderr
    assert "--accept-data-loss" in refused.stderr
    refused = failover(lab, "db2", "db3", "--accept-data-loss")
    assert refused.returncode == 1 and "on db3" in refused.stderr, refused.stderr
    assert not lab.masters()

    done = failover(lab, "db3", "db3", "--accept-data-loss")
    assert done.returncode == 0, done.stderr + lab.describe()
    assert json.loads(done.stdout)["outcome"] == "done"
    assert story.taken_over() == "db3"
    assert lab.postgres["db3"].value("SELECT to_regclass('much')") is None
    lab.start_daemons(["db1"])
    story.comes_back("db1", "db2", deadline_s=90)
    story.end(["db1", "db3"])
