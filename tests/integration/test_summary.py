# SPDX-License-Identifier: Apache-2.0
"""What tests/summary.py makes of a second try."""

import subprocess
import sys
from pathlib import Path

import pytest

import support

SUMMARY = str(Path(support.SOURCE, "tests/summary.py"))


def junit(path, verdicts):
    cases = "".join(
        f'<testcase classname="suite" name="{name}">'
        + {"passed": "", "failed": '<failure message="it took 9 s"/>'}[verdict]
        + "</testcase>"
        for name, verdict in verdicts.items()
    )
    path.write_text(f"<testsuites><testsuite>{cases}</testsuite></testsuites>")


@pytest.mark.parametrize(
    "failed, again, last",
    [
        (1, {"f0": "passed"}, "3 passed, 0 failed, 0 skipped"),
        (1, {"f0": "failed"}, "2 passed, 1 failed, 0 skipped"),
        (2, {"f0": "passed", "f1": "failed"}, "3 passed, 1 failed, 0 skipped"),
        (5, {f"f{n}": "passed" for n in range(5)}, "7 passed, 0 failed, 0 skipped"),
        (6, {f"f{n}": "passed" for n in range(6)}, "2 passed, 6 failed, 0 skipped"),
        (1, {"p0": "passed"}, "2 passed, 1 failed, 0 skipped"),
        (1, None, "2 passed, 1 failed, 0 skipped"),
    ],
)
def test_a_second_try(tmp_path, failed, again, last):
    first = {"p0": "passed", "p1": "passed"} | {f"f{n}": "failed" for n in range(failed)}
    junit(tmp_path / "x.xml", first)
    if again:
        junit(tmp_path / "x.again.xml", again)
    done = subprocess.run(
        [sys.executable, SUMMARY, str(tmp_path / "x.xml")], capture_output=True, text=True
    )
    lines = done.stdout.splitlines()
    assert lines[-1] == last, done.stderr
    assert done.returncode == (0 if " 0 failed" in last else 1)
    forgiven = failed - int(last.split(", ")[1].split()[0])
    assert sum(line.startswith("unsteady: x: suite::f") for line in lines) == forgiven
    assert all("it took 9 s" in line for line in lines if line.startswith("unsteady"))
