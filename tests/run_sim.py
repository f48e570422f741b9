"""Runs the simulator as a test: the seeds that ever failed, then fresh ones in two processes. The output is the
simulator's own TAP, and one case for the second process.

Environment: VIPD_SIM_MINUTES (of fresh seeds, both processes together, default 3), VIPD_SIM_SEED (the first; default: by
the clock, printed).
"""
import os
import re
import subprocess
import sys
import time

MINUTES = float(os.environ.get("VIPD_SIM_MINUTES", "3"))
GRACE_S = 600  # for the kept seeds and a slow machine
SIM = os.path.join("tests", "sim", "sim")
SECOND_FROM = 500000000  # the second process begins this many seeds later


def what_failed(said):
    """The seed and what it violated, for the case's name: that much of a long log is read first."""
    seeds = re.findall(r"^# seed (\d+: .*)", said, re.MULTILINE)
    return ", seed " + seeds[-1] if seeds else ""


def main():
    seeds = os.path.join(os.environ["VIPD_SOURCE"], "tests", "sim", "seeds")
    seed = int(os.environ.get("VIPD_SIM_SEED", str(int(time.time()) * 1000000)))
    share = str(MINUTES / 2)
    deadline_s = MINUTES * 30 + GRACE_S
    with subprocess.Popen([SIM, "--minutes", share, "--seed", str(seed + SECOND_FROM)], stdout=subprocess.PIPE,
                          text=True) as second:
        try:
            first = subprocess.run([SIM, "--check", seeds, "--minutes", share, "--seed", str(seed)], timeout=deadline_s,
                                   stdout=subprocess.PIPE, text=True, check=False)
            said, _ = second.communicate(timeout=deadline_s)
        except subprocess.TimeoutExpired:
            second.kill()
            print(f"# no end after {MINUTES} minutes and {GRACE_S} s")
            return 1
    plan = re.match(r"1\.\.(\d+)\n", first.stdout)
    if plan is None:
        print(first.stdout + "# no plan")
        return 1
    cases = int(plan.group(1)) + 1
    good = second.returncode == 0 and " 0 seeds," not in said
    here = re.sub(r"^not ok \d+ - fresh seeds$", lambda case: case[0] + what_failed(first.stdout[:case.start()]),
                  first.stdout[plan.end():], flags=re.MULTILINE)
    print(f"1..{cases}\n{here}{said}{'' if good else 'not '}ok {cases} - fresh seeds, second process"
          f"{'' if good else what_failed(said)}")
    return first.returncode if first.returncode != 0 else int(not good)


if __name__ == "__main__":
    sys.exit(main())
