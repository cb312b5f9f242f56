"""Counts the tests in JUnit files written by `ctest --output-junit`: prints `N passed, N failed[, N skipped]`.

A test that is a GoogleTest program counts as the tests that it ran, by gtest/<its name>.xml beside the file.

Exit 1 if a test failed, or if a file is missing, unreadable or holds no test that was executed.
"""

import sys
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path


def outcome(case):
    """ctest writes `notrun` for a test that skipped itself and for one it could not start: only the first is a skip."""
    status = case.get("status")
    if status == "run":
        return "passed"
    if status == "disabled":
        return "skipped"
    skipped = case.find("skipped")
    asked_for = skipped is not None and skipped.get("message", "").startswith("SKIP_")
    return "skipped" if status == "notrun" and asked_for else "failed"


def gtest_outcome(case):
    if case.find("failure") is not None:
        return "failed"
    return "passed" if case.get("result") == "completed" else "skipped"


def outcomes(case, folder):
    """One for each test that a case of ctest stands for. A program that failed has a failed test, told or not."""
    own = outcome(case)
    parts = folder / "gtest" / f"{case.get('name')}.xml"
    if not parts.exists():
        return Counter([own])
    inner = Counter(gtest_outcome(c) for c in ElementTree.parse(parts).iter("testcase"))
    if own == "failed" and not inner["failed"]:
        inner["failed"] = 1
    return inner


def count(path):
    folder, cases = Path(path).parent, ElementTree.parse(path).iter("testcase")
    counts = sum((outcomes(case, folder) for case in cases), Counter())
    if counts["passed"] + counts["failed"] == 0:
        raise ValueError("no test was executed")
    return counts


def main(paths):
    total, complete = Counter(), bool(paths)
    for path in paths:
        try:
            total += count(path)
        except (OSError, ElementTree.ParseError, ValueError) as error:
            print(f"{path}: {error}", file=sys.stderr, flush=True)
            complete = False
    skipped = f", {total['skipped']} skipped" if total["skipped"] else ""
    print(f"{total['passed']} passed, {total['failed']} failed{skipped}")
    return 0 if complete and total["failed"] == 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
