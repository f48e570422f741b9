"""Counts the outcomes of one suite: `tally.py SUITE FILE`, FILE a log of `make check` or a junit.xml of pytest.

Prints four numbers: passed, failed, skipped as expected, skipped although tests/skips.txt does not allow it (the
caller counts these as failures). A skip never counts as passed. Lines of skips.txt: suite, name (glob), # reason.
"""
import fnmatch
import os
import re
import sys
import xml.etree.ElementTree as ElementTree

OUTCOME = re.compile(r"^(PASS|FAIL|SKIP|XFAIL|XPASS|ERROR): (\S+)(?: \d+)?(?: - )?(.*)$")


def from_make(path):
    """(outcome, name) of every case in the output of automake's TAP driver."""
    with open(path, encoding="utf-8", errors="replace") as log:
        for line in log:
            match = OUTCOME.match(line.rstrip("\n"))
            if match:
                yield match[1], f"{match[2]}:{match[3].split(' # ')[0].strip()}"


def from_junit(path):
    """(outcome, name) of every case in a junit.xml."""
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        if case.get("name") is None:
            continue  # what a test was at when the run was cut short
        name = f"{case.get('classname')}::{case.get('name')}"
        kinds = {child.tag for child in case}
        if kinds & {"failure", "error"}:
            yield "FAIL", name
        elif "skipped" in kinds:
            yield "SKIP", name
        else:
            yield "PASS", name


def allowed_skips(suite):
    """Globs of the names that may be skipped in this suite."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "skips.txt")
    with open(path, encoding="utf-8") as lines:
        words = [line.split("#")[0].split() for line in lines]
    return [word[1] for word in words if len(word) == 2 and word[0] == suite]


def main(suite, path):
    passed = failed = skipped = unexpected = 0
    allowed = allowed_skips(suite)
    cases = list((from_junit if path.endswith(".xml") else from_make)(path))
    red = {name.split(":")[0] for outcome, name in cases if outcome == "FAIL"}
    for outcome, name in cases:
        if outcome == "ERROR" and name.split(":")[0] in red:
            continue  # the exit status of a program whose failed cases are counted already
        if outcome == "PASS":
            passed += 1
        elif outcome != "SKIP":  # an expected failure or an unexpected pass is no pass either
            failed += 1
        elif any(fnmatch.fnmatchcase(name, glob) for glob in allowed):
            skipped += 1
        else:
            unexpected += 1
            print(f"{suite}: skipped, and tests/skips.txt does not allow it: {name}", file=sys.stderr)
    print(passed, failed, skipped, unexpected)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
