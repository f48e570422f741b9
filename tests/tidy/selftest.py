"""Shows every house rule red: each rule's own violation is planted in a copy of the tree, and must be found.

The rule must complain of more than it did without the plant, so that a tree that breaks a rule already proves nothing.
"""
import os
import sys
import tempfile

import rules_binary  # noqa: F401  the imports register the rules
import rules_documents  # noqa: F401
import rules_layers  # noqa: F401
import rules_source  # noqa: F401
from tree import ROOMS, RULES, Tree


def complaints(check, tree):
    try:
        return set(check(tree))
    except FileNotFoundError as error:  # not built: the plant brings its own
        return {str(error)}


def finds_its_plant(check, tree):
    """Empty if the rule complains about what was planted, else what is wrong."""
    before = complaints(check, tree)
    planted = tree.copy()
    check.plant(planted)
    after = complaints(check, planted)
    return "" if after - before else "the planted violation was not found"


def walker_sees_every_room(tree):
    """Empty if a new file in any room, on disk, becomes part of the tree."""
    del tree
    with tempfile.TemporaryDirectory(prefix="vipd-tidy-") as top:
        for room in (*ROOMS, "tests/unit", "man", "build/plain"):
            os.makedirs(os.path.join(top, room))
            with open(os.path.join(top, room, "planted.c"), "w", encoding="utf-8") as planted:
                planted.write("int x;\n")
        seen = set(Tree(top, top).files)
    want = {f"{room}/planted.c" for room in (*ROOMS, "tests/unit", "man")}
    return "" if seen == want else f"saw {sorted(seen)}"


def main():
    tree = Tree(os.environ["VIPD_SOURCE"], os.environ["VIPD_PLAIN"])
    cases = [(check.__name__, lambda check=check: finds_its_plant(check, tree)) for check in RULES]
    cases.append(("the_walker_sees_every_room", lambda: walker_sees_every_room(tree)))
    bad = 0
    print(f"1..{len(cases)}")
    for number, (name, run) in enumerate(cases, 1):
        said = run()
        if said:
            print(f"# {said}")
        print(f"{'not ok' if said else 'ok'} {number} - {name} is red when broken", flush=True)
        bad += bool(said)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
