# SPDX-License-Identifier: Apache-2.0
"""What it costs a script to be measured at the default interval, of its own CPU time.

usage: sampling_cost.py [--rounds N] BUILD

Two ways. *Readings*: a script notes the CPU time of each of many small equal steps; those during
and after a reading of cordon's are compared with those just before and later, so that whatever
else the machine does meets both alike. *Whole runs*: a fixed amount of work under `cordon bench`
against `cordon run`, in turns; that needs a quiet machine to say much. Both tell a value and its
95 % confidence interval. Wanted: less than 1 %. What cordon uses outside the box is told as well.
"""

import argparse
import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

INTERVAL = 0.05
STEPS = """
import time
log, clock, cpu = [], time.monotonic_ns, time.thread_time_ns
begun = clock()
while clock() - begun < 4e9:
    before = cpu()
    for _ in range(3000): pass
    log.append(f"{clock() - begun} {cpu() - before}")
open("steps", "w").write("\\n".join(log))
"""
# Seconds after a reading: during it and while caches fill again; and what that is compared with.
WHILE, ELSE = (-0.002, 0.008), ((-0.02, -0.004), (0.012, 0.028))
WORK = "n = 0\nfor i in range(6000000): n += i\n"


def cordon(build, state, *words):
    done = subprocess.run(
        [build / "cordon", words[0], "--json", "--python", "/usr/bin/python3", *words[1:]],
        env={"PATH": "/usr/bin:/bin", "HOME": str(state), "CORDON_STATE": str(state)},
        cwd="/",
        capture_output=True,
        check=True,
    )
    return json.loads(done.stdout)


def interval_of(values):
    """The median, and bounds that it is beyond 1 in 20 times, whatever the distribution."""
    values = sorted(values)
    below, outside = 0, 0.0
    while outside + math.comb(len(values), below) / 2 ** len(values) <= 0.025:
        outside += math.comb(len(values), below) / 2 ** len(values)
        below += 1
    end = max(below - 1, 0)
    return statistics.median(values), values[end], values[-1 - end]


def readings(build, place, rounds):
    """Per reading, what the steps around it took more than others: of the interval, in percent."""
    costs, last = [], None
    for _ in range(rounds):
        last = cordon(build, place, "bench", "--runs", "1", "--directory", place, "-c", STEPS)
        offset = last["usage"]["phases"]["interpreter"]
        lines = (place / "steps").read_text().split("\n")
        steps = [(int(at) / 1e9 + offset, int(ns)) for at, ns in map(str.split, lines)]
        for sample in last["samples"][1:-1]:
            near = [(at - sample["time_seconds"], ns) for at, ns in steps]
            during = [ns for at, ns in near if WHILE[0] < at < WHILE[1]]
            other = [ns for at, ns in near if any(a < at < b for a, b in ELSE)]
            if len(during) > 5 and len(other) > 20:
                more = sum(during) - len(during) * statistics.mean(other)
                costs.append(more / 1e9 / INTERVAL * 100)
    return interval_of(costs), len(costs), last


def whole_runs(build, place, rounds):
    def cpu(usage):
        return usage["cpu_user_seconds"] + usage["cpu_system_seconds"]

    costs = []
    for _ in range(rounds):
        measured = cordon(build, place, "bench", "--runs", "4", "-c", WORK)["runs"]
        bare = [cordon(build, place, "run", "-c", WORK)["usage"] for _ in measured]
        costs += [(cpu(one) / cpu(other) - 1) * 100 for one, other in zip(measured, bare)]
    return interval_of(costs), len(costs)


def tell(what, found, count):
    value, low, high = found
    verdict = "NOT OK" if low >= 1 else "ok" if high < 1 else "ok as far as this machine can tell"
    print(f"{what:11} {value:+.3f} % (95 %: {low:+.3f} to {high:+.3f}), {count} pairs: {verdict}", flush=True)
    return low >= 1


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("build", type=Path)
    args = parser.parse_args()
    build = args.build.resolve()
    place = Path(tempfile.mkdtemp(prefix="cordon-sampling-", dir="/var/tmp"))
    print(f"being measured costs a script, as {'root' if os.getuid() == 0 else 'an ordinary user'}:")
    try:
        found, count, last = readings(build, place, args.rounds)
        bad = tell("readings", found, count)
        usage = last["usage"]
        print(
            f"            outside the box: readings {last['sampling_cpu_seconds'] * 1e3:.1f} ms, all of "
            f"cordon {usage['cordon_cpu_seconds'] * 1e3:.1f} ms of CPU time in "
            f"{usage['wall_seconds']:.2f} s"
        )
        bad += tell("whole runs", *whole_runs(build, place, args.rounds))
    finally:
        shutil.rmtree(place, ignore_errors=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
