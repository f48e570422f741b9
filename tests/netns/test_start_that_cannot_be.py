"""How vipd ends when it cannot start: the exit status tells a supervisor whether trying again is of any use."""

import os
import re

import pytest

from lab import daemons, procs

pytestmark = [pytest.mark.daemon, pytest.mark.quick]

EXIT_BAD = 1
EXIT_BUSY = 3
EXIT_LATER = 4
DEADLINE_S = 10


def ended(daemon):
    """Starts it and waits for its end; the exit code."""
    return daemon.start().process.wait(DEADLINE_S)


def test_an_address_that_is_not_there_yet_is_waited_for_by_the_supervisor(make_lab):
    """At boot, before the network is complete: neither a bad configuration nor for ever."""
    lab = make_lab(data=2, witnesses=1)
    lab.configure()
    host = lab.net.hosts["w1"]
    host.run(["ip", "addr", "del", f"{host.address}/24", "dev", "eth0"])
    began_us = procs.now_us()
    assert ended(lab.daemons["w1"]) == EXIT_LATER, lab.daemons["w1"].log_tail()
    assert procs.now_us() - began_us >= 1_000_000, "a supervisor that restarts at once would be a busy loop"
    assert host.address not in host.run(["ip", "-4", "addr"])
    lab.net.boot("w1")
    lab.daemons["w1"].start()
    lab.wait_state("w1", "WITNESS")


def test_an_interface_that_is_not_there_yet_is_waited_for_too(make_lab):
    lab = make_lab(data=2, witnesses=1)
    lab.configuration.members["w1"]["interface"] = "nothere0"
    lab.configure()
    assert ended(lab.daemons["w1"]) == EXIT_LATER, lab.daemons["w1"].log_tail()


def test_what_the_configuration_says_wrongly_is_not_tried_again(make_lab):
    lab = make_lab(data=2, witnesses=1)
    lab.configure()
    daemon = lab.daemons["w1"]
    daemon.start()
    lab.wait_state("w1", "WITNESS")
    # Another daemon with the same instance in the same network.
    os.makedirs(f"{lab.folder}/second", mode=0o755)
    second = daemons.Daemon(lab, daemon.host, f"{lab.folder}/second")
    lab.configuration.write(second)
    assert ended(second) == EXIT_BUSY, second.log_tail()
    assert daemon.stop() == 0
    # The state file says that this was member 3; the ids are fixed once a member has run.
    with open(daemon.config, encoding="utf-8") as file:
        text = file.read()
    with open(daemon.config, "w", encoding="utf-8") as file:
        file.write(text.replace('member "w1" {', 'member "w1" {\n        id = 77'))
    assert ended(daemon) == EXIT_BAD, daemon.log_tail()
    with open(daemon.config, "w", encoding="utf-8") as file:
        file.write(text.replace('member "w1" {', 'member "w1" {\n        speed = 77'))
    assert ended(daemon) == EXIT_BAD, daemon.log_tail()
    # What it has stored was said in another cluster; or by another instance, under whose name the file stands now.
    with open(daemon.config, "w", encoding="utf-8") as file:
        file.write(re.sub(r'(cluster_id += ")', r"\1new-", text))
    assert ended(daemon) == EXIT_BAD, daemon.log_tail()
    assert "is of another cluster_id" in daemon.log_tail()
    with open(daemon.config, "w", encoding="utf-8") as file:
        file.write(text.replace('vrrp_instance "orders"', 'vrrp_instance "sales"'))
    os.rename(f"{daemon.state_dir}/orders.state", f"{daemon.state_dir}/sales.state")
    assert ended(daemon) == EXIT_BAD, daemon.log_tail()
    assert "is of instance orders, not of sales" in daemon.log_tail()
