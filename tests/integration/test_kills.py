# SPDX-License-Identifier: Apache-2.0
"""Boxes whose processes are killed at random moments leave nothing behind.

Each round starts a command, waits for a random number of microseconds, and sends SIGKILL to one
process of it, chosen at random: cordon, the supervisor, pid 1 or something in the box.
"""

import os
import random
import time
from pathlib import Path

import pytest

import support

ROUNDS = 1000 if os.environ.get("FULL") else 100
LONGEST = 0.030


def groups():
    """Control groups of cordon, in every hierarchy."""
    found = set()
    for top, directories, _ in os.walk("/sys/fs/cgroup"):
        found |= {f"{top}/{name}" for name in directories if name.startswith("cordon-")}
    return {path for path in found if not path.endswith("cordon-self")}


def mounts():
    return Path("/proc/self/mountinfo").read_text().count("\n")


def files(state):
    return {str(path) for path in Path(state).rglob("*")}


def sockets(state):
    """Those with a name in our state; what has none ends with its last descriptor."""
    lines = Path("/proc/net/unix").read_text().splitlines()
    return [line for line in lines if str(state) in line]


def family(pid):
    """A process and all that descends from it, by /proc."""
    found = [pid]
    for parent in found:
        try:
            for task in os.listdir(f"/proc/{parent}/task"):
                text = Path(f"/proc/{parent}/task/{task}/children").read_text()
                found += [int(child) for child in text.split()]
        except OSError:
            continue
    return found


def of_maker(path):
    """The pid in the name of a group, which says whose it was; None of one that is not a box's."""
    word = path.rsplit("/", 1)[1].split("-")[1]
    return int(word) if word.isdigit() else None


@pytest.mark.parametrize("seed", [1])
def test_nothing_is_left_of_boxes_killed_at_random_moments(start, state, seed, tmp_path):
    chance = random.Random(seed)
    work = tmp_path / "work"  # as root its owner is mapped, by a process more
    work.mkdir()
    # What every state directory has after a run.
    assert support.finish(start("run", "--memory", "100M", "-c", "pass")).exit == 0
    files_before = files(state)
    mounts_before, ours, makers = mounts(), set(), set()
    script = "import os, time\nfor _ in range(2):\n    os.fork()\ntime.sleep(30)\n"
    for _ in range(ROUNDS):
        process = start("run", "--directory", str(work), "--memory", "100M", "-c", script)
        time.sleep(chance.uniform(0, LONGEST))  # the moment is what is drawn at random
        members = family(process.pid)
        makers |= set(members)
        victim = chance.choice(members)
        try:
            os.kill(victim, 9)
        except ProcessLookupError:
            pass
        process.terminate()
        support.finish(process)
        ours |= set(members)
    support.soon(lambda: not [pid for pid in ours if alive_with_name(pid)])
    support.soon(lambda: not {path for path in groups() if of_maker(path) in makers})
    assert mounts() == mounts_before
    assert sockets(state) == []
    assert files(state) == files_before


def alive_with_name(pid):
    try:
        return "cordon" in Path(f"/proc/{pid}/comm").read_text()
    except OSError:
        return False
