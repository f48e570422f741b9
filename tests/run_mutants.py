"""Runs the mutants of the core (tests/mutants/table): every one must be seen by the test that the table names.

A mutant is red in its killer and the real core is green there: a golden scenario that comes out differently, or a
seed of the simulator that violates the invariant that the table names, a unit test that fails. A kept seed goes stale
when the core or the simulator changes; then the seeds after it are tried for a while, and the one that is found is
printed (--update writes it into the table). A mutant of the sources that is not in the table, or the other way round,
is a failure.

Usage: run_mutants.py [--list] [--update] [NAME...]. Environment: VIPD_SOURCE; VIPD_MUTANTS_FRESH_S: instead of kept
seeds fresh ones, for so many seconds a mutant; VIPD_SIM_SEED is then the first.
"""
import concurrent.futures
import glob
import os
import random
import re
import subprocess
import sys
import time

SOURCE = os.environ.get("VIPD_SOURCE") or os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TABLE = os.path.join(SOURCE, "tests", "mutants", "table")
STORIES = os.path.join(SOURCE, "tests", "golden", "stories")
UNIT = os.path.join("tests", "unit", "mutant_")
SIM = os.path.join("tests", "sim", "sim_mutant")
GOLDEN = os.path.join("tests", "golden", "golden_mutant")
FRESH_S = float(os.environ.get("VIPD_MUTANTS_FRESH_S", "0"))
STALE_S = 120  # after a kept seed that is stale
RUN_S = 120   # one run of one seed or story
SEEDS_MAX = 100000
WORKERS = 2


def rows():
    """(name, rule, killer words) of each line of the table; @NAME stands for the knobs of a line "@NAME = KNOBS".

    Those of @usual stand before every sim row's own."""
    knobs = {}
    with open(TABLE, encoding="utf-8") as table:
        for line in table:
            line = line.split("#")[0].strip()
            if line.startswith("@"):
                name, _, words = line.partition("=")
                knobs[name.strip()] = words.split()
                continue
            cells = [cell.strip() for cell in line.split("|")]
            if len(cells) == 3:
                words = [part for word in cells[2].split() for part in knobs.get(word, [word])]
                if words[0] == "sim":  # a row's own knobs stand after the usual ones, and count
                    words[3:3] = knobs["@usual"]
                yield cells[0], cells[1], words
            elif line:
                raise ValueError(f"{TABLE}: not understood: {line}")


def names_in_sources():
    """What the core asks for."""
    text = ""
    for path in glob.glob(os.path.join(SOURCE, "vrrp", "*.c")):
        with open(path, encoding="utf-8") as source:
            text += source.read()
    return set(re.findall(r"\bVRRP_MUTANT\((\w+)\)", text))


def mutant_option(name):
    """A sabotage of the simulator (it takes away what the core rests on) is a knob, not a mutant of the core."""
    return ["--set", f"{name}=1"] if name.startswith("sabotage_") else ["--mutant", name]


def sim(arguments, seconds):
    """(exit status, first failing seed, its violation) of one call of the simulator."""
    command = [SIM, *arguments, "--minutes", str(seconds / 60)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + RUN_S, check=False)
    found = re.search(r"^# seed (\d+): (.*)$", done.stdout, re.M)
    if found:
        return 1, int(found[1]), found[2]
    ended = re.search(r"^# (I7: .*)\n# repeat: .*--seed (\d+)", done.stdout + done.stderr, re.M)
    if ended:  # the process itself has ended
        return 1, int(ended[2]), ended[1]
    last = (done.stdout + done.stderr).strip().splitlines()[-1:]
    return done.returncode, None, "" if done.returncode == 0 else f"{last}"[:200]


def hunt(name, invariant, first, sets, seconds):
    """The first seed at which the mutant violates that invariant, and how; or None and why not."""
    deadline = time.monotonic() + seconds
    said = "no seed in time"
    while (left := deadline - time.monotonic()) > 0:
        status, seed, violation = sim([*mutant_option(name), "--seed", str(first), "--count", str(SEEDS_MAX), "--first",
                                       *sets], left)
        if seed is None:
            return None, violation if status != 0 else said
        if violation.startswith(invariant) and is_green(seed, sets):
            return seed, violation
        said = f"seed {seed}: {violation}, not {invariant}, or red without the mutant too"
        first = seed + 1
    return None, said


def try_sim(name, words, note):
    """words: INVARIANT SEED KNOB=VALUE... True if the mutant is seen and the real core is good at that seed."""
    invariant, kept = words[0], int(words[1])
    sets = [part for knob in words[2:] for part in ("--set", knob)]
    first = kept
    if FRESH_S:
        first = int(os.environ.get("VIPD_SIM_SEED", random.SystemRandom().randrange(1, 2**40)))
    else:
        status, seed, violation = sim([*mutant_option(name), "--seed", str(kept), "--count", "1", *sets], RUN_S)
        if seed is not None and violation.startswith(invariant) and is_green(seed, sets):
            return True
        first = kept + 1
    begin = time.monotonic()
    seed, said = hunt(name, invariant, first, sets, FRESH_S or STALE_S)
    if seed is None:
        note.append(f"nobody sees {name} from seed {first} in {time.monotonic() - begin:.0f} s: {said}")
        return False
    note.append(f"seen at seed {seed} after {time.monotonic() - begin:.1f} s: {said}")
    if not FRESH_S:
        note.append(f"STALE {kept} {seed}")
    return True


