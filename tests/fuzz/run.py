"""Runs each libFuzzer target of VIPD_FUZZ_TARGETS (paths) and says in TAP how it went.

Environment: VIPD_FUZZ_SECONDS (a target, default 20), VIPD_FUZZ_SEED (default 1, so that `make check` repeats itself).
A target's seed corpus is tests/fuzz/corpus/<name>/, its words corpus/<name>.dict; what is found goes to a temporary
folder, an input that crashes to the log. Two targets run at a time.
"""
import base64
import concurrent.futures
import glob
import os
import re
import subprocess
import sys
import tempfile

SECONDS = int(os.environ.get("VIPD_FUZZ_SECONDS", "20"))
SEED = os.environ.get("VIPD_FUZZ_SEED", "1")
GRACE_S = 60  # for start and the sanitizers' exit
JOBS = 2  # at a time
RUNS_MIN = min(1000, 20 * SECONDS)  # fewer in the given time means that the target does not work
SOURCE = os.path.dirname(os.path.abspath(__file__))


def run(target):
    """Empty if the target ran clean, else what to say."""
    corpus = os.path.join(SOURCE, "corpus", os.path.basename(target))
    with tempfile.TemporaryDirectory(prefix="vipd-fuzz-") as found:
        command = [os.path.abspath(target), f"-max_total_time={SECONDS}", f"-seed={SEED}", "-max_len=4096",
                   "-timeout=10", "-rss_limit_mb=1024", "-print_final_stats=1", f"-artifact_prefix={found}/", found]
        if os.path.isdir(corpus):
            command.append(corpus)
        if os.path.isfile(corpus + ".dict"):
            command.append(f"-dict={corpus}.dict")
        try:
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=SECONDS + GRACE_S,
                                  text=True, errors="replace", check=False)
        except subprocess.TimeoutExpired:
            return f"no end after {SECONDS + GRACE_S} s"
        if done.returncode != 0:
            return f"exit {done.returncode}\n{done.stdout[-6000:]}\n{inputs(found)}"
        runs = re.search(r"stat::number_of_executed_units:\s*(\d+)", done.stdout)
        if runs is None or int(runs[1]) < RUNS_MIN:
            return f"too few runs\n{done.stdout[-2000:]}"
        print(f"# {os.path.basename(target)}: {runs[1]} runs", flush=True)
        return ""


def inputs(folder):
    """What crashed, to be repeated: echo TEXT | base64 -d >input; tests/fuzz/fuzz_X input."""
    lines = [f"repeat: tests/fuzz/fuzz_X FILE with this seed ({SEED}), or FILE made of what follows by base64 -d"]
    for path in sorted(glob.glob(os.path.join(glob.escape(folder), "[clot]*-*"))):
        with open(path, "rb") as file:
            lines.append(base64.b64encode(file.read()).decode())
    return "\n".join(lines)


def main(targets):
    print(f"1..{len(targets)}")
    bad = 0
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        for number, (target, said) in enumerate(zip(targets, pool.map(run, targets)), 1):
            for line in said.splitlines():
                print(f"# {line}")
            print(f"{'not ok' if said else 'ok'} {number} - {os.path.basename(target)}", flush=True)
            bad += bool(said)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(os.environ["VIPD_FUZZ_TARGETS"].split()))
