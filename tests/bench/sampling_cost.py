# SPDX-License-Identifier: Apache-2.0
"""What it costs a script to be measured: CPU time with readings every 50 ms against none.

usage: sampling_cost.py [--rounds N] BUILD

A script with a fixed amount of work runs under `cordon bench`, with the default interval and with
one of an hour, in turns (A B, B A, ...). Told is the ratio of its own CPU times, pair by pair: the
median and its 95 % confidence interval, from the order of the pairs alone; and what cordon used
itself, outside the box. Wanted: less than 1 %.
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

RUNS = 4  # of one call of bench; its first runs are an empty script's
WORKS = {
    "CPU loop": "n = 0\nfor i in range(9000000): n += i\n",
    "4 processes": (
        "import os\n"
        "for _ in range(4):\n"
        "    if os.fork() == 0:\n"
        "        n = 0\n"
        "        for i in range(2200000): n += i\n"
        "        os._exit(0)\n"
        "for _ in range(4): os.wait()\n"
    ),
    "much memory": "room = [bytearray(1 << 20) for _ in range(150)]\nsum(range(16000000))\n",
}

def measure(cordon, state, code, interval):
    command = [cordon, "bench", "--json", "--runs", str(RUNS), "--sample-interval", interval]
    done = subprocess.run(
        [*command, "--python", "/usr/bin/python3", "-c", code],
        env={"PATH": "/usr/bin:/bin", "HOME": str(state), "CORDON_STATE": str(state)},
        cwd="/",
        capture_output=True,
        check=True,
    )
    return json.loads(done.stdout)


def cpu(result):
    return [run["cpu_user_seconds"] + run["cpu_system_seconds"] for run in result["runs"]]


def rank(pairs):
    """How many pairs from either end the bounds are: a median is beyond them 1 in 40 times."""
    below, outside = 0, 0.0
    while outside + math.comb(pairs, below) / 2**pairs <= 0.025:
        outside += math.comb(pairs, below) / 2**pairs
        below += 1
    return max(below - 1, 0)


def compare(cordon, state, code, rounds):
    costs, last = [], None
    for number in range(rounds):
        order = ["50ms", "1h"] if number % 2 == 0 else ["1h", "50ms"]
        found = {interval: measure(cordon, state, code, interval) for interval in order}
        last = found["50ms"]
        costs += [(a / b - 1) * 100 for a, b in zip(cpu(found["50ms"]), cpu(found["1h"]))]
    costs.sort()
    end = rank(len(costs))
    return [statistics.median(costs), costs[end], costs[-1 - end]], last


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("build", type=Path)
    args = parser.parse_args()
    state = Path(tempfile.mkdtemp(prefix="cordon-sampling-", dir="/var/tmp"))
    bad = 0
    print(f"as {'root' if os.getuid() == 0 else 'an ordinary user'}")
    try:
        for name, code in WORKS.items():
            (cost, low, high), last = compare(args.build.resolve() / "cordon", state, code, args.rounds)
            usage = last["usage"]
            print(
                f"{name:12} costs {cost:+5.2f} % of its CPU time (95 %: {low:+.2f} to {high:+.2f}); "
                f"outside the box: readings {last['sampling_cpu_seconds'] * 1e3:.1f} ms, all of "
                f"cordon {usage['cordon_cpu_seconds'] * 1e3:.1f} ms in {usage['wall_seconds']:.2f} s"
                f"{'' if low < 1 else '  NOT OK'}",
                flush=True,
            )
            bad += low >= 1  # at least 1 % for all that chance could have done
    finally:
        shutil.rmtree(state, ignore_errors=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
