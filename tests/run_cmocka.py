"""Runs one cmocka program: run_cmocka.py PROGRAM. Its output becomes a TAP that a TAP reader takes.

cmocka prints a plan for each group and numbers from 1 again, and calls a skipped test "not ok 3 # SKIP name". The
program's exit status is kept, so that a crash and a sanitizer's finding at exit are errors of their own; what a program
does not run of its plan stays missing. The program has a session of its own (a test that stops or kills "its group"
reaches nobody else) and a deadline; what it leaves behind in that session is killed.
"""
import os
import re
import signal
import subprocess
import sys
import tempfile

DEADLINE_S = 600


def translate(lines):
    """Lines of cmocka's TAP as one plan with one numbering; and the number of cases."""
    number = plan = 0
    out = []
    for line in lines:
        if re.match(r"1\.\.\d+$", line):
            plan += int(line[3:])
            continue
        skipped = re.match(r"not ok \d+ # SKIP\s*(.*)$", line)
        case = re.match(r"(not )?ok \d+(.*)$", line)
        if case:
            number += 1
            out.append(f"ok {number} - {skipped[1]} # SKIP" if skipped else f"{case[1] or ''}ok {number}{case[2]}")
        else:
            out.append(line)
    out.append(f"1..{plan}")
    return out, number, plan


def run(program):
    """(exit status, lines of TAP, cases, plan) of a program. After the deadline its status is -SIGKILL."""
    with tempfile.TemporaryFile() as output:  # a file: what the program leaves running may hold it open
        child = subprocess.Popen([os.path.abspath(program)], stdin=subprocess.DEVNULL, stdout=output,
                                 start_new_session=True)
        try:
            status = child.wait(timeout=DEADLINE_S)
        except subprocess.TimeoutExpired:
            print(f"# {program}: no end after {DEADLINE_S} s")
            status = -signal.SIGKILL
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        child.wait()
        output.seek(0)
        lines, cases, plan = translate(output.read().decode("utf-8", errors="replace").splitlines())
    return status, lines, cases, plan


def main(program):
    status, lines, _, _ = run(program)
    print("\n".join(lines), flush=True)
    return status if 0 <= status < 256 else 99


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
