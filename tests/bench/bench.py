# SPDX-License-Identifier: Apache-2.0
"""Measures what the project promises about speed and size, as ratios on one machine in one run,
beside bubblewrap, the bare commands and whoever else is here.

usage: bench.py [--quick] [--only WORD,...] [--calls N] [--seconds N] [--junit FILE]
                [--json FILE] [--pictures DIRECTORY] [--setting WORDS] BUILD

--calls: how many are made many at once (10,000); --seconds: how long one comparison may take (60)

What is compared runs alternately, with the same pause before each; medians are compared, and the
99th of a hundred is told beside them. A row without a promise is shown and not judged. With --junit
a row fails only far beyond what is promised (`broken`), and only where that does not depend on how
fast this machine is just now. Kinds of start that a build has not are left out by name.

CORDON_BENCH_PEERS: a directory with programs that no package has here (nsjail, isolate).
CORDON_BENCH_VENVS: environments with peers of PyPI, between colons.
"""

import argparse
import os
import platform
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import history
import report
import rows_box
import rows_calls
import rows_limits
import rows_work
import stage as stages
import support

# Of the server that cordon replaces. It is not on this machine: its figures were measured before,
# elsewhere, and are no ratios of this run.
BEFORE = (
    "For comparison, measured before and elsewhere, of the Python server that cordon replaces: print(1)\n"
    "26 ms without uv and 40 ms with it, where python3 -c pass took 11.5 ms (2.3 x and 3.5 x of bare);\n"
    "43 and 23 calls/s one at a time, 78 and 51 with 32 in flight; 2.0 s to start; 86 MB."
)


QUICK_SECONDS = 22  # after so many no further part is begun: with its slowest part, under a minute
FULL_ONLY = {"served", "exec-served", "imports", "sleepers", "work"}


def parts(stage, calls):
    """(word for --only, section, what measures it); in the order of the table."""
    client = rows_calls.compiled_client(stage)
    found = [
        ("exec", "A box for a program", rows_box.box),
        ("boxes", None, rows_box.boxes),
        ("run", "A box for an interpreter", rows_box.run),
        ("served", None, rows_box.resident_server),
        ("exec-served", None, rows_box.served_box),
        ("start", "A server", rows_calls.server_start),
        ("warm", "Calls, one after the other", rows_calls.warm),
        ("imports", None, rows_calls.imports),
        ("flood", "Output", rows_calls.flood),
        ("lines", None, rows_limits.output_lines),
        ("limits", "Limits", rows_limits.limits),
        ("cpu", None, rows_limits.cpu),
        ("flight", "Many at once", lambda s: rows_calls.many(s, client, calls)),
        ("sleepers", None, rows_limits.sleepers),
        ("work", "Work", rows_work.work),
    ]
    return [part for part in found if client or part[0] != "flight"]


def measure(stage, only, calls):
    end = time.monotonic() + QUICK_SECONDS
    for word, section, part in parts(stage, calls):
        if (only and word not in only) or (stage.quick and word in FULL_ONLY):
            continue
        if section:
            stage.table.section(section)
        if stage.quick and time.monotonic() > end:
            stage.table.leave_out(word, "this machine was too busy for all of the quick form")
            continue
        try:
            part(stage)
        except Exception as problem:  # the other rows are still worth having
            stage.table.fail(word, f"{type(problem).__name__}: {problem}")


def setting(layers, given):
    """Who measures, and which groups bound the memory: what rows differ by."""
    who = "root" if support.ROOT else "user"
    memory = layers["limits.memory"]
    version = next((v for v in ("v1", "v2") if f"cgroup {v}" in memory), None)
    groups = f"cgroup {version}" if version else "no cgroups"
    return given or f"{who}, {groups}"


def compare_with_history(table):
    before = history.last(table.title)
    if not before:
        return
    date, commit, _, title, figures = before
    print(f"\nAgainst the last line of the history ({date} {commit}, {title}), beyond a quarter:")
    for row in table.rows:
        old = figures.get(row.key)
        if old and row.value and not 0.8 <= row.value / old <= 1.25:
            print(f"  {row.what}: {old:g} then, {row.value:.3g} now")


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--calls", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=0)
    parser.add_argument("--junit")
    parser.add_argument("--json")
    parser.add_argument("--pictures")
    parser.add_argument("--setting")
    parser.add_argument("build")
    options = parser.parse_args()
    if not os.environ.get("CORDON_UV"):
        import uv

        os.environ["CORDON_UV"] = uv.find_uv_bin()
    table = report.Table("")
    seconds = options.seconds or (1.5 if options.quick else 60)
    stage = stages.Stage(options.build, table, options.quick, seconds)
    table.title = setting(stage.layers, options.setting)
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, Linux {platform.release()}, "
        f"load {os.getloadavg()[0]:.1f}; {table.title}; {stage.python}\n"
        "medians, in turns; a time is in ms where nothing else is said"
    )
    try:
        calls = options.calls or (32 if options.quick else 10_000)
        measure(stage, set(filter(None, options.only.split(","))), calls)
        if options.pictures:
            for path in report.write_pictures(table, stage.build / "cordon-chart", options.pictures):
                print(f"picture: {path}")
    finally:
        stage.close()
    compare_with_history(table)
    print(f"\n{BEFORE}")
    if options.junit:
        report.write_junit(table, options.junit)
    if options.json:
        report.write_json(table, options.json)
    return 1 if table.failures else 0


if __name__ == "__main__":
    sys.exit(main())
