"""A failover in its phases, from the daemons' logs, the writer's and the watcher's records; all on CLOCK_BOOTTIME."""

import collections

Phase = collections.namedtuple("Phase", "name us host text")

NAMES = ("noticed", "granted", "promoted", "bound", "answered", "first commit")


def first(events, since_us, wanted):
    return next((event for event in events if event.us >= since_us and wanted(event)), None)


def entered(state):
    return lambda event: event.kind == "state" and event.fields["state"] == state


def phases(lab, fault_us, old, new):
    """[Phase] in the order of NAMES; a phase that the logs do not show is left out."""
    old_events = lab.daemons[old].events() if old in lab.daemons else []
    new_events = lab.daemons[new].events()
    found = []

    def add(name, event, text):
        if event:
            found.append(Phase(name, event.us, event.host, text))

    def leaves(event):
        return event.kind == "pg_dead" or entered("LEAVING")(event) or entered("FAULT")(event)

    died = first(old_events, fault_us, leaves)
    stood = first(new_events, fault_us, entered("CANDIDATE"))
    # Which of the two noticed first is what the fault decides: a dead postmaster its own host, a cut cable the others.
    noticed = min((event for event in (died, stood) if event), key=lambda event: event.us, default=None)
    add("noticed", noticed, noticed.text.strip() if noticed else "")
    granted = first(new_events, fault_us, entered("PROMOTING"))
    add("granted", granted, "a majority has granted the lease")
    if granted:
        add("promoted", first(new_events, granted.us, lambda event: event.kind == "primary"), "out of recovery")
        add("bound", first(new_events, granted.us, entered("MASTER")), "gate open, address bound")
    for watcher in lab.watchers:
        answers = watcher.answers(fault_us, new)
        if answers:
            found.append(Phase("answered", answers[0].us, new, f"first answer to an outsider ({answers[0].kind})"))
    for writer in lab.writers:
        rows = writer.rows_since(fault_us, new)
        if rows:
            found.append(Phase("first commit", rows[0].acked_us, "client", f"first row acknowledged by {new}"))
    return found


def milliseconds(found, fault_us):
    """{phase: ms after the fault}"""
    return {phase.name: (phase.us - fault_us) / 1000 for phase in found}


def lines(found, fault_us):
    """For people: one line a phase, by time."""
    return [
        f"  {(phase.us - fault_us) / 1000:9.1f} ms  {phase.host:<7}{phase.name + ':':<14} {phase.text}"
        for phase in sorted(found, key=lambda phase: phase.us)
    ]
