# SPDX-License-Identifier: Apache-2.0
"""Runs that end in every way there is, drawn at random, and what each may be called.

usage: endings.py [--count N] [--seed N] [--at-once N] BUILD

A kind of ending is a function that draws its numbers and returns what to start and the set of ends that
are right. Most have one; where two causes are made to fall into the same moment either is right, and the
figures in the result must agree with the one that is told: an end by a limit never comes before it.
"""

import argparse
import collections
import concurrent.futures
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import support

EXIT_CODES = {"wall": 124, "cpu": 124, "output": 124, "disk": 124, "memory": 137, "cancelled": 130}

BURN = "while time.process_time() < {seconds}: pass\n"
FILL = "room = bytearray({bytes})\nfor at in range(0, {bytes}, 4096): room[at] = 1\n"
HEAD = "import os, signal, sys, threading, time\n"


@dataclass
class Ending:
    code: str
    right: set  # of (end, exit status or name of a signal or None)
    options: list = field(default_factory=list)
    cancel_after: float = None  # seconds after its first line
    needs: str = None  # "workspace", "output_end"


def ms(seconds):
    return f"{max(1, round(seconds * 1000))}ms"


def exits(draw):
    code = draw.choice([0, 1, 9, 124, 125, 126, 127, 130, 137, 139, 255])
    how = draw.choice(["sys.exit({0})", "os._exit({0})", "raise SystemExit({0})"])
    return Ending(how.format(code), {("exited", code)})


def dies_by_signal(draw):
    name = draw.choice(["SIGKILL", "SIGTERM", "SIGSEGV", "SIGABRT", "SIGXCPU", "SIGHUP", "SIGUSR1"])
    who = draw.choice(
        [
            "os.kill(os.getpid(), {0})",
            "os.fork() or os.kill(os.getppid(), {0})\ntime.sleep(60)",
            "threading.Thread(target=lambda: os.kill(os.getpid(), {0})).start()\ntime.sleep(60)",
        ]
    )
    return Ending(who.format(f"signal.{name}"), {("signalled", name)})


def wall(draw):
    code = draw.choice(
        [
            "time.sleep(60)",
            "while True: pass",
            "os.kill(os.getpid(), signal.SIGSTOP)",
            "signal.pause()",
            "for _ in range(5): os.fork()\ntime.sleep(60)",
            "os.closerange(0, 3)\ntime.sleep(60)",
        ]
    )
    return Ending(code, {("wall", None)}, ["--timeout", ms(draw.uniform(0.02, 0.3))])


def wall_or_exit(draw):
    """It ends when the limit is reached, more or less."""
    limit, code = draw.uniform(0.1, 0.3), draw.randrange(1, 100)
    text = f"time.sleep({limit + draw.uniform(-0.1, 0.02)})\nos._exit({code})"
    return Ending(text, {("wall", None), ("exited", code)}, ["--timeout", ms(limit)])


def cpu(draw):
    code = draw.choice(
        [
            "while True: pass",
            "signal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile True: pass",
            "for _ in range(3): os.fork()\nwhile True: pass",
            "while True: os.fork() or os._exit(sum(range(100000)) * 0)\n",
            "file = open('/dev/urandom', 'rb', 0)\nwhile True: file.read(65536)",
            "while True: os.listdir('/usr/bin')",
        ]
    )
    return Ending(code, {("cpu", None)}, ["--cpu", ms(draw.uniform(0.05, 0.2))])


def cpu_or_exit(draw):
    limit, code = draw.uniform(0.1, 0.2), draw.randrange(1, 100)
    text = BURN.format(seconds=limit + draw.uniform(-0.04, 0.01)) + f"os._exit({code})"
    return Ending(text, {("cpu", None), ("exited", code)}, ["--cpu", ms(limit)])


def wall_or_cpu(draw):
    limit = draw.uniform(0.1, 0.2)
    options = ["--cpu", ms(limit * draw.uniform(0.6, 1)), "--timeout", ms(limit)]
    return Ending("while True: pass", {("cpu", None), ("wall", None)}, options)


