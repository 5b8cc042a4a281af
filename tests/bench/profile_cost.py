# SPDX-License-Identifier: Apache-2.0
"""What --profile costs a script: each workload with and without it in turns, and the ratio.

The script itself measures its CPU time, after the interpreter's start and the sampler's.
"""

import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

WORKLOADS = {
    "a loop without calls": "n = 0\nwhile n < 4000000: n += 1",
    "sorting": "import random\nr = random.random\nfor _ in range(4): sorted(r() for _ in range(200000))",
    "small functions": "def f(x): return x\nfor i in range(1500000): f(i)",
    "calls of built-ins": "for i in range(2000000): abs(i)",
    "json": "import json\nfor _ in range(60): json.loads(json.dumps(list(range(20000))))",
    "regular expressions": "import re\nfor _ in range(60): re.findall(r'(\\w+)@(\\w+)', 'a@b cc@dd ' * 4000)",
}
FRAME = "import time\nbegun = time.process_time()\n{}\nprint(time.process_time() - begun)\n"


def cpu(cordon, code, *options):
    command = [cordon, "run", "--quiet", *options, "-c", FRAME.format(code)]
    return float(subprocess.run(command, capture_output=True, check=True).stdout)


def main(cordon, runs=5):
    print(f"{'':24}{'without':>10}{'with':>10}{'ratio':>8}")
    with tempfile.TemporaryDirectory() as directory:
        option = ["--profile", str(Path(directory, "profile.txt"))]
        cpu(cordon, "pass", *option)  # its environment is made
        for name, code in WORKLOADS.items():
            pairs = [(cpu(cordon, code), cpu(cordon, code, *option)) for _ in range(int(runs))]
            without, sampled = (statistics.median(side) for side in zip(*pairs))
            print(f"{name:24}{without:8.3f} s{sampled:8.3f} s{sampled / without:8.2f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
