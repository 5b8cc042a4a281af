# SPDX-License-Identifier: Apache-2.0
"""--trace and --phases: where the time of a call went, from beginning to end."""

import itertools
import json

import pytest
import support

# Written to the nanosecond, read as a double.
EXACT = 0.01

INSIDE = {"build root", "capabilities", "fork"}
PAYLOAD = {"landlock", "system calls", "script"}
OUTSIDE = {"start", "admit", "prepare", "plan", "clone", "id maps", "audit"}


def lanes_of_events(events):
    """{run: {lane: [(name, begin, end)]}}, in microseconds."""
    runs = {}
    for event in events:
        if event["ph"] == "X":
            assert event["dur"] >= 0
            lane = runs.setdefault(event["pid"], {}).setdefault(event["cat"], [])
            lane.append((event["name"], event["ts"], event["ts"] + event["dur"]))
    for lanes in runs.values():
        for lane in lanes.values():
            lane.sort(key=lambda one: one[1:])
    return runs


def lanes_of(path):
    return lanes_of_events(json.loads(path.read_text())["traceEvents"])


def names(lane):
    return {name for name, _, _ in lane}


def follow_each_other(lane):
    return all(one[2] <= next[1] + EXACT for one, next in itertools.pairwise(lane))


def test_each_phase_of_a_run_is_a_line_of_the_trace(run, tmp_path):
    trace = tmp_path / "trace.json"
    result = run("run", "--json", "--trace", trace, "-c", "print(1)")
    assert (result.exit, result.json()["stdout"]) == (0, "1\n"), result
    (lanes,) = lanes_of(trace).values()
    front, supervisor = lanes["cordon"], lanes["supervisor"]
    assert all(follow_each_other(lane) for lane in lanes.values()), lanes
    assert names(supervisor) >= OUTSIDE
    assert names(lanes["pid 1"]) >= INSIDE
    assert names(lanes["script"]) >= PAYLOAD
    # Nothing of the front's time is left out, and everything else lies within it.
    assert all(abs(one[2] - next[1]) < EXACT for one, next in itertools.pairwise(front))
    first, last = front[0][1], front[-1][2]
    assert all(first <= begin and end <= last for lane in lanes.values() for _, begin, end in lane)
    assert front[-1][0] == "reply"


def test_the_phases_of_usage_are_those_of_the_trace(run, tmp_path):
    trace = tmp_path / "trace.json"
    usage = run("run", "--json", "--trace", trace, "-c", "print(1)").json()["usage"]
    (lanes,) = lanes_of(trace).values()
    prepared = next(end for name, _, end in lanes["supervisor"] if name == "prepare")
    executed = next(end for name, _, end in lanes["script"] if name == "system calls")
    ended = lanes["script"][-1][2]
    assert usage["phases"]["queue"] == 0  # else it would be in between
    assert (executed - prepared) / 1e6 == pytest.approx(usage["phases"]["box"], abs=2e-6)
    assert (ended - executed) / 1e6 == pytest.approx(usage["wall_seconds"], abs=2e-6)


def test_what_never_ran_has_a_trace_too(run, tmp_path):
    trace = tmp_path / "trace.json"
    assert run("run", "--trace", trace, "--memory", "100G", "-c", "1").exit == 126
    (lanes,) = lanes_of(trace).values()
    assert "admit" in names(lanes["supervisor"])
    assert "script" not in lanes
    assert run("exec", "--trace", trace, "--", "/no/such").exit == 127
    (lanes,) = lanes_of(trace).values()
    assert "clone" in names(lanes["supervisor"])


def test_a_trace_has_a_file_of_its_own(run, tmp_path):
    trace = tmp_path / "trace.json"
    result = run("run", "--report", trace, "--trace", trace, "-c", "1")
    assert result.exit == 125
    assert "that is the file of --report" in result.err
    result = run("run", "--trace", tmp_path / "no" / "such", "-c", "print(1)")
    assert (result.exit, result.out) == (125, "")
    # On standard output it comes behind the script's own.
    lines = run("run", "--trace", "-", "-c", "print(1)").out.split("\n", 1)
    assert lines[0] == "1"
    assert json.loads(lines[1])["traceEvents"]


def test_a_benchmark_has_the_medians_of_each_step(run, tmp_path):
    trace, report = tmp_path / "trace.json", tmp_path / "report.json"
    words = ("--runs", 2, "--phases", "--trace", trace, "--report", report)
    result = run("bench", *words, "-c", "print(1)")
    assert result.exit == 0, result
    assert set(lanes_of(trace)) == {1, 2}
    phases = json.loads(report.read_text())["phases"]
    told = {(one["lane"], one["name"]) for one in phases}
    assert told >= {("supervisor", name) for name in OUTSIDE}
    assert told >= {("script", name) for name in PAYLOAD}
    assert all(one["seconds"] >= 0 <= one["at_seconds"] for one in phases)
    # A step is a line of the table: when it began, how long it took, what it is.
    rows = [line.split(None, 2) for line in result.out.splitlines()]
    shown = {row[2]: (float(row[0]), float(row[1])) for row in rows if len(row) == 3 and row[2] in INSIDE}
    assert set(shown) == INSIDE
    for one in phases:
        if one["name"] in shown:
            at, took = shown[one["name"]]
            assert at == pytest.approx(one["at_seconds"] * 1e3, abs=2e-3)
            assert took == pytest.approx(one["seconds"] * 1e3, abs=2e-3)


def test_a_server_writes_down_each_run_as_it_ends(cordon, run, tmp_path):
    trace, place = tmp_path / "trace.json", tmp_path / "place"
    place.mkdir()
    environment = support.clean_environment(CORDON_STATE=str(tmp_path / "state"))
    command = [cordon, "serve", "--root", str(place), "--trace", str(trace)]
    client = support.RawClient(command, environment, str(place))
    client.initialize()
    for number, code in ((1, "print(1)"), (2, "import sys; sys.exit(3)")):
        words = {"directory": str(place), "script_content": code}
        client.call(number, "py_run_script_in_dir", **words)
        # It lacks its last bracket, which a viewer does without.
        support.eventually(lambda: f'"pid":{number}' in trace.read_text(), 60)
    refused = client.call(3, "py_run_script_in_dir", directory=str(place), script_content="1", policy="fetch")
    assert refused["isError"]
    client.close()
    events = json.loads(trace.read_text())
    named = {one["args"]["name"] for one in events if one["name"] == "process_name"}
    assert named == {"py_run_script_in_dir"}
    for number in (1, 2):
        lanes = lanes_of_events(one for one in events if one["pid"] == number)[number]
        front = lanes["cordon"]
        assert all(follow_each_other(lane) for lane in lanes.values()), lanes
        assert {"send", "await the end", "result", "reply"} <= names(front)
        assert names(lanes["supervisor"]) >= {"admit", "prepare", "audit"}
        assert "script" in names(lanes["script"])
        first, last = front[0][1], front[-1][2]
        assert all(first <= begin and end <= last for lane in lanes.values() for _, begin, end in lane)


def test_a_server_has_no_trace_on_its_standard_output(run):
    result = run("serve", "--trace", "-")
    assert (result.exit, result.out) == (125, "")
    assert "standard output is the clients'" in result.err
