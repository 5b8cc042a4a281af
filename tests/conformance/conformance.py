# SPDX-License-Identifier: Apache-2.0
"""Runs the official conformance suite against the fixtures, and what needs none against cordon.

    conformance.py SUITE BUILD JUNIT [--skip REASON]

SUITE is a directory in which package.json was installed, BUILD holds the programs. One test per
scenario and revision: a warning of the suite counts as a failure, because the reference servers
have none. What failed is tried once more, by itself, into JUNIT's second file (summary.py): the
suite's own waits, of a second, count real time. With --skip each is skipped, by name.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Timer

from scenarios import OLDER, REAL, SCORED, UNSCORED

# What a server says once it listens; port 0 on the command line is any that is free.
LISTENS = re.compile(r"127\.0\.0\.1:([0-9]+)")
START_S = 120

# A scenario's limit, where the suite gives it no shorter one.
SCENARIO_MS = 60000


class Suite:
    """The command line of the suite, on its own Node."""

    def __init__(self, directory):
        modules = Path(directory, "node_modules")
        node = next(modules.glob("node-linux-*/bin/node"), None)
        entry = modules / "@modelcontextprotocol/conformance/dist/index.js"
        if not node or not entry.exists():
            sys.exit(f"conformance: no suite in {directory}")
        self.command = [node, entry, "server", "--timeout", str(SCENARIO_MS)]
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(directory), "NO_COLOR": "1"}

    def run(self, port, *options):
        """scenario -> its checks."""
        with tempfile.TemporaryDirectory() as out:
            process = subprocess.run(
                [*self.command, "--url", f"http://localhost:{port}/mcp", "-o", out, *options],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=600,
            )
            found = {}
            for path in Path(out).glob("server-*/checks.json"):
                name = re.fullmatch(r"server-(.*)-\d{4}-\d\d-\d\dT[\d-]+Z", path.parent.name)[1]
                found[name] = json.loads(path.read_text())
        if not found:
            print(process.stdout.decode(errors="replace")[-2000:], file=sys.stderr)
        return found


@contextmanager
def server(*command, environment):
    """A server that has come up; its port."""
    with subprocess.Popen(
        [str(word) for word in command],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as process:
        said = []
        watchdog = Timer(START_S, process.kill)
        watchdog.start()
        try:
            for line in process.stderr:
                said.append(line.decode(errors="replace"))
                if at := LISTENS.search(said[-1]):
                    break
            else:
                raise RuntimeError(f"{command[0]} did not listen: {''.join(said)}")
            watchdog.cancel()
            with ThreadPoolExecutor(1) as reader:
                rest = reader.submit(process.stderr.read)
                try:
                    yield int(at[1])
                finally:
                    process.terminate()
                    code = process.wait(60)
                    said.append(rest.result().decode(errors="replace"))
        finally:
            watchdog.cancel()
            if process.poll() is None:
                process.kill()
        if code not in (0, -15):
            raise RuntimeError(f"{command[0]} ended with {code}: {''.join(said)[-2000:]}")


def fault(checks):
    """None, or what the suite has against a scenario."""
    bad = [check for check in checks if check["status"] in ("FAILURE", "WARNING")]
    if bad:
        return "; ".join(f"{check['id']}: {check.get('errorMessage', '')}" for check in bad)
    # Schemas alone say nothing of the scenario.
    made = [check for check in checks if check["status"] in ("SUCCESS", "SKIPPED")]
    if all(check["id"] == "wire-schema-valid" for check in made):
        return "nothing was judged: " + "; ".join(check["description"] for check in checks)
    return None


def left_out(checks):
    """None, or why the suite itself leaves a scenario out."""
    if any(check["status"] == "SUCCESS" for check in checks):
        return None
    return next((c.get("errorMessage") for c in checks if c["status"] == "SKIPPED"), None)


def run(suite, port, revision, names):
    """Everything that a revision requires, and what is run besides; or these, one by one."""
    if not names and revision in OLDER:
        return suite.run(port, "--suite", "all", "--spec-version", revision)
    if not names:
        return suite.run(port, "--requirements", revision)
    found = {}
    for name in names:
        found |= suite.run(port, "--scenario", name, "--spec-version", revision, "--force")
    return found


def fixtures(suite, build, revision, names):
    """The scenarios on what they were written for."""
    with server(build / "cordon-conformance", "--http", "127.0.0.1:0", environment={}) as port:
        return run(suite, port, revision, names)


def real(suite, build, revision, names):
    """The scenarios without fixtures, on cordon as people start it."""
    with ExitStack() as stack:
        state = stack.enter_context(tempfile.TemporaryDirectory())
        root = stack.enter_context(tempfile.TemporaryDirectory())
        environment = {"PATH": os.environ["PATH"], "HOME": root, "CORDON_STATE": state}
        command = (build / "cordon", "serve", "--http", "127.0.0.1:0", "--root", root)
        port = stack.enter_context(server(*command, environment=environment))
        # All, as to start the suite takes longer than what it does: the others say nothing here.
        found = run(suite, port, revision, names)
        return {name: list(filter(testable, found.get(name, []))) for name in REAL[revision]}


ALL = {revision: SCORED[revision] + UNSCORED[revision] for revision in SCORED} | OLDER
PARTS = [
    (part, revision, table[revision])
    for part, table in ((fixtures, ALL), (real, REAL))
    for revision in sorted(table, reverse=True)
]


def testable(check):
    """False: it could not be made, as the server has not what the suite calls for it."""
    return not (check.get("details") or {}).get("untestable")


def judged(where, name, checks):
    """One row: (class, name, verdict, why)."""
    wrong, unused = fault(checks), left_out(checks)
    if wrong:
        return where, name, "failure", wrong
    return where, name, "skipped" if unused else None, unused


def attempt(suite, build, part, revision, names, only=None):
    """The rows of one part; `only`: of these scenarios."""
    where = f"conformance.{part.__name__}.{revision}"
    try:
        found = part(suite, build, revision, only)
    except (OSError, RuntimeError, subprocess.SubprocessError) as problem:
        return [(where, name, "failure", str(problem)) for name in names]
    rows = [judged(where, name, found.get(name, [])) for name in only or names]
    unknown = set(found) - set(names)
    return rows + [(where, name, "failure", "is not in scenarios.py") for name in unknown]


def everything(suite, build):
    # Two at a time: a scenario waits more than it works.
    with ThreadPoolExecutor(2) as workers:
        work = [workers.submit(attempt, suite, build, *part) for part in PARTS]
        return [row for one in work for row in one.result()]


def once_more(suite, build, rows):
    """What failed, one after the other."""
    again = []
    for part, revision, names in PARTS:
        where = f"conformance.{part.__name__}.{revision}"
        failed = [row[1] for row in rows if row[0] == where and row[2] == "failure"]
        if failed:
            again += attempt(suite, build, part, revision, names, failed)
    return again


def write(rows, path):
    tests = xml.Element("testsuite", name="conformance")
    for where, name, verdict, why in rows:
        case = xml.SubElement(tests, "testcase", classname=where, name=name)
        if verdict:
            xml.SubElement(case, verdict, message=why)
    xml.ElementTree(tests).write(path)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("suite")
    parser.add_argument("build", type=Path)
    parser.add_argument("junit", type=Path)
    parser.add_argument("--skip", metavar="REASON")
    given = parser.parse_args()
    if given.skip:
        rows = [
            (f"conformance.{part.__name__}.{revision}", name, "skipped", given.skip)
            for part, revision, names in PARTS
            for name in names
        ]
    else:
        suite, build = Suite(given.suite), given.build.resolve()
        rows = everything(suite, build)
        again = [] if os.environ.get("FULL") else once_more(suite, build, rows)
        if again:
            write(again, given.junit.with_suffix(".again.xml"))
    write(rows, given.junit)
    for revision, names in SCORED.items():
        passed = {r[1] for r in rows if r[0] == f"conformance.fixtures.{revision}" and not r[2]}
        print(f"{revision}: {len(passed & set(names))} of {len(names)} scored scenarios pass")
    for where, name, verdict, why in rows:
        if verdict == "failure":
            print(f"{verdict}: {where}: {name}: {why}")


if __name__ == "__main__":
    main()
