"""Runs the unit tests that need a real PostgreSQL (and root, to become postgres): the programs of VIPD_POSTGRES_TESTS.

Not part of `make check`, which needs no PostgreSQL; `make check-postgres` and ./bootstrap check run it. The output is
one TAP of all programs.
"""
import os
import re
import sys

import run_cmocka


def main(programs):
    count = bad = 0
    for program in programs:
        name = os.path.basename(program)
        status, lines, cases, plan = run_cmocka.run(program)
        red = 0
        for line in lines:
            match = re.match(r"(not )?ok \d+(.*)$", line)
            if match:
                count += 1
                red += bool(match[1])
                print(f"{match[1] or ''}ok {count}{match[2].replace(' - ', f' - {name}: ', 1)}")
            elif not line.startswith("1.."):
                print(line if line.startswith("#") else f"# {line}")
        if (status != 0 and red == 0) or cases != plan or cases == 0:
            count += 1
            red += 1
            print(f"not ok {count} - {name}: {cases} of {plan} cases, exit status {status}")
        bad += red
        sys.stdout.flush()
    print(f"1..{count}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(os.environ["VIPD_POSTGRES_TESTS"].split()))
