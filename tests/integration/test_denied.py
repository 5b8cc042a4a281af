# SPDX-License-Identifier: Apache-2.0
"""Denied system calls come back in the result, counted, and cost nobody anything."""

import platform

import pytest

import support

BPF = {"x86_64": 321, "aarch64": 280}[platform.machine()]
FLOOD = 200_000

CALL = f"""
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
def denied():
    ctypes.set_errno(0)
    return libc.syscall({BPF}, 0, 0, 0), ctypes.get_errno()
"""


def named(result):
    return {entry["name"]: entry["count"] for entry in result["denied"] if entry["what"] == "syscall"}


def test_denied_calls_are_named_and_counted(python):
    code = CALL + (
        "print([denied() for _ in range(3)])\n"
        "try: os.chmod('/tmp', 0o4755)\n"
        "except PermissionError as error: print(error.errno)\n"
    )
    result = python(code, "--json").json()
    assert result["stdout"] == "[(-1, 38), (-1, 38), (-1, 38)]\n1\n"
    assert named(result) == {"bpf": 3, "chmod": 1}


def test_an_ordinary_script_is_denied_nothing(python):
    code = "import threading, subprocess, json, ssl, sqlite3\nsubprocess.run(['true'])\n"
    code += "thread = threading.Thread(target=print); thread.start(); thread.join()\n"
    result = python(code, "--json").json()
    assert result["exit_code"] == 0, result["stderr"]
    assert named(result) == {}


def test_a_flood_is_counted_to_a_thousand_and_then_costs_nothing_outside(python):
    code = CALL + f"print({{denied() for _ in range({FLOOD})}})\n"
    result = python(code, "--json").json()
    assert result["stdout"] == "{(-1, 38)}\n"
    assert named(result) == {"bpf": 1000}


def test_children_are_counted_too(python):
    code = CALL + (
        "for _ in range(4):\n"
        "    if os.fork() == 0:\n"
        "        denied(); os._exit(0)\n"
        "for _ in range(4): os.wait()\n"
    )
    assert named(python(code, "--json").json()) == {"bpf": 4}


def test_a_run_killed_while_it_is_denied_ends_as_it_should(python):
    code = CALL + "while True: denied(); os.getppid()\n"

    def attempt(seconds):
        return python(code, "--json", "--timeout", f"{1000 * seconds - 500}ms").json()

    _, result = support.limited(attempt, lambda result: named(result) == {"bpf": 1000})
    assert result["end"] == "wall"
    assert named(result) == {"bpf": 1000}


@pytest.mark.parametrize("policy", ["default", "strict"])
def test_every_policy_tells(python, policy):
    result = python(CALL + "print(denied())", "--json", "--policy", policy).json()
    assert result["stdout"] == "(-1, 38)\n"
    assert named(result)["bpf"] == 1
