"""How long a failover takes, phase by phase, beside PostgreSQL's own promotion measured in the same run.

Three data members, a client that writes without pause with a deadline of 50 ms an attempt. The floor is what no tool
can beat: pg_promote() to the first commit, by hand, on an open connection, after the same SIGKILL under the same load.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "netns"))

from lab import Lab, Session, flood, now_us, timeline, tools  # noqa: E402
from lab.rounds import Rounds  # noqa: E402

CLIENT_DEADLINE_MS = 50
ADVERT_INT_MS = 25
LEASE_MS = 4 * ADVERT_INT_MS
IDLE_ADVERT_INT_MS = 100
IDLE_S = 10
CALM_ROWS = 300
GOAL_ABOVE_FLOOR_MS = 15
GOAL_PRIVATE_KB = 4096
GOAL_CPU_PERCENT = 0.5
PRIMARY_POLL_S = 0.001
WAKE_EVERY_US = 20_000
DARK_LEASE_MS = 200
DARK_GOAL_MS = DARK_LEASE_MS + 10
STOP_KINDS = ("killed", "stopped", "frozen", "starved")
FLOOD_S = 10
FLOOD_GOAL_SHARE = 0.9


# --- the floor ----------------------------------------------------------------------------------------------------


def promote_by_hand(server):
    """pg_promote() to the first commit on the same open connection, in milliseconds.

    A startup process that takes the request just when its WAL receiver has died sleeps out wal_retrieve_retry_interval
    (5 s) before it acts on it (PostgreSQL 15, measured here in 2 of 7 runs); a reload wakes it.
    """
    connection = server.connect()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        began_us = now_us()
        cursor.execute("SELECT pg_promote(false)")
        woken_us = began_us
        while True:
            if now_us() - woken_us > WAKE_EVERY_US:
                woken_us = now_us()
                cursor.execute("SELECT pg_reload_conf()")
            cursor.execute("SELECT pg_is_in_recovery()")
            if not cursor.fetchone()[0]:
                break
            time.sleep(PRIMARY_POLL_S)
        cursor.execute("INSERT INTO lab_rows VALUES (-1)")
        ended_us = now_us()
    connection.close()
    return (ended_us - began_us) / 1000


def measure_floor(session):
    """One promotion without vipd, after SIGKILL of a primary that a client writes to."""
    with Lab(session, data=3, name="floor") as lab:
        lab.start_postgres()
        lab.net.address_add("db1")
        writer = lab.start_writer(deadline_ms=CLIENT_DEADLINE_MS, pause_us=0)
        writer.wait_rows(CALM_ROWS)
        lab.postgres["db1"].kill_postmaster()
        return promote_by_hand(lab.postgres["db2"])


# --- failovers ----------------------------------------------------------------------------------------------------


class Failovers:
    """One lab, failed over again and again; every old holder comes back as a standby before the next run."""

    def __init__(self, lab):
        self.lab = lab
        self.holder = lab.data[0]
        self.watcher = lab.start_watcher(interval_us=2000)
        self.order = [self.holder]
        self.count = 0

    def once(self, fault, heal):
        lab, old = self.lab, self.holder
        self.count += 1
        first = 1 + max((row[0] for row in lab.postgres[old].rows("SELECT max(n) FROM lab_rows") if row[0]), default=0)
        lab.writers.clear()
        writer = lab.start_writer(
            name=f"writer{self.count}", deadline_ms=CLIENT_DEADLINE_MS, pause_us=0, first=first + 1000
        )
        writer.wait_rows(CALM_ROWS, host=old)
        writer.wait_rows(1, since_us=now_us() + lab.random.randrange(100_000))
        fault_us = fault(old)
        new = writer.wait_failover(fault_us, old=old)
        self.holder = lab.wait_holder(new)
        self.order.append(new)
        writer.stop()
        phases = timeline.milliseconds(timeline.phases(lab, fault_us, old, new), fault_us)
        heal(old)
        lab.wait_streaming(new, deadline_s=60)
        lab.wait_equal()
        outage = writer.outage(fault_us)
        lost = len(writer.lost(lab.postgres[new]))
        return {"from": old, "to": new, "phases_ms": phases, "outage_ms": outage.ms, "lost_rows": lost}


def measure_failovers(session, runs):
    with Lab(session, data=3, name="bench") as lab:
        lab.configuration.settings["advert_int"] = f"{ADVERT_INT_MS}ms"
        lab.up()
        failovers = Failovers(lab)
        found = {"kill": [], "cut": []}
        for _ in range(runs):
            found["kill"].append(failovers.once(lambda old: lab.postgres[old].kill_postmaster(), lambda old: None))
            say(f"  kill {one_line(found['kill'][-1])}")
            found["cut"].append(failovers.once(lab.faults.cut, lab.faults.mend))
            say(f"  cut  {one_line(found['cut'][-1])}")
        failovers.watcher.assert_order(failovers.order)
        return found


def one_line(run):
    phases = ", ".join(f"{name} {ms:.1f}" for name, ms in run["phases_ms"].items())
    return f"{run['from']} -> {run['to']}: {phases}; outage {run['outage_ms']:.1f} ms, {run['lost_rows']} rows lost"


# --- the daemon at rest -------------------------------------------------------------------------------------------


def memory_kb(pid):
    sums = {}
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        for line in file:
            words = line.split()
            if words[-1] == "kB":
                sums[words[0].rstrip(":")] = int(words[1])
    return {"private_kb": sums["Private_Clean"] + sums["Private_Dirty"], "rss_kb": sums["Rss"], "pss_kb": sums["Pss"]}


def cpu_ns(pid):
    """Time on a core of all threads."""
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/schedstat", encoding="ascii") as file:
            total += int(file.read().split()[0])
    return total


def measure_rest(session):
    with Lab(session, data=3, name="rest") as lab:
        lab.log_level = "info"
        lab.configuration.settings["advert_int"] = f"{IDLE_ADVERT_INT_MS}ms"
        lab.up()
        pids = {name: lab.daemons[name].process.pid for name in lab.members}
        before, began = {name: cpu_ns(pid) for name, pid in pids.items()}, time.monotonic()
        time.sleep(IDLE_S)  # the measurement itself
        span_ns = (time.monotonic() - began) * 1e9
        return {
            name: {"state": lab.daemons[name].state(), "cpu_percent": (cpu_ns(pid) - before[name]) / span_ns * 100,
                   **memory_kb(pid)}
            for name, pid in pids.items()
        }  # fmt: skip


# --- the gate -----------------------------------------------------------------------------------------------------


def measure_gate():
    """tests/bench/gate.c: {name: nanoseconds, or packets a second}"""
    done = subprocess.run([tools.built("tests/bench/gate")], stdout=subprocess.PIPE, text=True, check=True, timeout=120)
    return {name: float(value) for name, value in (line.split() for line in done.stdout.splitlines())}


def gate_table(one):
    say(f"gate: a renewal {one['renewal']:.1f} ns")
    for way, what in (("in_other", "inwards, another address"), ("out_other", "outwards, another address"),
                      ("in_floating", "inwards, the address")):  # fmt: skip
        say(f"gate: a packet {what}: IPv4 {one[f'open_{way}_ip4']:.0f} ns, IPv6 {one[f'open_{way}_ip6']:.0f} ns; "
            f"shut {one[f'shut_{way}_ip4']:.0f} and {one[f'shut_{way}_ip6']:.0f} ns")  # fmt: skip
    for name, what in (("other", "another address"), ("floating", "the address")):
        say(f"gate: one core sends {one[f'sent_{name}_without']:.0f} packets/s from {what} without it, "
            f"{one[f'sent_{name}_with']:.0f} with it: {one[f'way_{name}']:.0f} ns a packet")  # fmt: skip


# --- daemons that do not run, and floods --------------------------------------------------------------------------


def measure_dark(session, runs):
    """From the moment that the holder's daemon does not run: until its host is silent, until another one answers."""
    with Lab(session, data=2, witnesses=1, name="dark") as lab:
        lab.configuration.settings["advert_int"] = f"{DARK_LEASE_MS // 4}ms"
        lab.up()
        rounds = Rounds(lab, DARK_LEASE_MS)
        for _ in range(runs):
            for kind in STOP_KINDS:
                rounds.once(kind)
        resolution = rounds.watcher.stop().resolution()
        say(f"  watcher: a round every {resolution.median_ms:.2f} ms, 99 % within {resolution.p99_ms:.2f} ms")
        return rounds.found


