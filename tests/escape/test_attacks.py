# SPDX-License-Identifier: Apache-2.0
"""Every attack in attacks/ must work outside the box, or it proves nothing, and fail inside.

heads.py says what the head of an attack's file means, worlds.py what outside is. FULL=1 tries each
under every policy that ships, through the command line and through MCP, there in boxes that were
started in every way; else a few of each kind for which it could matter that a box stood before.
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

# What could differ where a box, or the interpreter in it, was there before its run: descriptors,
# pid 1, what another left, limits that came with the order, what a box sees and may become.
KINDS = (
    "close_everything",
    "reach_init_through_proc",
    "kill_init",
    "limit_init",
    "idle_init",
    "list_host_processes",
    "list_state_of_launcher",
    "join_namespace_of_others",
    "connect_to_abstract_socket",
    "note_in_shm_file",
    "note_in_temporary_file",
    "note_in_semaphore",
    "note_in_process_numbers",
    "clone_user_namespace",
    "mount_over",
    "pivot_the_root",
    "raise_capabilities",
    "raise_hard_limits",
    "keep_secure_bits",
    "listen_to_own_filter",
    "plant_git_hook",
    "edit_protected_start_file",
    "outlive_by_running_away",
    "write_outside_workspace",
)


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
def server(host, cordon, state):
    """server(START) -> a world whose boxes come to be so, of one server for the whole suite."""
    made = {}

    def server(start):
        if start not in made:
            made[start] = worlds_mcp.Mcp(host, cordon, state, start)
        return made[start]

    yield server
    for world in made.values():
        world.close()


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


def matters(attack, start):
    """Where it could differ; of forked boxes, which share more, all that reaches for others too."""
    reaches = attack.for_category == "cross-run" or "init" in attack.name.split("_")
    return attack.name in KINDS or (start == "fork" and reaches)


def by_clients():
    """Every attack, policy and start, or those that matter under the default policy."""
    for parameter in parameters(worlds_mcp.POLICIES if FULL else ["default"]):
        attack, policy = parameter.values
        for start in worlds_mcp.STARTS:
            if FULL or (start != "spawn" and matters(attack, start)):
                yield pytest.param(
                    *(attack, policy, start), id=f"{parameter.id}-{start}", marks=parameter.marks
                )


@pytest.mark.parametrize("attack, policy, start", list(by_clients()))
def test_attack_by_a_client(attack, policy, start, host, outside, server):
    must_succeed(attack, outside(attack))
    host.left_at_home()
    if reason := worlds_mcp.not_for_clients(attack):
        pytest.skip(reason)
    try:
        must_be_held(attack, server(start).under(policy), policy, host)
    except worlds_mcp.TooCold as problem:
        # What a box is made for ahead is the host's to spare: test_pool.py shows that one is made.
        pytest.skip(f"this machine is too busy to have a box waiting: {problem}")


def test_there_is_nothing_left_of_the_attacks(host):
    """After all of the above: no process that was started from the attacks' directory."""
    lines = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout
    assert [line for line in lines.splitlines() if line.startswith(str(host.programs))] == []
    assert Path(host.secret).read_text() == targets.SECRET
