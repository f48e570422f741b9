"""Runs the unit tests that need a real PostgreSQL (and root, to become postgres): the programs of VIPD_POSTGRES_TESTS.

Not part of `make check`, which needs no PostgreSQL; `make check-postgres` and ./bootstrap check run it. The output is
one TAP of all programs.
"""
import os
import re
import subprocess
import sys

DEADLINE_S = 600  # a program
CMOCKA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "cmocka.sh")


def run(program):
    """(exit status or what went wrong, lines) of one program."""
    try:
        done = subprocess.run(["/bin/sh", CMOCKA, os.path.abspath(program)], stdout=subprocess.PIPE, text=True,
                              errors="replace", timeout=DEADLINE_S, check=False)
    except subprocess.TimeoutExpired as timeout:
        return f"no end after {DEADLINE_S} s", (timeout.stdout or "").splitlines()
    return done.returncode, done.stdout.splitlines()


def main(programs):
    count = bad = 0
    for program in programs:
        status, lines = run(program)
        plan = cases = red = 0
        for line in lines:
            match = re.match(r"(not )?ok \d+(.*)$", line)
            if re.match(r"1\.\.\d+$", line):
                plan = int(line[3:])
            elif match:
                count += 1
                cases += 1
                red += bool(match[1])
                print(f"{match[1] or ''}ok {count}{match[2]} ({os.path.basename(program)})")
            else:
                print(line if line.startswith("#") else f"# {line}")
        if (status != 0 and red == 0) or cases != plan or cases == 0:
            count += 1
            red += 1
            print(f"not ok {count} - {os.path.basename(program)}: {cases} of {plan} cases, exit status {status}")
        bad += red
        sys.stdout.flush()
    print(f"1..{count}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(os.environ["VIPD_POSTGRES_TESTS"].split()))