def is_green(seed, sets):
    """The real core at the same seed."""
    return sim(["--seed", str(seed), "--count", "1", *sets], RUN_S)[0] == 0


def try_golden(name, words, note):
    """words: STORY. The mutant must tell it differently; that the real core tells it as written is tested here too."""
    story = os.path.join(STORIES, words[0] + ".story")
    runs = [subprocess.run([GOLDEN, *option, story], capture_output=True, text=True, timeout=RUN_S, check=False)
            for option in (["--mutant", name], [])]
    if runs[0].returncode != 1 or "not ok" not in runs[0].stdout:
        last = runs[0].stdout.strip().splitlines()[-1:]
        note.append(f"{words[0]} does not see {name}: {last} {runs[0].stderr[-200:]}")
        return False
    if runs[1].returncode != 0:
        note.append(f"{words[0]} is red without {name} too")
    return runs[1].returncode == 0


def try_unit(name, words, note):
    """words: PROGRAM TEST, without test_. That test fails, and with the real core every one passes."""
    runs = [subprocess.run([UNIT + words[0]], capture_output=True, text=True, timeout=RUN_S, check=False,
                           env={**os.environ, "CMOCKA_MESSAGE_OUTPUT": "TAP", **mutant})
            for mutant in ({"VIPD_MUTANT": name}, {})]
    if not re.search(rf"^not ok \d+ - {re.escape(words[1])}$", runs[0].stdout, re.M):
        note.append(f"test_{words[0]}, {words[1]}, does not see {name}: {runs[0].stderr[-200:]!r}")
        return False
    if runs[1].returncode != 0:
        note.append(f"test_{words[0]} is red without {name} too")
    return runs[1].returncode == 0


def try_row(row):
    """(passed, notes) of one mutant."""
    name, _, killer = row
    note = []
    try:
        passed = {"sim": try_sim, "golden": try_golden, "unit": try_unit}[killer[0]](name, killer[1:], note)
    except (KeyError, IndexError, ValueError, OSError, subprocess.TimeoutExpired) as error:
        return False, [f"{name}: {error!r}"]
    return passed, note


def write_seeds(moved):
    """Puts the seeds that were found into the table."""
    with open(TABLE, encoding="utf-8") as table:
        lines = table.readlines()
    for at, line in enumerate(lines):
        old_new = moved.get(line.split("|")[0].strip())
        if old_new:
            lines[at] = line.replace(f" {old_new[0]} ", f" {old_new[1]} ", 1) if f" {old_new[0]} " in line else \
                line.replace(f" {old_new[0]}\n", f" {old_new[1]}\n", 1)
    with open(TABLE, "w", encoding="utf-8") as table:
        table.writelines(lines)


def check_names(table):
    """Complaints about names that stand on one side only."""
    known = [row[0] for row in table]
    asked = names_in_sources()
    said = [f"{name}: in the sources, not in tests/mutants/table" for name in sorted(asked - set(known))]
    said += [f"{name}: in the table, not in the sources" for name in known
             if name not in asked and not name.startswith("sabotage_")]
    return said + [f"{name}: twice in the table" for name in sorted(set(known)) if known.count(name) > 1]


def main(arguments):
    table = list(rows())
    if "--list" in arguments:
        for name, rule, killer in table:
            print(f"{name:34} {rule}  [{' '.join(killer)}]")
        return 0
    wanted = [name for name in arguments if not name.startswith("--")]
    chosen = [row for row in table if not wanted or row[0] in wanted]
    if FRESH_S:
        chosen = [row for row in chosen if row[2][0] == "sim"]
    print(f"1..{len(chosen) + 1}")
    said = check_names(table)
    for line in said:
        print(f"# {line}")
    print(f"{'not ' if said or not chosen else ''}ok 1 - every mutant is in the table, {len(table)} of them")
    failed = bool(said) or not chosen
    moved = {}
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        for number, (row, (passed, notes)) in enumerate(zip(chosen, pool.map(try_row, chosen)), 2):
            for note in notes:
                if note.startswith("STALE "):
                    moved[row[0]] = note.split()[1:]
                    print(f"# {row[0]}: kept seed {moved[row[0]][0]} is stale, {moved[row[0]][1]} is not (--update)")
                else:
                    print(f"# {note}")
            print(f"{'' if passed else 'not '}ok {number} - {row[0]}: {row[2][0]} {row[2][1]}", flush=True)
            failed = failed or not passed
    if "--update" in arguments and moved:
        write_seeds(moved)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
