# SPDX-License-Identifier: Apache-2.0
"""How a run ended: one right reason for each, and what is said about it."""

import json
import os
import sys

import pytest

import support

sys.path.insert(0, str(support.SOURCE / "tests"))
import endings

COUNT = 1000 if os.environ.get("FULL") else 2 * len(endings.KINDS)
SEED = 20


@pytest.fixture(scope="module")
def stage(cordon, tmp_path_factory):
    place = tmp_path_factory.mktemp("endings")
    return endings.Stage(cordon, support.SOURCE / "policies", place)


def test_random_endings_have_the_right_reason(stage):
    told, wrong = endings.judge(stage, COUNT, SEED, at_once=2)
    assert sum(told.values()) == COUNT
    assert wrong == []


# --- nine ways to die by signal 9, and one to seem so -----------------------------------------------

FILL = endings.FILL.format(bytes=200 << 20)
CHILD = "import os\nif os.fork() == 0:\n    " + FILL.replace("\n", "\n    ") + "\nos.wait()\ntime.sleep(60)\n"
IGNORES = "signal.signal(signal.SIGINT, signal.SIG_IGN)\nprint('ready', flush=True)\ntime.sleep(60)"

# end, signal, exit code, what `error` says
DEATHS = {
    "by itself": (
        endings.Ending("os.kill(os.getpid(), 9)", (), []),
        ("signalled", "SIGKILL", 137, None),
    ),
    "exit 137": (endings.Ending("sys.exit(137)", (), []), ("exited", None, 137, None)),
    "wall": (
        endings.Ending("time.sleep(60)", (), ["--timeout", "100ms"]),
        ("wall", None, 124, "wall limit of 0.1 s reached (after "),
    ),
    "cpu": (
        endings.Ending("while True: pass", (), ["--cpu", "100ms"]),
        ("cpu", None, 124, "cpu limit of 0.1 s reached ("),
    ),
    "memory": (
        endings.Ending(FILL, (), ["--memory", "64M"]),
        ("memory", None, 137, "memory limit of 64M reached (peak "),
    ),
    "memory of a child": (
        endings.Ending(CHILD, (), ["--memory", "64M"]),
        ("memory", None, 137, "memory limit of 64M reached"),
    ),
    "cancelled": (
        endings.Ending(IGNORES, (), cancel_after=0),
        ("cancelled", None, 130, "cancelled"),
    ),
    "output": (
        endings.output(endings.random.Random(1)),
        ("output", None, 124, "output limit of 100K reached; --output raises it"),
    ),
    "disk": (
        endings.disk(endings.random.Random(1)),
        ("disk", None, 124, "workspace_growth limit of 8M reached: the workspace grew by about"),
    ),
}


@pytest.mark.parametrize("how", DEATHS)
def test_each_death_by_signal_9_has_its_reason(stage, how):
    ending, (end, signal, code, says) = DEATHS[how]
    status, result = stage.run(ending, how.replace(" ", "-"))
    assert (result["end"], result["signal"], result["exit_code"], status) == (end, signal, code, code)
    assert (result["error"] or "").startswith(says or ""), result["error"]
    assert (result["error"] is None) == (says is None)


def test_who_was_killed_for_memory_is_told(stage):
    """Where the kernel takes one process for all of them."""
    by_child = "by a process that the script had started"
    _, script = stage.run(DEATHS["memory"][0], "script")
    _, child = stage.run(DEATHS["memory of a child"][0], "child")
    assert by_child not in script["error"]
    if "cgroup v1" in child["layers"]["limits.memory"]:
        assert by_child in child["error"]


def test_an_error_says_how_to_raise_the_limit_in_the_words_of_who_asked(serve, python):
    by_person = python("import time; time.sleep(60)", "--timeout", "50ms", "--json").json()
    assert by_person["error"].endswith("; --timeout raises it, up to limits.wall of the policy")
    client = serve()
    text = "x = b'1' * (200 << 20)"
    tool = "py_run_script_with_dependencies"
    answer = client.call(1, tool, script_content=text, memory_mb=32)["structuredContent"]
    assert answer["error"].endswith("; memory_mb raises it, up to limits.memory of the policy")


def test_a_limit_of_the_policy_alone_is_named(stage):
    _, result = stage.run(DEATHS["disk"][0], "named")
    assert result["error"].endswith("; limits.workspace_growth of the policy raises it")
