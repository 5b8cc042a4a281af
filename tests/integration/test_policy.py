# SPDX-License-Identifier: Apache-2.0
"""`cordon policy`: what a person is told is what a box does."""

import re

import pytest
import support

SHIPPED = ["ci", "data", "default", "fetch", "strict", "web"]


def test_list_names_what_is_shipped(run):
    result = run("policy", "list")
    assert result.exit == 0
    assert re.findall(r"^(\S+)", result.out, re.MULTILINE) == SHIPPED


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_policy_is_in_order(run, name):
    result = run("policy", "check", support.SOURCE / "policies" / f"{name}.json")
    assert result.exit == 0
    assert re.fullmatch(rf"\S+: ok, policy {name}, \d+ instructions\n", result.out)


def test_default_reaches_at_most_230_system_calls(run):
    shown = run("policy", "show", "default").out
    assert int(re.search(r"^system calls: (\d+) can be reached", shown, re.MULTILINE)[1]) <= 230


@pytest.mark.parametrize("name", [name for name in SHIPPED if name != "fetch"])
def test_every_policy_that_can_be_named_runs_a_script(python, name):
    result = python("print(sum(range(10)))", "--policy", name)
    assert (result.exit, result.out) == (0, "45\n"), result.err


# --- explain ------------------------------------------------------------------------------------


def explained(run, *words):
    result = run("policy", "explain", *words)
    assert result.exit == 0, result.err
    assert result.err == ""
    return result.out


def test_the_line_that_is_named_is_the_rule(run):
    text = (support.SOURCE / "policies/default.json").read_text().splitlines()
    shown = explained(run, "default", "personality")
    rules = [text[int(line) - 1] for line in re.findall(r"^  line (\d+)", shown, re.MULTILINE)]
    assert len(rules) == 2
    assert all('"personality"' in rule for rule in rules)


@pytest.mark.parametrize(
    ("path", "seen"),
    [
        ("/usr/bin/env", True),
        ("/bin/sh", True),
        ("/etc/passwd", True),
        ("/tmp", True),
        ("/dev/null", True),
        ("/box/home", True),
        ("/etc/shadow", False),
        ("/root", False),
        ("/home", False),
        ("/var/lib", False),
        ("/dev/mem", False),
        ("/sys", False),
    ],
)
def test_a_path_is_explained_as_a_box_sees_it(run, path, seen):
    shown = explained(run, "default", path)
    hidden = "does not exist" in shown or "not among" in shown
    inside = run("exec", "--", "/usr/bin/test", "-e", path).exit == 0
    assert (inside, hidden) == (seen, not seen), shown


@pytest.mark.parametrize("word", ["no_such_call", "", "a b", "../x"])
def test_what_is_unknown_is_said_in_one_line(run, word):
    result = run("policy", "explain", "default", word)
    assert result.exit == 125
    assert result.out == ""
    assert result.err.count("\n") == 1
    assert result.err.startswith("cordon: ")


# --- diff ---------------------------------------------------------------------------------------


def test_a_policy_is_the_same_as_itself(run):
    result = run("policy", "diff", "default", support.SOURCE / "policies/default.json")
    assert (result.exit, result.out, result.err) == (0, "", "")


def test_a_difference_is_shown_with_status_1(run):
    result = run("policy", "diff", "strict", "default")
    assert result.exit == 1
    assert result.out.startswith("--- strict, ")
    assert "\n+++ default, " in result.out
    assert "  memory             512M -> 1G\n" in result.out
    assert "\n+ mode     rw\n" in result.out
    assert result.err == ""
