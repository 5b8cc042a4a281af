# SPDX-License-Identifier: Apache-2.0
"""Every attack in attacks/ must work outside the box, or it proves nothing, and fail inside.

The head of an attack's file says what it is:

    attack:     what it does
    inside:     what must happen in the box
    as: root    it is about what root may do, and needs root outside
    arguments:  for the attack;   options: for cordon;   both may name
                {workspace} {secret} {port} {abstract} {socket}
    caller:     `leaks` (50 open descriptors) or `secret environment`
    exits:      of cordon inside, instead of 42 alone
    worked:     how to see it, instead of exit status 0: `beat` grows

Outside means a throw-away mount and pid namespace, with a tmpfs over the workspace as root, and a
process that stands for the one above: nothing of the host's is changed.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import threading
from pathlib import Path

import pytest

import support

HERE = Path(__file__).resolve().parent / "attacks"
STOPPED, NOTHING_TO_ATTACK = 42, 77
CANARY = {"CANARY_API_KEY": "do-not-read-me"}
POLICIES = os.environ.get("CORDON_TEST_POLICIES", "default").split()

OUTSIDE = """
if [ "$(id -u)" = 0 ] && [ -n "$1" ]; then mount -t tmpfs none "$1" || exit 99; fi
shift
CANARY_API_KEY=do-not-read-me sleep 300 >/dev/null 2>&1 &
STAND_IN=$!
export STAND_IN
"$@"
"""


class Attack:
    FIELDS = ("attack", "inside", "as", "arguments", "options", "caller", "exits", "worked")

    def __init__(self, path):
        self.path = path
        self.name = path.stem
        head = (
            path.read_text().split("*/\n#include")[0]
            if path.suffix == ".c"
            else path.read_text().split("\nimport")[0]
        )
        for field in self.FIELDS:
            found = re.search(rf"^(?:# |/\* | \* ){field}: (.*)$", head, re.MULTILINE)
            setattr(self, "for_" + field, found[1].strip() if found else "")
        assert self.for_attack and self.for_inside, f"{path} does not say what it is"
        self.exits = [int(word) for word in self.for_exits.split()] or [STOPPED]

    def command(self, programs):
        return (
            [str(programs / self.name)]
            if self.path.suffix == ".c"
            else [support.SYSTEM_PYTHON, "-B", str(programs / self.path.name)]
        )


def all_attacks():
    paths = sorted(
        path
        for path in HERE.glob("*.[cp]*")
        if path.name not in ("attack.py", "attack.h") and path.suffix in (".c", ".py")
    )
    return [attack for attack in map(Attack, paths) if support.ROOT or attack.for_as != "root"]


@pytest.fixture(scope="session")
def programs(tmp_path_factory):
    """The attacks, compiled, in one directory that the box may read."""
    into = tmp_path_factory.mktemp("attacks")
    for source in sorted(HERE.iterdir()):
        if source.suffix == ".c":
            subprocess.run(
                [
                    "gcc",
                    "-std=gnu17",
                    "-D_GNU_SOURCE",
                    "-O1",
                    "-Wall",
                    "-o",
                    into / source.stem,
                    source,
                ],
                check=True,
            )
        elif source.suffix == ".py":
            shutil.copy(source, into)
    return into


@pytest.fixture
def target(workspace, at_home, tmp_path):
    """What there is to reach on this host: a secret, listeners, a workspace."""
    secret = at_home / "id_test"
    secret.write_text("a private key\n")
    listeners = [
        socket.create_server(("127.0.0.1", 0)),
        socket.socket(socket.AF_UNIX),
        socket.socket(socket.AF_UNIX),
    ]
    names = {
        "workspace": str(workspace),
        "secret": str(secret),
        "port": str(listeners[0].getsockname()[1]),
        "abstract": f"cordon-test-{os.getpid()}",
        "socket": str(tmp_path / "socket"),
    }
    listeners[1].bind("\0" + names["abstract"])
    listeners[2].bind(names["socket"])
    for listener in listeners[1:]:
        listener.listen()

    def greet():
        while True:
            try:
                connection, _ = listeners[0].accept()
            except OSError:
                return
            connection.sendall(b"mine")
            connection.close()

    threading.Thread(target=greet, daemon=True).start()
    yield names
    listeners[0].shutdown(socket.SHUT_RDWR)
    for listener in listeners:
        listener.close()


@pytest.fixture
def leaks(at_home):
    """Fifty descriptors that a careless caller leaves open."""
    opened = [os.open(at_home, os.O_RDONLY) if number % 2 else os.dup(0) for number in range(50)]
    yield opened
    for descriptor in opened:
        os.close(descriptor)


def fill(text, names):
    return [word.format(**names) for word in text.split()]


def outside(attack, programs, names, descriptors):
    """Runs it as it is; whoever we are, in namespaces that are thrown away."""
    command = attack.command(programs) + fill(attack.for_arguments, names)
    environment = support.clean_environment(
        **(CANARY if attack.for_caller == "secret environment" else {})
    )
    unshare = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    if not support.ROOT:
        unshare += ["--user", "--map-current-user"]
    over = names["workspace"] if "{workspace}" in attack.for_arguments else ""
    process = subprocess.Popen(
        [*unshare, "sh", "-c", OUTSIDE, "sh", over, *command],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pass_fds=descriptors,
    )
    return support.finish(process, timeout=60)


def outside_beat(attack, programs, names):
    """The usual way to end something, a signal to its process group, does not end a daemon."""
    command = attack.command(programs) + fill(attack.for_arguments, names)
    process = subprocess.Popen(command, start_new_session=True, stdin=subprocess.DEVNULL)
    beat = Path(names["workspace"], "beat")
    support.soon(beat.exists)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    grows = still_grows(beat)
    for pid in support.alive(command[0]):
        os.kill(pid, signal.SIGKILL)
    support.soon(lambda: not support.alive(command[0]))
    beat.unlink()
    return grows


def still_grows(file):
    size = file.stat().st_size
    return support.eventually(lambda: file.stat().st_size > size, 0.3) is not None


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("attack", all_attacks(), ids=lambda attack: attack.name)
def test_attack(attack, policy, programs, target, request, start, at_home):
    descriptors = request.getfixturevalue("leaks") if attack.for_caller == "leaks" else []
    beats = "beat" in attack.for_worked
    if beats:
        assert outside_beat(attack, programs, target), (
            "outside it did not survive: it proves nothing"
        )
    else:
        first = outside(attack, programs, target, descriptors)
        if first.exit == NOTHING_TO_ATTACK:
            pytest.skip(first.out.strip())
        assert first.exit == 0, (
            f"outside it does not work, so it proves nothing: {first.out} {first.err}"
        )
    for path in at_home.iterdir():
        if path.name != "id_test":
            path.unlink()

    process = start(
        "exec",
        "--policy",
        policy,
        "--read",
        programs,
        *fill(attack.for_options, target),
        "--",
        *attack.command(programs),
        *fill(attack.for_arguments, target),
        stdin=subprocess.DEVNULL,
        pass_fds=descriptors,
        env=CANARY if attack.for_caller == "secret environment" else None,
    )
    result = support.finish(process, timeout=60)
    allowed = attack.exits if policy == "default" else [*attack.exits, NOTHING_TO_ATTACK]
    assert result.exit in allowed, f"{attack.for_attack}: {result.out} {result.err}"
    assert result.exit != STOPPED or result.out.startswith("stopped: "), result.out
    assert [path.name for path in at_home.iterdir()] == ["id_test"], (
        "something was written in the caller's home"
    )
    if beats:
        beat = Path(target["workspace"], "beat")
        assert beat.exists(), (
            f"the daemon never started, so it proves nothing: {result.out} {result.err}"
        )
        assert not still_grows(beat), "the daemon lives on"
