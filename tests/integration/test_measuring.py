# SPDX-License-Identifier: Apache-2.0
"""What ./dev bench and ./dev soak rest on: the table, its history, and the client that makes many calls."""

import json
import subprocess
import sys
import xml.etree.ElementTree as xml
from pathlib import Path

import pytest
import support

BENCH = support.SOURCE / "tests/bench"
sys.path.insert(0, str(BENCH))

import history  # noqa: E402
import report  # noqa: E402
import timing  # noqa: E402

# Answers each call with what it was asked to: "good", "bad", or not at all.
SERVER = """
import json, sys
for line in sys.stdin:
    message = json.loads(line)
    if message["method"] == "initialize" or message.get("params", {}).get("say"):
        answer = {"jsonrpc": "2.0", "id": message["id"], "result": message["params"].get("say")}
        print(json.dumps(answer, separators=(",", ":")), flush=True)
"""


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    program = tmp_path_factory.mktemp("client") / "calls"
    words = ["cc", "-O2", "-D_GNU_SOURCE", "-o", program, BENCH / "calls.c"]
    try:
        subprocess.run(words, check=True)
    except FileNotFoundError:
        pytest.skip("no compiler for the client")
    return program


def calls(client, tmp_path, kinds, counts, at_once=4):
    requests = tmp_path / "requests"
    requests.write_text("".join(
        f'{name}\t{right}\t{cancel}\t{{"id":@ID@,"method":"call","params":{{"say":"{say}"}}}}\n'
        for name, right, cancel, say in kinds))  # fmt: skip
    done = subprocess.run([client, str(at_once), requests, sys.executable, "-c", SERVER], text=True,
                          input="".join(f"{count}\n" for count in counts), stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, timeout=120)  # fmt: skip
    assert done.returncode == 0
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_each_call_is_counted_as_what_it_was(client, tmp_path):
    kinds = [("good", "fine", -1, "fine"), ("bad", "fine", -1, "not so"), ("silent", "", 0, "")]
    first, *turns, last = calls(client, tmp_path, kinds, [30, 60])
    assert first["server"] > 0 and len(turns) == 2
    assert {name: {key: n for key, n in told.items() if n} for name, told in last["kinds"].items()} == {
        "good": {"right": 30}, "bad": {"wrong": 30}, "silent": {"cancelled": 30}}  # fmt: skip
    assert last["unexpected"] == 0 and last["server_status"] == 0
    assert 0 < last["p50_us"] <= last["p99_us"] <= last["max_us"]


def test_a_row_is_held_against_its_bounds():
    rows = [report.Row("a", "a", 2, promised=1, broken=8), report.Row("b", "b", 9, promised=1, broken=8),
            report.Row("c", "c", 0.5, promised=1, least=True, broken=0.1),
            report.Row("d", "d", 0.05, promised=1, least=True, broken=0.1),
            report.Row("e", "e", 99, promised=1)]  # fmt: skip
    table = report.Table("here", rows)
    assert [row.key for row in table.broken()] == ["b", "d"]
    assert [" NO" in row.text() for row in rows] == [True] * 5


def test_what_was_left_out_is_told_by_name(tmp_path):
    table = report.Table("here", [report.Row("a", "a row", 1)])
    table.leave_out("a peer", "not installed")
    table.fail("another", "it ended")
    report.write_junit(table, tmp_path / "bench.xml")
    told = {case.get("name"): [child.tag for child in case] for case in
            xml.parse(tmp_path / "bench.xml").iter("testcase")}  # fmt: skip
    assert told == {"a row": [], "a peer": ["skipped"], "another": ["failure"]}


def test_what_is_compared_is_done_in_turns():
    done = []

    class Thing:
        def __init__(self, name):
            self.name = name

        def once(self):
            done.append(self.name)
            return float(len(done))

    one, other = timing.alternate([Thing("a"), Thing("b")], 8, 60, block=2)
    assert done == ["a", "a", "b", "b"] * 4
    assert (one.median, one.p99) == (7.5, 14.0) and len(other) == 8


def test_the_history_is_read_as_it_was_written(tmp_path):
    rows = [{"key": "exec", "value": 1.5}, {"key": "run", "value": 1.25}]
    table = {"title": "root", "load": 0.5, "rows": rows}
    file = tmp_path / "history"
    file.write_text("# a comment\n" + history.line("faster", table, "abc1234", "2026-01-02") + "\n")
    figures = {"load": 0.5, "exec": 1.5, "run": 1.25}
    assert history.read(file) == [("2026-01-02", "abc1234", "root", "faster", figures)]
    assert history.last("root", file)[3] == "faster" and history.last("user", file) is None


def test_every_line_of_the_history_is_whole():
    for date, commit, setting, title, figures in history.read():
        assert date and commit and setting and title and figures


def test_nothing_is_left_of_many_calls(cordon, client):
    """Of every kind, and of servers that are killed: as ./dev soak."""
    done = subprocess.run([sys.executable, "-B", BENCH / "soak.py", "--count", "80", "--in-flight", "8",
                           "--servers", "front,input", "--client", client, Path(cordon).parent],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600)
    assert done.returncode == 0, done.stdout[-3000:]
    assert "nothing is left" in done.stdout
