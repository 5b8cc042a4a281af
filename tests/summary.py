# SPDX-License-Identifier: Apache-2.0
"""Adds up what the suites left behind; the last line is `N passed, N failed, N skipped`.

Takes JUnit files of ctest and pytest, and .tsv files with one `verdict<TAB>name<TAB>reason` per
line. A file that is missing, broken or empty is one failure: a suite that died has not passed.

Beside NAME.xml there may be NAME.again.xml, of a second try of what failed. What passed in it has
passed, and is named as unsteady with how it failed first; of more than a few the machine is not the
reason, and none has.
"""

import re
import sys
import xml.etree.ElementTree as xml
from pathlib import Path

# What a cmocka program prints per test function.
CMOCKA = re.compile(r"^\[\s+(OK|FAILED|SKIPPED)\s+\] (\w+)$", re.MULTILINE)
UNSTEADY_MAX = 5
CMOCKA_VERDICT = {"OK": "passed", "FAILED": "failed", "SKIPPED": "skipped"}


def one_case(case):
    """A <testcase> as rows (verdict, name, reason): one per function of a unit-test program."""
    name = case.get("classname", "") + "::" + case.get("name", "")
    if case.get("classname") == case.get("name"):
        name = case.get("name")
    bad = case.find("failure") if case.find("failure") is not None else case.find("error")
    left_out = case.find("skipped")
    output = case.findtext("system-out") or ""
    rows = {}
    for verdict, function in CMOCKA.findall(output):
        # cmocka names a failed function twice; the worse word counts.
        if rows.get(function) != "failed":
            rows[function] = CMOCKA_VERDICT[verdict]
    if rows:
        if bad is not None and "failed" not in rows.values():
            rows["(the program itself)"] = "failed"
        return [
            (verdict, f"{name}: {function}", "said so itself") for function, verdict in rows.items()
        ]
    if bad is not None:
        return [("failed", name, bad.get("message", "").split("\n")[0])]
    if left_out is not None:
        return [("skipped", name, left_out.get("message", ""))]
    return [("passed", name, "")]


def read(path):
    if path.suffix == ".tsv":
        lines = path.read_text().splitlines()
        return [tuple((line + "\t\t").split("\t")[:3]) for line in lines if line.strip()]
    rows = []
    for case in xml.parse(path).iter("testcase"):
        rows += one_case(case)
    return rows


def judged_again(path, rows):
    """(rows, those that passed only the second time); a broken second try changes nothing."""
    second = path.with_suffix(".again.xml")
    failed = {row[1] for row in rows if row[0] == "failed"}
    if not failed or not second.exists():
        return rows, []
    try:
        passed = {row[1] for row in read(second) if row[0] == "passed"} & failed
    except xml.ParseError:
        return rows, []
    unsteady = [row for row in rows if row[1] in passed]
    if len(unsteady) > UNSTEADY_MAX:
        return rows, []
    return [("passed", row[1], "") if row in unsteady else row for row in rows], unsteady


def main(paths):
    total = {"passed": 0, "failed": 0, "skipped": 0}
    details = []
    for path in map(Path, paths):
        try:
            rows, unsteady = judged_again(path, read(path))
        except (OSError, xml.ParseError) as problem:
            rows, unsteady = [("failed", path.name, f"left no result: {problem}")], []
        if not rows:
            rows = [("failed", path.name, "ran no test")]
        count = {verdict: sum(row[0] == verdict for row in rows) for verdict in total}
        print(
            f"{path.stem + ':':20} " + ", ".join(f"{n} {verdict}" for verdict, n in count.items())
        )
        for verdict, n in count.items():
            total[verdict] += n
        details += [(path.stem, *row) for row in rows if row[0] != "passed"]
        details += [(path.stem, "unsteady", *row[1:]) for row in unsteady]
    for suite, verdict, name, reason in sorted(details, key=lambda row: (row[1] == "failed", row)):
        print(f"{verdict}: {suite}: {name}: {reason}")
    print(", ".join(f"{n} {verdict}" for verdict, n in total.items()))
    return 1 if total["failed"] or not total["passed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
