"""What the daemons' logs prove. A line is `<CLOCK_BOOTTIME seconds> <level> <instance>: <sentence>`.

PHRASES is the one place that knows the daemon's words.
"""

import collections
import os
import re

LINE = re.compile(r"^(?P<seconds>\d+\.\d+) (?P<level>\w+) (?:(?P<instance>[a-z0-9_-]+): )?(?P<text>.*)$")

PHRASES = {
    # level notice: the table of vrrp/role.c
    "state": re.compile(r"Entering (?P<state>[A-Z]+) STATE(?:: (?P<reason>.*))?"),
    # level debug: vrrp/trace.c
    "pg_dead": re.compile(r"^\s*[A-Z]+: pg dead"),
    "primary": re.compile(r"^\s*[A-Z]+: pg up primary"),
    "promote": re.compile(r"^\s*pg promote, ticket"),
    "bind": re.compile(r"^\s*bind for"),
}

HOLDING = ("PROMOTING", "MASTER", "LEAVING")  # states in which a member holds the lease (protocol.md 3.1)

Event = collections.namedtuple("Event", "us host kind text fields")


def read(path, host):
    """The lines that PHRASES knows, in order."""
    events = []
    if not os.path.exists(path):
        return events
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            found = LINE.match(line.rstrip("\n"))
            if not found:
                continue
            for kind, phrase in PHRASES.items():
                match = phrase.search(found["text"])
                if match:
                    us = int(float(found["seconds"]) * 1e6)
                    events.append(Event(us, host, kind, found["text"], match.groupdict()))
    return events


def warnings(path):
    """Lines of level warning and above."""
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8", errors="replace") as file:
        return [line.rstrip("\n") for line in file if re.match(r"^\d+\.\d+ (warning|err) ", line)]


def assert_promotions_under_lease(daemons):
    """I2 as far as logs tell: every promotion was begun in a state in which the member holds the lease."""
    promotions = 0
    for daemon in daemons:
        state = None
        for event in daemon.events():
            if event.kind == "state":
                state = event.fields["state"]
            elif event.kind == "promote":
                promotions += 1
                assert state in HOLDING, f"{event.host} promotes in state {state}: {event.text}"
    return promotions


def holder_intervals(daemons):
    """[(from us, to us, host)] of the states MASTER, by time; `to` is None while it lasts."""
    intervals = []
    for daemon in daemons:
        since = None
        for event in daemon.events():
            if event.kind != "state":
                continue
            if event.fields["state"] == "MASTER":
                since = event.us if since is None else since
            elif since is not None:
                intervals.append((since, event.us, event.host))
                since = None
        if since is not None:
            intervals.append((since, None, daemon.host.name))
    return sorted(intervals, key=lambda interval: interval[0])