def measure_floods(session):
    """What one core sends to the holder's report port, and what the holder makes of it."""
    with Lab(session, data=2, witnesses=1, name="flood") as lab:
        lab.log_level = "info"
        lab.configuration.settings.update(advert_int="50ms", lease="500ms")
        lab.up()
        pid, found = lab.daemons["db1"].process.pid, []
        for kind, how in flood.kinds(lab, "db2", "db1").items():
            before = cpu_ns(pid)
            one = flood.measure(lab, "db1", kind, how, FLOOD_S)
            found.append({**one, "cpu_percent": (cpu_ns(pid) - before) / (one["span_s"] * 1e9) * 100})
        assert lab.masters() == ["db1"], "a flood moved the holder"
        return found


# --- the report ---------------------------------------------------------------------------------------------------


def say(text=""):
    print(text, flush=True)


def spread(values):
    values = [value for value in values if value is not None]
    if not values:
        return None
    return {"median": statistics.median(values), "min": min(values), "max": max(values), "runs": len(values)}


def spread_text(one):
    return "-" if one is None else f"{one['median']:8.1f} ({one['min']:.1f}-{one['max']:.1f})"


def summarise(found):
    phases = {
        kind: {
            **{name: spread([run["phases_ms"].get(name) for run in runs]) for name in timeline.NAMES},
            "outage": spread([run["outage_ms"] for run in runs]),
            "lost rows": spread([run["lost_rows"] for run in runs]),
        }
        for kind, runs in found["failovers"].items()
    }
    floor = spread(found["floor_ms"])
    goals = {}
    if floor:
        for kind, extra in (("kill", 0), ("cut", LEASE_MS)):
            got = phases.get(kind, {}).get("first commit")
            if got:
                goal = floor["median"] + GOAL_ABOVE_FLOOR_MS + extra
                goals[f"{kind}: first commit, median ms"] = {"got": got["median"], "goal": goal}
    for name, one in found["rest"].items():
        goals[f"{name}: private memory, KiB"] = {"got": one["private_kb"], "goal": GOAL_PRIVATE_KB}
        goals[f"{name}: idle CPU at {IDLE_ADVERT_INT_MS} ms, % of a core"] = {
            "got": one["cpu_percent"], "goal": GOAL_CPU_PERCENT,
        }  # fmt: skip
    for one in found["dark"]:
        name = f"dark after the holder's daemon was {one['kind']}, worst ms"
        goals[name] = {"got": max(goals.get(name, {"got": 0})["got"], one["dark"]), "goal": DARK_GOAL_MS}
    for one in found["floods"]:
        goals[f"flood of {one['kind']}, {one['rate']:.0f} a second: genuine reports missed, %"] = {
            "got": 100 - 100 * min(one["shares"].values()), "goal": 100 - 100 * FLOOD_GOAL_SHARE,
        }  # fmt: skip
    return {"phases_ms": phases, "floor_ms": floor, "goals": goals}


