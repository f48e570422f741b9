"""Packets to the report port as fast as one core sends them: nobody's, garbage in a peer's name, forged reports in a
peer's name. The holder stays, hears its peers, counts what it dropped, and does not fill the log.
"""

import os

import pytest

from lab import flood, procs
from lab.story import Story

pytestmark = pytest.mark.daemon

SECONDS = 60 if "VIPD_LAB_ROUNDS" in os.environ else 3
ACCEPTED_MIN = 0.9
COUNTED_MIN = 0.9  # a virtual cable's own queue may lose some before they are anybody's
LOG_LINES_A_SECOND = 10


def test_floods_of_the_report_port_change_nothing(make_lab):
    lab = make_lab(data=2, witnesses=1)
    lab.log_level = "info"
    lab.configuration.settings.update(advert_int="50ms", lease="500ms")
    lab.up()
    story = Story(lab)
    for kind, how in flood.kinds(lab, "db2", "db1").items():
        story.fault(procs.now_us)
        found = flood.measure(lab, "db1", kind, how, SECONDS)
        story.nothing_happens(0.2)
        assert min(found["shares"].values()) >= ACCEPTED_MIN
        assert found["lines"] <= LOG_LINES_A_SECOND * found["span_s"]
        assert sum(found["counted"].values()) >= COUNTED_MIN * found["packets"], "not every drop was counted"
    story.end(["db1"])
