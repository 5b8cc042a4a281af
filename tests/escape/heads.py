# SPDX-License-Identifier: Apache-2.0
"""The heads of the attacks: every file in attacks/ says in its first comment what it is.

    attack:      what it does
    category:    one of CATEGORIES
    inside:      what must happen in the box, under every policy
    expect:      how it may end there: words of ENDS; without the line, `stopped`
    expect NAME: the same under that policy, where it differs
    reached:     what `reached` of the result must hold
    as:          `root` or `user`: what works for nobody else even outside
    arguments:   for the attack;   options: for cordon;   both may name what targets.py makes
    limits:      of the policy, as `memory=64M output_end`
    parties:     `together` or `after`: a sender and a receiver, told apart by the first argument
    receiver:    `outside`, where it is the host that is lured
    outside:     `net`: where an internal network seems to be; `user`: in a user namespace more;
                 `disk`: what it reads must lie on a disk
    caller:      `leaks` (50 open descriptors), `secret environment`, `directory`, `file` (as
                 standard input), `terminal`
    worked:      how to see it, instead of exit status 0: `beat`, `alive`, `output BYTES`,
                 `lingers`, `planted`
    open:        it gets through today, and why; `open as root`, `open as user` for one of them
"""

import re
import subprocess
from pathlib import Path

import support

HERE = Path(__file__).resolve().parent / "attacks"
HELPERS = ("attack.py", "attack.h")

CATEGORIES = (
    "files",
    "processes",
    "privileges",
    "system calls",
    "resources",
    "network",
    "side information",
    "cross-run",
    "supervisor",
)
# `stopped` is what the attack says itself, `quiet` that it ended by itself and what `worked` names
# did not happen; the others are ends of a run.
ENDS = ("stopped", "quiet", "memory", "cpu", "wall", "disk", "output", "signalled")
FIELDS = (
    "attack",
    "category",
    "inside",
    "reached",
    "as",
    "arguments",
    "options",
    "limits",
    "parties",
    "receiver",
    "outside",
    "caller",
    "worked",
    "open",
    "open as root",
    "open as user",
)


class Attack:
    def __init__(self, path):
        self.path = path
        self.name = path.stem
        text = path.read_text()
        head = text.split("*/\n#")[0] if path.suffix == ".c" else re.split(r"\n(?!#)", text)[0]
        lines = re.findall(r"^(?:# |/\* | \* )([a-z][a-z ]*): (.*)$", head, re.MULTILINE)
        fields = {name: value.strip() for name, value in lines}
        self.expected = {
            name.removeprefix("expect").strip(): fields.pop(name).split()
            for name in list(fields)
            if name.split()[0] == "expect"
        }
        for ends in self.expected.values():
            assert set(ends) <= set(ENDS), f"{path}: {ends}"
        assert set(fields) <= set(FIELDS), f"{path}: {set(fields) - set(FIELDS)}"
        for name in FIELDS:
            setattr(self, "for_" + name.replace(" ", "_"), fields.get(name, ""))
        assert self.for_attack and self.for_inside, f"{path} does not say what it is"
        assert self.for_category in CATEGORIES, f"{path}: category {self.for_category!r}"

    def expects(self, policy):
        """The ends that hold it under that policy."""
        return self.expected.get(policy) or self.expected.get("") or ["stopped"]

    def known_open(self):
        """Why it gets through today; '' where it must not."""
        return self.for_open or (self.for_open_as_root if support.ROOT else self.for_open_as_user)

    def command(self, programs):
        if self.path.suffix == ".c":
            return [str(programs / self.name)]
        return [support.SYSTEM_PYTHON, "-B", str(programs / self.path.name)]


def all_attacks():
    paths = sorted(
        path
        for path in HERE.iterdir()
        if path.name not in HELPERS and path.suffix in (".c", ".py")
    )
    me = "root" if support.ROOT else "user"
    return [attack for attack in map(Attack, paths) if attack.for_as in ("", me)]


def compile_attacks(into):
    """Every program of attacks/ in one directory; two compilers at a time."""
    running = []
    for source in sorted(HERE.iterdir()):
        if source.suffix == ".py":
            (into / source.name).write_text(source.read_text())
        if source.suffix != ".c":
            continue
        if len(running) == 2:
            assert running.pop(0).wait() == 0
        options = ["-std=gnu17", "-D_GNU_SOURCE", "-O1", "-Wall", "-Wextra", "-Werror", "-pthread"]
        running.append(subprocess.Popen(["gcc", *options, "-o", into / source.stem, source]))
    assert [process.wait() for process in running] == [0] * len(running)
    return into
