"""Packets to the report port as fast as one core sends them: nobody's, garbage in a peer's name, forged reports in a
peer's name. The holder stays, hears its peers, counts what it dropped, and does not fill the log.
"""

import os

import pytest

from lab import flood, logs, procs
from lab.story import Story

pytestmark = pytest.mark.daemon

SOAK = "VIPD_LAB_ROUNDS" in os.environ
SECONDS = 60 if SOAK else 3
ACCEPTED_MIN = 0.9
COUNTED_MIN = 0.9  # a virtual cable's own queue may lose some before they are anybody's
LOG_LINES_A_SECOND = 10


def heard(lab, victim):
    """Of the victim's peers: reports accepted, reports missed, by name."""
    members = lab.daemons[victim].status()["members"]
    return {one["name"]: (one["reports_accepted"], one["reports_missed"]) for one in members if one["name"] != victim}


def dropped(lab, victim):
    return dict(lab.daemons[victim].status()["drops"])


def one_flood(lab, story, victim, kind, how):
    before, drops, lines = heard(lab, victim), dropped(lab, victim), len(logs.warnings(lab.daemons[victim].log))
    story.fault(procs.now_us)
    packets, rate = flood.Flood(lab, victim, *how, SECONDS).wait()
    seconds = (procs.now_us() - story.fault_us) / 1e6
    after = heard(lab, victim)
    counted = {word: count - drops[word] for word, count in dropped(lab, victim).items() if count > drops[word]}
    lines = len(logs.warnings(lab.daemons[victim].log)) - lines
    shares = []
    for name, (accepted, missed) in after.items():
        accepted, missed = accepted - before[name][0], missed - before[name][1]
        shares.append(accepted / (accepted + missed))
        print(f"{kind}: {accepted} of {accepted + missed} reports of {name} accepted")
    print(f"{kind}: {packets} packets, {rate:.0f} a second; dropped {counted}; {lines} lines in {seconds:.1f} s")
    story.nothing_happens(0.2)
    assert min(shares) >= ACCEPTED_MIN
    assert lines <= LOG_LINES_A_SECOND * seconds
    assert sum(counted.values()) >= COUNTED_MIN * packets, "not every drop was counted"


def test_floods_of_the_report_port_change_nothing(make_lab):
    lab = make_lab(data=2, witnesses=1)
    lab.log_level = "info"
    lab.configuration.settings.update(advert_int="50ms", lease="500ms")
    lab.up()
    story = Story(lab)
    failed = []
    for kind, how in flood.kinds(lab, "db2", "db1").items():
        try:
            one_flood(lab, story, "db1", kind, how)
        except AssertionError as error:
            failed.append(kind)
            print(error)
    assert not failed
    story.end(["db1"])
