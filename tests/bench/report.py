# SPDX-License-Identifier: Apache-2.0
"""The table: its rows, and what is made of them (text, JUnit, JSON, pictures)."""

import json
import os
import re
import subprocess
import xml.etree.ElementTree as xml
from dataclasses import asdict, dataclass, field
from pathlib import Path

PICTURE_ROWS = 24  # as many as cordon-chart draws
PICTURE_RUNS = 200


@dataclass
class Row:
    """One figure. `promised` is what it has to be (None: shown, not judged), at least that where
    `least`. `broken` is where a test fails, far beyond what is promised: a shared machine has bad
    days, and only what does not depend on its speed is judged at all."""

    key: str  # of the history; no spaces
    what: str
    value: float
    unit: str = "x"
    promised: float = None
    least: bool = False
    broken: float = None
    figures: str = ""

    def holds(self, bound):
        return self.value >= bound if self.least else self.value <= bound

    def text(self):
        limit = verdict = ""
        if self.promised is not None:
            limit = f"at {'least' if self.least else 'most'} {self.promised:g}"
            verdict = "yes" if self.holds(self.promised) else "NO"
        value = f"{self.value:.2f} {self.unit}"
        return f"{self.what:66} {value:>11}  {limit:14} {verdict:4} {self.figures}".rstrip()


@dataclass
class Table:
    title: str
    rows: list = field(default_factory=list)
    missing: list = field(default_factory=list)  # (what, why)
    failures: list = field(default_factory=list)
    timed: dict = field(default_factory=dict)  # picture -> [(label, times)]

    def section(self, title):
        print(f"\n{title}", flush=True)

    def add(self, key, what, value, **more):
        row = Row(key, what, value, **more)
        self.rows.append(row)
        print(row.text(), flush=True)

    def note(self, text):
        print(f"  {text}", flush=True)

    def leave_out(self, what, why):
        """Not here, and why; said by name, never silently."""
        self.missing.append((what, why))
        print(f"{what:66} left out: {why}", flush=True)

    def fail(self, what, why):
        self.failures.append((what, why))
        print(f"{what}: could not be measured: {why}", flush=True)

    def draw(self, picture, label, times):
        self.timed.setdefault(picture, []).append((label, list(times)))

    def broken(self):
        return [row for row in self.rows if row.broken is not None and not row.holds(row.broken)]


def write_junit(table, path):
    suite = xml.Element("testsuite", name="bench")

    def case(name):
        return xml.SubElement(suite, "testcase", classname="bench", name=name)

    broken = table.broken()
    for row in table.rows:
        one = case(row.what)
        if row in broken:
            words = f"{row.value:.2f} {row.unit}, and {row.broken:g} is clearly broken; {row.figures}"
            xml.SubElement(one, "failure", message=words)
    for what, why in table.failures:
        xml.SubElement(case(what), "failure", message=f"could not be measured: {why}")
    for what, why in table.missing:
        xml.SubElement(case(what), "skipped", message=why)
    xml.ElementTree(suite).write(path)


def write_json(table, path):
    rows = [asdict(row) for row in table.rows]
    load = round(os.getloadavg()[1], 1)  # who reads the figures later knows how busy it was
    document = {"title": table.title, "load": load, "rows": rows, "missing": table.missing}
    Path(path).write_text(json.dumps(document, indent=1) + "\n")


def write_pictures(table, chart, directory):
    """One for each thing that was compared, drawn by our own chart program; their paths. A few
    times far beyond all others would make a needle of each row: the slowest of fifty is not drawn."""
    made = []
    for name, rows in table.timed.items():
        scripts = [
            {"label": label, "runs": [{"wall_seconds": ms / 1000} for ms in shown(times)]}
            for label, times in rows[:PICTURE_ROWS]
        ]
        scripts[0]["warnings"] = [f"{name}, as {table.title}; the slowest of fifty are not drawn"]
        height = str(260 + 90 * len(scripts))
        picture = subprocess.run(
            [chart, "--format", "svg", "--width", "1000", "--height", height],
            input=json.dumps({"label": name, "scripts": scripts}).encode(),
            stdout=subprocess.PIPE,
            check=True,
        ).stdout
        path = Path(directory, re.sub(r"[^a-z0-9]+", "-", name).strip("-") + ".svg")
        path.write_bytes(picture)
        made.append(path)
    return made


def shown(times):
    ordered = sorted(times)
    bound = ordered[max(0, len(ordered) - 1 - len(ordered) // 50)]
    return [time for time in times if time <= bound][:PICTURE_RUNS]
