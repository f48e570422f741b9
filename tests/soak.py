"""The long run: `./bootstrap soak --minutes N` shares N minutes between the suites below, with new seeds, and goes on
where the last one stopped.

build/soak/state.json keeps what all runs together have done: minutes, passes and failures a suite, the netns tests that
this round has behind it, and every failure with its seed and the file of its output. A round of netns goes through all
its tests, as many soaks as that takes, the failover loops with VIPD_LAB_ROUNDS rounds. `--fresh` forgets all that.
Long soaks are cut into turns of at most TURN_MINUTES, so that each suite gets its share early.
"""
import argparse
import glob
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FOLDER = os.path.join(TOP, "build", "soak")
STATE = os.path.join(FOLDER, "state.json")
CHECK = os.path.join(TOP, "build", "check")
SHARES = {"sim": 30, "fuzz": 20, "mutants": 10, "netns": 40}  # percent
TURN_MINUTES = 120
ROUNDS_MAX = 200  # of a failover loop
ROUND_S = 15      # a round costs at most about so much
MUTANT_S = 60     # a mutant of the core must be seen afresh within this
MUTANT = re.compile(r"(?:^# seen at seed (\d+) after ([\d.]+) s: .*\n)?^(not )?ok \d+ - (\w+): sim (\w+)", re.M)
MEASURED = re.compile(r"lease \d+ ms, |clients reset |watcher: \d+ answers|flood of ")  # what tests of time print
GRACE_S = 900   # beyond its share, for a suite that ends by itself
KILL_S = 60
JOBS = os.cpu_count() or 1


def empty_state():
    return {"suites": {name: {"minutes": 0.0, "passed": 0, "failed": 0} for name in SHARES},
            "netns_done": [], "netns_rounds": 0, "mutants_done": [], "mutants_seen": {}, "failures": []}  # fmt: skip


def load_state():
    try:
        with open(STATE, encoding="utf-8") as file:
            state = json.load(file)
    except FileNotFoundError:
        return empty_state(), False
    for name, one in empty_state()["suites"].items():
        state["suites"].setdefault(name, one)
    return state, True


def save_state(state):
    with open(STATE + ".new", "w", encoding="utf-8") as file:
        json.dump(state, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    os.replace(STATE + ".new", STATE)


def run(command, log, limit_s, environment, interrupt, folder=TOP):
    """Exit status; None if the time was up. The whole process group is ended, politely first."""
    with open(log, "w", encoding="utf-8") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, cwd=folder, start_new_session=True,
                                   env={**os.environ, **environment})  # fmt: skip
        try:
            return process.wait(timeout=limit_s)
        except subprocess.TimeoutExpired:
            pass
        except KeyboardInterrupt:
            os.killpg(process.pid, signal.SIGINT)
            process.wait(timeout=KILL_S)
            raise
        for number in (interrupt, signal.SIGKILL):
            os.killpg(process.pid, number)
            try:
                process.wait(timeout=KILL_S)
                break
            except subprocess.TimeoutExpired:
                pass
        return None


def tally(suite, path):
    """(passed, failed) as tests/tally.py counts them; a skip without leave is a failure."""
    done = subprocess.run([sys.executable, os.path.join(TOP, "tests", "tally.py"), suite, path], text=True,
                          stdout=subprocess.PIPE, check=True)  # fmt: skip
    passed, failed, _skipped, unexpected = map(int, done.stdout.split())
    return passed, failed + unexpected


def environment_of(suite, share_s, seed):
    """What makes a suite of `make check` run for its share with new seeds."""
    if suite == "sim":
        return {"VIPD_SIM_SEED": str(seed), "VIPD_SIM_MINUTES": f"{share_s / 60:.2f}"}
    if suite == "fuzz":
        targets = len(glob.glob(os.path.join(TOP, "tests", "fuzz", "fuzz_*.c")))
        return {"VIPD_FUZZ_SEED": str(seed), "VIPD_FUZZ_SECONDS": str(max(1, int(share_s * JOBS / targets)))}
    raise ValueError(suite)


def run_make(suite, share_s, seed):
    log = os.path.join(FOLDER, f"{suite}-{seed}.log")
    command = ["make", "-C", CHECK, "-s", f"check-{suite}", f"VIPD_PLAIN={os.path.join(TOP, 'build', 'plain')}"]
    status = run(command, log, share_s + GRACE_S, environment_of(suite, share_s, seed), signal.SIGTERM)
    passed, failed = tally(suite, log)
    if passed + failed == 0 or (status != 0 and failed == 0):
        failed += 1  # ran nothing, or ended badly without a red case
    return passed, failed, log


def seeded_mutants():
    """Those that a seed of the simulator sees; the others have a story or a unit test of their own, told in `check`."""
    with open(os.path.join(TOP, "tests", "mutants", "table"), encoding="utf-8") as table:
        cells = [[cell.strip() for cell in line.split("#")[0].split("|")] for line in table]
    return [row[0] for row in cells if len(row) == 3 and row[2].startswith("sim ")]


def run_mutants(share_s, seed, state):
    """As many as the share has room for, each found afresh; the next turn takes the next ones."""
    log = os.path.join(FOLDER, f"mutants-{seed}.log")
    left = [name for name in seeded_mutants() if name not in state["mutants_done"]]
    if not left:
        state["mutants_done"] = []
        left = seeded_mutants()
    chosen = left[: max(1, int(share_s * JOBS / MUTANT_S))]
    environment = {"VIPD_MUTANTS_FRESH_S": str(MUTANT_S), "VIPD_SIM_SEED": str(seed), "VIPD_SOURCE": TOP}
    command = [sys.executable, os.path.join(TOP, "tests", "run_mutants.py"), *chosen]
    run(command, log, share_s + GRACE_S, environment, signal.SIGTERM, CHECK)
    with open(log, encoding="utf-8", errors="replace") as output:
        found = MUTANT.findall(output.read())
    outcome = {name: not bad for _seed, _seconds, bad, name, _invariant in found}
    state.setdefault("mutants_seen", {}).update(
        {name: [invariant, int(at), float(seconds)] for at, seconds, bad, name, invariant in found if at and not bad})
    passed = sum(outcome.get(name, False) for name in chosen)
    state["mutants_done"] += [name for name in chosen if outcome.get(name)]
    return passed, len(chosen) - passed, log


