# SPDX-License-Identifier: Apache-2.0
"""Every attack in attacks/ must work outside the box, or it proves nothing, and fail inside.

heads.py says what the head of an attack's file means, worlds.py what outside is. FULL=1 tries each
under every policy that ships, through the command line and through MCP.
"""

import os
import statistics
import subprocess
import threading
import time
from pathlib import Path

import pytest

import conftest
import heads
import judge
import targets
import worlds
import worlds_mcp

FULL = bool(os.environ.get("FULL"))
# The host can start a process within this while an attack goes on.
FORK_WITHIN = 0.010
TRIES = 4  # others may be busy in the moment of the attack and not in the one after it


def all_policies():
    if not FULL:
        return ["default"]
    return targets.policies(conftest.build() / "cordon")


@pytest.fixture(scope="session")
def host():
    made = targets.Host()
    yield made
    made.close()


@pytest.fixture(scope="session")
def outside(host):
    """outside(ATTACK) -> what was seen bare, whatever it is compared with. What works one time in a
    few is an attack: on a busy machine a race is not always won."""
    seen = {}
    bare = worlds.Bare(host)

    def outside(attack):
        for _ in range(TRIES):
            if attack.name not in seen or judge.outside(attack, seen[attack.name]) == "held":
                seen[attack.name] = bare.run(attack)
        return seen[attack.name]

    return outside


@pytest.fixture(scope="session")
def mcp(host, cordon, state):
    made = worlds_mcp.Mcp(host, cordon, state)
    yield made
    made.close()


def parameters(policies):
    for policy in policies:
        for attack in heads.all_attacks():
            marks = []
            if attack.known_open():
                # Strictly: who closes it takes the line out of its head. Other policies may.
                closed = policy == "default"
                marks.append(pytest.mark.xfail(reason=attack.known_open(), strict=closed))
            yield pytest.param(attack, policy, id=f"{attack.name}-{policy}", marks=marks)


class Neighbour:
    """Starts a process again and again, as everybody else on the host would."""

    def __init__(self):
        self.taken, self.problems = [], []
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._work, daemon=True)

    def _work(self):
        while not self.over.is_set():
            before = time.monotonic()
            try:
                os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)
            except OSError as problem:
                self.problems.append(problem)
            self.taken.append(time.monotonic() - before)
            self.over.wait(0.01)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()

    def median(self):
        return statistics.median(self.taken)


def must_succeed(attack, seen):
    word = judge.outside(attack, seen)
    if word == "nothing":
        pytest.skip(seen.out.strip())
    assert word == "succeeds", (
        f"outside it does not work, so it proves nothing: {attack.for_attack}: {seen.brief()}"
    )


def must_be_held(attack, world, policy, host):
    if attack.for_category == "resources":
        for _ in range(TRIES):
            with Neighbour() as neighbour:
                seen = world.run(attack)
            assert not neighbour.problems, "the host could not start a process"
            if neighbour.median() <= FORK_WITHIN:
                break
            # On a machine that is busy anyway the attack is not to blame.
            with Neighbour() as later:
                time.sleep(0.5)
            if neighbour.median() <= 5 * later.median():
                break
        else:
            raise AssertionError(
                f"the host took {neighbour.median() * 1000:.1f} ms to start a process, and"
                f" {later.median() * 1000:.1f} ms without the attack"
            )
    else:
        seen = world.run(attack)
    word = judge.inside(attack, seen, policy)
    left = host.left_at_home()
    assert word == "held", f"{word}: {attack.for_attack}: {seen.brief()}"
    assert left == [], "something was written in the caller's home"


@pytest.mark.parametrize("attack, policy", list(parameters(all_policies())))
def test_attack(attack, policy, host, outside, cordon, state):
    must_succeed(attack, outside(attack))
    host.left_at_home()
    must_be_held(attack, worlds.Cordon(host, cordon, state, policy), policy, host)


@pytest.fixture(scope="session")
def forking(host, cordon, state):
    made = worlds_mcp.Mcp(host, cordon, state, "fork")
    yield made
    made.close()


def what_forks_share():
    """In every run those that reach for another run's, or for pid 1; FULL=1: all."""
    for case in parameters(["default"]):
        attack = case.values[0]
        if FULL or attack.for_category == "cross-run" or "init" in attack.name.split("_"):
            yield case


@pytest.mark.parametrize("attack, policy", list(what_forks_share()))
def test_attack_in_a_forked_box(attack, policy, host, outside, forking):
    must_succeed(attack, outside(attack))
    host.left_at_home()
    if reason := worlds_mcp.not_for_clients(attack):
        pytest.skip(reason)
    must_be_held(attack, forking.under(policy), policy, host)


if FULL:

    @pytest.mark.parametrize("attack, policy", list(parameters(worlds_mcp.POLICIES)))
    def test_attack_by_a_client(attack, policy, host, outside, mcp):
        must_succeed(attack, outside(attack))
        host.left_at_home()
        if reason := worlds_mcp.not_for_clients(attack):
            pytest.skip(reason)
        must_be_held(attack, mcp.under(policy), policy, host)


def test_there_is_nothing_left_of_the_attacks(host):
    """After all of the above: no process that was started from the attacks' directory."""
    lines = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout
    assert [line for line in lines.splitlines() if line.startswith(str(host.programs))] == []
    assert Path(host.secret).read_text() == targets.SECRET
