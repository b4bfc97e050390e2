"""Adds up the JUnit files of one run: names what was skipped, then the sums.

REQUIRE_ALL=1 makes a skipped test a failure.
"""

import os
import sys
import xml.etree.ElementTree as ElementTree


def main():
    passed, failed, skipped = 0, 0, []
    for path in sys.argv[1:]:
        for case in ElementTree.parse(path).iter("testcase"):
            if case.find("failure") is not None or case.find("error") is not None:
                failed += 1
            elif case.find("skipped") is not None or case.get("status") == "notrun":
                skipped.append(case.get("name"))
            else:
                passed += 1
    if skipped:
        print("skipped:", " ".join(sorted(skipped)))
    print(f"{passed} passed, {failed} failed, {len(skipped)} skipped")
    all_required = os.environ.get("REQUIRE_ALL") == "1"
    sys.exit(1 if failed or not passed or (skipped and all_required) else 0)


main()