def collect():
    done = subprocess.run([sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--collect-only", "-q",
                           "tests/netns"], cwd=TOP, stdout=subprocess.PIPE, text=True, check=False)  # fmt: skip
    return [line for line in done.stdout.splitlines() if "::" in line]


def finished(junit):
    """Names of the tests that have an outcome."""
    try:
        cases = ElementTree.parse(junit).getroot().iter("testcase")
    except (FileNotFoundError, ElementTree.ParseError):
        return set()
    return {f"{case.get('classname')}::{case.get('name')}" for case in cases}


def junit_name(node):
    path, name = node.split("::", 1)
    return f"{path.removesuffix('.py').replace('/', '.')}::{name}"


def run_netns(share_s, seed, state):
    log, junit = (os.path.join(FOLDER, f"netns-{seed}.{kind}") for kind in ("log", "xml"))
    left = [node for node in collect() if node not in state["netns_done"]]
    if not left:
        state["netns_done"], state["netns_rounds"] = [], state["netns_rounds"] + 1
        left = collect()
    environment = {"VIPD_BUILD": CHECK, "PYTHONDONTWRITEBYTECODE": "1", "VIPD_LAB_SEED": str(seed),
                   "VIPD_LAB_ROUNDS": str(max(10, min(ROUNDS_MAX, int(share_s / ROUND_S))))}  # fmt: skip
    status = run([sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "-rP", f"--junitxml={junit}", *left],
                 log, share_s, environment, signal.SIGINT)  # fmt: skip
    with open(log, encoding="utf-8", errors="replace") as output:
        print("".join(line for line in output if MEASURED.match(line)), end="")
    names = finished(junit)
    state["netns_done"] += [node for node in left if junit_name(node) in names]
    passed, failed = tally("netns", junit) if names else (0, 0)
    if status not in (0, None) and failed == 0:
        failed = 1
    return passed, failed, log


def table(state, ran):
    print(f"\n{'SUITE':<10}{'MINUTES':>9}{'PASSED':>9}{'FAILED':>9}{'ALL MINUTES':>13}{'ALL PASSED':>12}{'ALL FAILED':>12}")
    for name in SHARES:
        now, ever = ran[name], state["suites"][name]
        print(f"{name:<10}{now['minutes']:>9.1f}{now['passed']:>9}{now['failed']:>9}"
              f"{ever['minutes']:>13.1f}{ever['passed']:>12}{ever['failed']:>12}")  # fmt: skip
    print(f"\n{'MUTANT':<38}{'SEEN BY':<9}{'SECONDS':>8}  AT SEED")
    for name, (invariant, at, seconds) in sorted(state.get("mutants_seen", {}).items()):
        print(f"{name:<38}{invariant:<9}{seconds:>8.1f}  {at}")
    print(f"mutants: {len(state['mutants_done'])} of {len(seeded_mutants())} of this round seen afresh")
    print(f"netns: round {state['netns_rounds'] + 1}, {len(state['netns_done'])} of {len(collect())} tests behind it")
    for failure in state["failures"]:
        print(f"FAILED {failure['suite']} seed {failure['seed']}: {failure['log']}")
    sys.stdout.flush()


def turn(minutes, state, ran):
    """Every suite once, by its share."""
    for suite, percent in SHARES.items():
        seed, began = random.SystemRandom().randrange(1, 2**31), time.monotonic()
        share_s = max(30, minutes * 60 * percent / 100)
        print(f"==> {suite}: {share_s / 60:.1f} minutes, seed {seed}", flush=True)
        if suite == "netns":
            passed, failed, log = run_netns(share_s, seed, state)
        elif suite == "mutants":
            passed, failed, log = run_mutants(share_s, seed, state)
        else:
            passed, failed, log = run_make(suite, share_s, seed)
        for one in (ran[suite], state["suites"][suite]):
            one["minutes"] += (time.monotonic() - began) / 60
            one["passed"] += passed
            one["failed"] += failed
        if failed:
            state["failures"].append({"suite": suite, "seed": seed, "log": os.path.relpath(log, TOP)})
        save_state(state)


def main():
    parser = argparse.ArgumentParser(prog="bootstrap soak", description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--minutes", type=int, required=True)
    parser.add_argument("--fresh", action="store_true", help="forget what earlier soaks have done")
    options = parser.parse_args()
    if not 1 <= options.minutes <= 100_000:
        parser.error("--minutes is 1 to 100000")
    os.makedirs(FOLDER, exist_ok=True)
    if options.fresh and os.path.exists(STATE):
        os.unlink(STATE)
    state, resumed = load_state()
    if resumed:
        total = sum(one["minutes"] for one in state["suites"].values())
        print(f"==> goes on after {total:.0f} minutes of earlier soaks ({os.path.relpath(STATE, TOP)})", flush=True)
    ran = empty_state()["suites"]
    end = time.monotonic() + options.minutes * 60
    try:
        while (left := (end - time.monotonic()) / 60) > 0.5:
            turn(min(left, TURN_MINUTES), state, ran)
    except KeyboardInterrupt:
        print("==> interrupted")
    table(state, ran)
    return 1 if any(one["failed"] for one in ran.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