def memory(draw):
    size = draw.choice([48, 64, 100])
    anonymous = FILL.format(bytes=(size + 60) << 20) + "time.sleep(60)"
    code = draw.choice(
        [
            anonymous,
            "for _ in range(4):\n    if os.fork(): continue\n    "
            + FILL.format(bytes=(size // 2) << 20).replace("\n", "\n    ")
            + "time.sleep(60)\ntime.sleep(60)",
            "with open('/dev/shm/file', 'wb') as file:\n"
            f"    for _ in range({size + 60}): file.write(bytes(1 << 20))\ntime.sleep(60)",
        ]
    )
    return Ending(code, {("memory", None)}, ["--memory", f"{size}M"])


def memory_of_a_child(draw):
    code = "if os.fork() == 0:\n    " + FILL.format(bytes=160 << 20).replace("\n", "\n    ")
    code += "time.sleep(60)\n" + draw.choice(["time.sleep(60)", "os.wait()\nos._exit(7)"])
    return Ending(code, {("memory", None)}, ["--memory", "64M"])


def memory_that_fits(draw):
    code = draw.randrange(1, 100)
    return Ending(
        FILL.format(bytes=40 << 20) + f"os._exit({code})",
        {("exited", code)},
        ["--memory", "100M"],
    )


def cancelled(draw):
    code = "signal.signal(signal.SIGINT, signal.SIG_IGN)\nprint('ready', flush=True)\n"
    code += draw.choice(["time.sleep(60)", "while True: pass", "os.fork()\ntime.sleep(60)"])
    return Ending(code, {("cancelled", None)}, cancel_after=draw.uniform(0, 0.05))


def cancelled_or_exit(draw):
    after, code = draw.uniform(0, 0.05), draw.randrange(1, 100)
    text = (
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\nprint('ready', flush=True)\n"
        f"time.sleep({max(0, after + draw.uniform(-0.01, 0.01))})\nos._exit({code})"
    )
    return Ending(text, {("cancelled", None), ("exited", code)}, cancel_after=after)


def cancelled_or_wall(draw):
    limit = draw.uniform(0.1, 0.3)
    text = "signal.signal(signal.SIGINT, signal.SIG_IGN)\nprint('ready', flush=True)\ntime.sleep(60)"
    right = {("cancelled", None), ("wall", None)}
    return Ending(text, right, ["--timeout", ms(limit)], cancel_after=draw.uniform(0, limit))


def output(draw):
    return Ending(
        "while True: os.write(1, bytes(65536))",
        {("output", None)},
        ["--output", "100K"],
        needs="output_end",
    )


def output_that_fits(draw):
    code = draw.randrange(1, 100)
    text = f"os.write(1, bytes(50000)); os.write(2, bytes(50000)); os._exit({code})"
    return Ending(text, {("exited", code)}, ["--output", "100K"], needs="output_end")


def output_that_is_dropped(draw):
    code = draw.randrange(1, 100)
    text = f"for _ in range(10): os.write(1, bytes(50000))\nos._exit({code})"
    return Ending(text, {("exited", code)}, ["--output", "100K"])


def disk(draw):
    text = (
        "file = open('grows', 'wb')\n"
        "while True:\n"
        "    file.write(bytes(1 << 20)); file.flush(); os.fsync(file.fileno())"
    )
    return Ending(text, {("disk", None)}, needs="workspace")


def leaves_children(draw):
    code = draw.randrange(1, 100)
    child = draw.choice(["time.sleep(60)", "os.setsid(); time.sleep(60)"])
    return Ending(f"if os.fork() == 0: {child}\nos._exit({code})", {("exited", code)})


KINDS = [
    *(exits, dies_by_signal, wall, wall_or_exit, cpu, cpu_or_exit, wall_or_cpu, memory),
    *(memory_of_a_child, memory_that_fits, cancelled, cancelled_or_exit, cancelled_or_wall),
    *(output, output_that_fits, output_that_is_dropped, disk, leaves_children),
]


class Stage:
    """What endings need around them."""

    def __init__(self, cordon, policies, place, state=None):
        self.cordon, self.place = str(cordon), Path(place)
        self.environment = support.clean_environment(CORDON_STATE=str(state or self.place / "state"))
        policy = json.loads((Path(policies) / "default.json").read_text())
        for name, more in (
            ("output_end", {"output_end": True}),
            ("workspace", {"limits": {**policy["limits"], "workspace_growth": "8M"}}),
        ):
            path = self.place / f"{name}.json"
            path.write_text(json.dumps({**policy, "name": name, **more}))
            path.chmod(0o644)

    def run(self, ending, number):
        words = ["run", "--json", *ending.options]
        if ending.needs:
            words += ["--policy", str(self.place / f"{ending.needs}.json")]
        if ending.needs == "workspace":
            directory = self.place / f"workspace-{number}"
            directory.mkdir()
            words += ["--directory", str(directory)]
        report = self.place / f"report-{number}"
        if ending.cancel_after is not None:
            words = ["run", "--report", str(report), *words[2:]]
        process = subprocess.Popen(
            [self.cordon, *words, "-c", HEAD + ending.code],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=self.environment,
            cwd="/",
        )
        if ending.cancel_after is not None:
            process.stdout.readline()
            time.sleep(ending.cancel_after)
            while process.poll() is None:  # two that come at once are one
                process.send_signal(2)
                time.sleep(0.01)
        out, _ = process.communicate(timeout=120)
        if ending.cancel_after is not None:
            out = report.read_bytes()
            report.unlink()
        if ending.needs == "workspace":
            shutil.rmtree(directory)
        return process.returncode, json.loads(out)


def faults(ending, status, result):
    """What is wrong about a result; empty where it is right."""
    end, usage, limits = result["end"], result["usage"], result["limits"]
    what = {"exited": result["exit_code"], "signalled": result["signal"]}.get(end)
    found = []
    if (end, what) not in ending.right:
        found.append(f"{end} {what} instead of {sorted(map(str, ending.right))}")
    if end in EXIT_CODES and result["exit_code"] != EXIT_CODES[end]:
        found.append(f"exit_code {result['exit_code']} for {end}")
    if status != result["exit_code"]:
        found.append(f"exit status {status}, exit_code {result['exit_code']}")
    if (result["error"] is None) != (end in ("exited", "signalled")):
        found.append(f"error {result['error']!r} for {end}")
    if end == "wall" and usage["wall_seconds"] < limits["wall_seconds"]:
        found.append(f"wall after {usage['wall_seconds']} of {limits['wall_seconds']} s")
    used = usage["cpu_user_seconds"] + usage["cpu_system_seconds"]
    if end == "cpu" and used < limits["cpu_seconds"]:
        found.append(f"cpu after {used} of {limits['cpu_seconds']} s")
    return found


def drawn(count, seed):
    """`count` endings; every kind comes as often as another."""
    draw = random.Random(seed)
    for number in range(count):
        kind = KINDS[number % len(KINDS)]
        yield number, kind.__name__, kind(draw)


def judge(stage, count, seed, at_once=1):
    """(how often which kind ended how, what was wrong)."""
    told, wrong = collections.Counter(), []

    def one(row):
        number, name, ending = row
        status, result = stage.run(ending, number)
        return row, result, faults(ending, status, result)

    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        for (number, name, ending), result, found in pool.map(one, drawn(count, seed)):
            told[name, result["end"]] += 1
            if found:
                wrong.append(f"{name} (number {number}): {'; '.join(found)}: {ending.code!r} {result}")
    return told, wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 10**9)
    parser.add_argument("--at-once", type=int, default=3)
    arguments = parser.parse_args()
    os.environ.setdefault("CORDON_UV", "")  # none is needed
    build = Path(arguments.build).resolve()
    place = tempfile.mkdtemp(prefix="cordon-endings-")
    print(f"{arguments.count} endings, seed {arguments.seed}, as uid {os.getuid()}", flush=True)
    try:
        stage = Stage(build / "cordon", support.SOURCE / "policies", place)
        told, wrong = judge(stage, arguments.count, arguments.seed, arguments.at_once)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    for (name, end), times in sorted(told.items()):
        print(f"{name:24} {end:10} {times:5}")
    for line in wrong:
        print("WRONG:", line[:1500])
    print(f"{sum(told.values()) - len(wrong)} of {sum(told.values())} ends have the right reason")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