def table(found, summary):
    say(f"\nms after the fault, median (min-max); advert_int {ADVERT_INT_MS} ms, client deadline {CLIENT_DEADLINE_MS} ms")
    kinds = list(summary["phases_ms"])
    say(f"{'':<14}" + "".join(f"{kind:>26}" for kind in kinds))
    for name in (*timeline.NAMES, "outage", "lost rows"):
        say(f"{name:<14}" + "".join(f"{spread_text(summary['phases_ms'][kind][name]):>26}" for kind in kinds))
    say(f"{'floor':<14}{spread_text(summary['floor_ms']):>26}   pg_promote() to first commit without vipd")
    for name, one in found["rest"].items():
        say(f"{name} ({one['state']}): private {one['private_kb']} KiB, PSS {one['pss_kb']}, RSS {one['rss_kb']}; "
            f"{one['cpu_percent']:.2f} % of a core at rest, advert_int {IDLE_ADVERT_INT_MS} ms")  # fmt: skip
    if found["gate"]:
        gate_table(found["gate"])
    for kind in STOP_KINDS:
        mine = [one for one in found["dark"] if one["kind"] == kind]
        if mine:
            say(f"daemon {kind}, lease {DARK_LEASE_MS} ms: " + "; ".join(
                f"{text} {spread_text(spread([one[key] for one in mine])).strip()}" for key, text in (
                    ("dark", "dark"), ("answered", "next holder answers"), ("reset", "clients reset"),
                    ("demoted", "PostgreSQL stopped"))))  # fmt: skip
    for one in found["floods"]:
        say(f"flood of {one['kind']}: sustained {one['rate']:.0f} packets a second, {one['cpu_percent']:.0f} % of a core")
    say()
    for name, goal in summary["goals"].items():
        met = "met" if goal["got"] <= goal["goal"] else "MISSED"
        say(f"{met:<7} {name}: {goal['got']:.2f}, goal {goal['goal']:.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=10, help="of each kind of fault, and of the floor")
    parser.add_argument("--json", default=os.path.join(tools.BUILD or ".", "bench.json"))
    parser.add_argument("--only", choices=("floor", "failovers", "rest", "gate", "dark", "floods"))
    options = parser.parse_args()
    if os.geteuid() != 0:
        parser.error("needs root: network namespaces, and PostgreSQL run as postgres")
    if options.only != "floor" and not (tools.daemon() and tools.vipctl()):
        parser.error("VIPD_BUILD does not name a build directory with vipd/vipd and vipd/vipctl")
    found = {"floor_ms": [], "failovers": {}, "rest": {}, "gate": {}, "dark": [], "floods": []}
    if options.only in (None, "gate"):
        say("the gate's cost")
        found["gate"] = measure_gate()
    with Session() as session:
        found["seed"] = session.seed
        if options.only in (None, "floor"):
            say(f"floor: {options.runs} promotions by hand")
            for _ in range(options.runs):
                found["floor_ms"].append(measure_floor(session))
                say(f"  {found['floor_ms'][-1]:.1f} ms")
        if options.only in (None, "failovers"):
            say(f"vipd: {options.runs} failovers of each kind")
            found["failovers"] = measure_failovers(session, options.runs)
        if options.only in (None, "rest"):
            say(f"vipd at rest for {IDLE_S} s")
            found["rest"] = measure_rest(session)
        if options.only in (None, "dark"):
            say(f"a holder's daemon that does not run: {options.runs} times each way")
            found["dark"] = measure_dark(session, options.runs)
        if options.only in (None, "floods"):
            say(f"floods of {FLOOD_S} s")
            found["floods"] = measure_floods(session)
    summary = summarise(found)
    table(found, summary)
    machine = {"kernel": platform.release(), "cores": os.cpu_count(), "advert_int_ms": ADVERT_INT_MS}
    with open(options.json, "w", encoding="utf-8") as file:
        json.dump({"machine": machine, **found, "summary": summary}, file, indent=1)
        file.write("\n")
    say(f"\n{options.json}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
