"""Runs the simulator as a test: the seeds that ever failed, then fresh ones. The output is the simulator's own TAP.

Environment: VIPD_SIM_MINUTES (of fresh seeds, default 1), VIPD_SIM_SEED (the first; default: by the clock, printed).
"""
import os
import subprocess
import sys

MINUTES = os.environ.get("VIPD_SIM_MINUTES", "1")
GRACE_S = 600  # for the kept seeds and a slow machine


def main():
    seeds = os.path.join(os.environ["VIPD_SOURCE"], "tests", "sim", "seeds")
    command = [os.path.join("tests", "sim", "sim"), "--check", seeds, "--minutes", MINUTES]
    if "VIPD_SIM_SEED" in os.environ:
        command += ["--seed", os.environ["VIPD_SIM_SEED"]]
    try:
        return subprocess.run(command, timeout=float(MINUTES) * 60 + GRACE_S, check=False).returncode
    except subprocess.TimeoutExpired:
        print(f"# no end after {MINUTES} minutes and {GRACE_S} s")
        return 1


if __name__ == "__main__":
    sys.exit(main())
