"""House rules as tests: one TAP case a rule. VIPD_SOURCE is the tree, VIPD_PLAIN the build whose products are read."""
import os
import sys

import rules_binary  # noqa: F401  the imports register the rules
import rules_documents  # noqa: F401
import rules_layers  # noqa: F401
import rules_source  # noqa: F401
from tree import RULES, Tree

COMPLAINTS_SHOWN = 40


def main():
    tree = Tree(os.environ["VIPD_SOURCE"], os.environ["VIPD_PLAIN"])
    bad = 0
    print(f"1..{len(RULES)}")
    for number, check in enumerate(RULES, 1):
        try:
            said = check(tree)
        except Exception as error:  # pylint: disable=broad-except  a rule that cannot be read is a broken rule
            said = [f"{type(error).__name__}: {error}"]
        for line in said[:COMPLAINTS_SHOWN]:
            print(f"# {line}")
        if len(said) > COMPLAINTS_SHOWN:
            print(f"# ... and {len(said) - COMPLAINTS_SHOWN} more")
        print(f"{'not ok' if said else 'ok'} {number} - {check.__name__}", flush=True)
        bad += bool(said)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
