# SPDX-License-Identifier: Apache-2.0
"""cordon bench and py_benchmark_script: what they say a script takes, against what is known of it."""

import csv
import io
import json
import os
import signal
import subprocess

import pytest
import support

RAMP = """
import time
blocks = []
for _ in range(20):
    blocks.append(bytearray(10 << 20))
    time.sleep(.01)
time.sleep(.3)
while blocks:
    blocks.pop()
    time.sleep(.01)
time.sleep(.2)
"""

FOUR = """
import ctypes, os, time
for number in range(3):
    if os.fork() == 0:
        ctypes.CDLL(None).prctl(15, b"\\x1b[2J\\xff%d" % number, 0, 0, 0)
        end = time.process_time() + .15
        while time.process_time() < end:
            pass
        time.sleep(.5)
        os._exit(0)
for _ in range(3):
    os.wait()
"""

SPIN = "import time\nend = time.process_time() + .2\nwhile time.process_time() < end: pass"


@pytest.fixture
def bench(run):
    def bench(*words, **more):
        return run("bench", *map(str, words), **more)

    return bench


@pytest.fixture
def benchmark(serve):
    """benchmark(**ARGUMENTS) -> the result of one call of the tool."""
    client, numbers = serve(), iter(range(1, 1000))

    def benchmark(**arguments):
        reply = client.call(next(numbers), "py_benchmark_script", **arguments)
        assert json.loads(reply["content"][0]["text"]) == reply["structuredContent"]
        return reply["structuredContent"]

    return benchmark


# --- the command ---------------------------------------------------------------------------------


def test_a_table_is_shown_and_rows_are_written(bench, tmp_path):
    script = tmp_path / "=a.py"
    script.write_text("import sys\nprint('not shown', sys.argv[1:])")
    report, rows = tmp_path / "report.json", tmp_path / "rows.csv"
    done = bench(
        *("--runs", 3, "--warmup", 1, "--phases"),
        *("--report", report, "--csv", rows, script, "word"),
    )
    assert (done.exit, "not shown" in done.out) == (0, False), done
    assert all(word in done.out for word in ("3 runs after 1", "median", "wall", "memory", "phases"))
    assert "\x1b" not in done.out
    result = json.loads(report.read_text())
    assert result["stdout"] == "not shown ['word']\n"
    assert len(result["runs"]) == 3
    wall = sorted(one["wall_seconds"] for one in result["runs"])
    assert result["wall_time_seconds"] == pytest.approx(wall[1], abs=2e-6)
    assert result["statistics"]["wall_seconds"]["max"] == pytest.approx(wall[2], abs=2e-6)
    table = list(csv.DictReader(io.StringIO(rows.read_text(), newline="")))
    assert [(row["run"], row["end"], row["exit_code"]) for row in table] == [
        (str(number), "exited", "0") for number in (1, 2, 3)
    ]
    assert [float(row["wall_seconds"]) for row in table] == pytest.approx(
        [one["wall_seconds"] for one in result["runs"]], abs=2e-6
    )


def test_scripts_are_compared_in_turns(bench, tmp_path):
    order = tmp_path / "order"
    order.mkdir()
    code = "open('log', 'a').write('{0}')\nimport time; end = time.process_time() + {1}\n"
    code += "while time.process_time() < end: pass"
    (order / "a.py").write_text(code.format("a", 0.09))
    (order / "b.py").write_text(code.format("b", 0.001))
    done = bench(
        *("--runs", 3, "--directory", order, "--json"),
        *("--compare", order / "b.py", order / "a.py"),
    )
    assert done.exit == 0, done
    result = done.json()
    assert (order / "log").read_text() in ("abbaab",)
    first, second = result["scripts"]
    assert [one["label"] for one in (first, second)] == [str(order / "a.py"), str(order / "b.py")]
    assert [len(one["runs"]) for one in (first, second)] == [3, 3]
    assert first["runs"] == result["runs"]
    assert first["cpu_time_seconds"] > second["cpu_time_seconds"] + 0.04
    (comparison,) = result["comparison"]
    assert comparison["label"] == second["label"] and comparison["against"] == first["label"]
    assert comparison["low"] <= comparison["ratio"] <= comparison["high"]


def test_a_run_that_fails_ends_it_with_its_last_words(bench):
    code = "import os, sys\nsys.stderr.write('x\\n' * 200000 + 'the last line\\n')\nsys.exit(7)"
    done = bench("--runs", 5, "--json", "-c", code)
    assert done.exit == 7
    result = done.json()
    assert [one["exit_code"] for one in result["runs"]] == [7]
    assert "statistics" not in result
    assert done.err.splitlines()[0] == "cordon: -c: exit status 7: nothing more is measured"
    assert done.err.endswith("the last line\n") and len(done.err) < 4096


def test_what_fails_is_not_compared(bench, tmp_path):
    names = "bad.py", "a.py", "b.py"
    for name, code in zip(names, ("import nothing_such", "1", "1")):
        (tmp_path / name).write_text(code)
    scripts = [word for name in names[1:] for word in ("--compare", tmp_path / name)]
    done = bench("--runs", 2, *scripts, tmp_path / "bad.py")
    assert (done.exit, done.out) == (1, "")
    assert "bad.py: exit status 1: nothing more is measured" in done.err.splitlines()[0]
    assert done.err.splitlines()[-1].startswith("ModuleNotFoundError")


def test_more_than_two_are_ranked(bench, tmp_path):
    for name, seconds in ("slow", 0.4), ("fast", 0), ("middle", 0.15):
        (tmp_path / f"{name}.py").write_text(f"import time; time.sleep({seconds})")
    scripts = [word for name in ("fast", "middle") for word in ("--compare", tmp_path / f"{name}.py")]
    done = bench("--runs", 3, *scripts, tmp_path / "slow.py")
    assert done.exit == 0, done
    table = done.out.split("the fastest first\n")[1].splitlines()[:3]
    assert [os.path.basename(line) for line in table] == ["fast.py", "middle.py", "slow.py"]
    assert " 1.00 times" in table[0]
    assert done.out.count("the machine was busy") <= 1


def test_what_cannot_run_is_not_measured(bench):
    done = bench("--runs", 2, "--python", "3.1", "-c", "1")
    assert (done.exit, done.out) == (125, "")
    assert done.err.count("\n") == 1 and "3.1" in done.err
    done = bench("--timeout", "1000h", "-c", "1")
    assert (done.exit, done.out) == (126, "")


def test_an_interrupt_shows_what_there_is(start, tmp_path):
    code = "import os, time\nopen('log', 'a').write('x')\n"
    code += "time.sleep(1000 if os.path.getsize('log') > 2 else .01)"
    process = start(*("bench", "--runs", "1000", "--directory", tmp_path, "-c"), code)
    log = tmp_path / "log"
    support.soon(lambda: log.exists() and len(log.read_text()) >= 3, 60)
    process.send_signal(signal.SIGINT)
    done = support.finish(process)
    assert done.exit == 130
    assert "median" in done.out and "2 of 1000 runs" in done.out
    assert "cordon: interrupted after 2 of 1000 runs\n" in done.err


def test_an_interrupt_before_the_first_end_says_so(start, tmp_path):
    process = start(
        *("bench", "--runs", "20", "--directory", tmp_path, "-c"),
        "open('log', 'a').write('x')\nimport time; time.sleep(1000)",
    )
    support.soon((tmp_path / "log").exists, 60)
    process.send_signal(signal.SIGINT)
    done = support.finish(process)
    assert (done.exit, done.out) == (130, "")
    assert "cordon: interrupted after 0 of 20 runs\n" in done.err


def test_a_job_has_the_whole_result(bench, run):
    done = bench("--job", "--runs", 2, "-c", "print(1)")
    assert done.exit == 0, done
    name = done.err.split("cordon: job ")[1].split()[0]
    record = run("jobs", "show", name, "--json").json()
    record = record.get("job", record)
    assert (record["status"], len(record["result"]["runs"])) == ("completed", 2)
    assert record["result"]["job_id"] == name


WRONG = [
    (["--runs", "0"], "--runs"),
    (["--runs", "-1"], "--runs"),
    (["--runs", "1e9"], "--runs"),
    (["--warmup", "2.5"], "--warmup"),
    (["--sample-interval", "0"], "--sample-interval"),
    (["--sample-interval", "-1s"], "--sample-interval"),
    (["--sample-interval", "nan"], "--sample-interval"),
    (["--sample-interval", "2h"], "--sample-interval"),
    (["--tty"], "--tty"),
]


@pytest.mark.parametrize("words, text", WRONG, ids=lambda value: None)
def test_bad_input_is_one_clear_line(bench, words, text):
    done = bench(*words, "-c", "1")
    assert (done.exit, done.out, done.err.count("\n")) == (125, "", 1)
    assert text in done.err


def test_colour_is_for_terminals(cordon, state):
    """And not for those whose owner wants none."""
    for more, expected in ({"TERM": "xterm"}, True), ({"TERM": "xterm", "NO_COLOR": "1"}, False):
        master, slave = os.openpty()
        environment = support.clean_environment(CORDON_STATE=str(state), **more)
        words = [str(cordon), "bench", "--quiet", "--runs", "1", "-c", "1"]
        subprocess.run(words, stdout=slave, env=environment, check=True, timeout=120)
        os.close(slave)
        shown = b""
        try:
            while part := os.read(master, 65536):
                shown += part
        except OSError:
            pass  # its end
        os.close(master)
        assert (b"\x1b[" in shown, b"wall" in shown) == (expected, True)


# --- the tool ------------------------------------------------------------------------------------


def rises_to_the_end(result):
    samples = result["samples"]
    assert samples[0]["time_seconds"] <= samples[-1]["time_seconds"]
    assert samples[-1]["time_seconds"] == result["wall_time_seconds"]
    # A sum of nanoseconds, and one of seconds: they may be rounded to either side.
    assert samples[-1]["cpu_seconds"] == pytest.approx(result["cpu_time_seconds"], abs=2e-6)
    for name in "time_seconds", "cpu_seconds":
        values = [sample[name] for sample in samples]
        assert values == sorted(values)
    return samples


def test_a_script_that_ends_at_once_has_two_readings(benchmark):
    result = benchmark(script_content="print(1)", sample_interval=10)
    assert (result["exit_code"], result["stdout"], len(result["runs"])) == (0, "1\n", 1)
    samples = rises_to_the_end(result)
    assert len(samples) == 2 and samples[0]["time_seconds"] < samples[1]["time_seconds"]
    assert samples[1]["memory_mb"] > 0
    assert result["sample_interval_seconds"] == 10
    assert result["counters"]["page_faults"] > 100
    # Each of the processor's own is there, or it is said why not.
    for name in "instructions", "cycles", "branch_misses", "cache_misses":
        assert result["counters"].get(name, 0) > 0 or name in result["counters_missing"]


def test_figures_are_the_scripts(benchmark):
    result = benchmark(script_content=SPIN)
    assert 0.2 <= result["cpu_time_seconds"] <= 0.7
    (run,) = result["runs"]
    assert run["cpu_user_seconds"] + run["cpu_system_seconds"] == pytest.approx(
        result["cpu_time_seconds"], abs=3e-6
    )
    assert (run["end"], run["exit_code"]) == ("exited", 0)
    rises_to_the_end(result)


def test_a_ramp_of_memory_is_seen_to_rise_and_fall(benchmark):
    result = benchmark(script_content=RAMP, sample_interval=0.01)
    assert 200 <= result["peak_rss_mb"] <= 260
    memory = [sample["memory_mb"] for sample in rises_to_the_end(result)]
    assert max(memory) >= 150
    assert memory[0] < 50 and memory[-1] < 150
    assert 0 < result["sampling_cpu_seconds"] < 0.1 * result["wall_time_seconds"]


def test_processes_are_told_apart(benchmark):
    result = benchmark(script_content=FOUR, sample_interval=0.01)
    assert result["cpu_time_seconds"] >= 0.45
    rows = [sample["each"] for sample in result["samples"] if len(sample.get("each", [])) == 4]
    assert rows
    assert len({process["pid"] for process in rows[-1]}) == 4
    names = {process["name"] for process in rows[-1]}
    assert {"?[2J?0", "?[2J?1", "?[2J?2"} <= names, names
    assert max(process["cpu_seconds"] for row in rows for process in row) >= 0.1


def test_several_runs_are_one_result(benchmark):
    code = "import sys, time\nprint(sys.stdin.read())\ntime.sleep(.01)"
    result = benchmark(script_content=code, stdin="once more", runs=4, warmup=2)
    assert (result["status"], result["stdout"]) == ("completed", "once more\n")
    wall = sorted(run["wall_seconds"] for run in result["runs"])
    assert len(wall) == 4
    summary = result["statistics"]["wall_seconds"]
    assert (summary["min"], summary["max"]) == pytest.approx((wall[0], wall[3]), abs=2e-6)
    assert summary["median"] == result["wall_time_seconds"]
    assert summary["stddev"] > 0


def test_a_run_that_fails_is_the_last(benchmark):
    result = benchmark(script_content="raise SystemExit(3)", runs=5, warmup=1)
    assert result["exit_code"] == 3
    assert [run["exit_code"] for run in result["runs"]] == [3]


LIMITS = [
    ("wall", 124, {"script_content": "import time; time.sleep(60)", "timeout_seconds": 1}),
    ("cpu", 124, {"script_content": "while True: pass", "cpu_seconds": 0.3}),
    (
        "memory",
        137,
        {
            "script_content": "blocks = []\nwhile True: blocks.append(bytearray(1 << 20))",
            "memory_mb": 64,
            "sample_interval": 0.005,
        },
    ),
]


@pytest.mark.parametrize("end, status, arguments", LIMITS, ids=[row[0] for row in LIMITS])
def test_what_a_limit_ended_has_its_figures(benchmark, end, status, arguments):
    result = benchmark(**arguments)
    assert (result["end"], result["exit_code"], result["status"]) == (end, status, "failed")
    assert [(run["end"], run["exit_code"]) for run in result["runs"]] == [(end, status)]
    samples = rises_to_the_end(result)
    if end == "wall":
        assert 0.9 <= result["wall_time_seconds"] < 5 and result["cpu_time_seconds"] < 0.5
    if end == "cpu":
        assert 0.28 <= result["cpu_time_seconds"] < 0.7
    if end == "memory":
        memory = [sample["memory_mb"] for sample in samples]
        assert 50 <= memory[-1] == result["peak_rss_mb"]
        # It only grew: nothing is told of how it was cleared away.
        assert all(after > 0.9 * before for before, after in zip(memory, memory[1:]))


def test_errors_are_results_and_long_ones_block_nothing(benchmark):
    code = "import sys\nsys.stderr.write('e' * (1 << 20))\nraise SystemExit('it failed')"
    result = benchmark(script_content=code)
    assert (result["end"], result["exit_code"], result["status"]) == ("exited", 1, "completed")
    assert result["stderr"].endswith("it failed\n")
    assert result["output"]["stderr_bytes"] > 1 << 20
    rises_to_the_end(result)


def test_readings_that_would_cost_too_much_are_fewer(benchmark):
    code = "import time\nend = time.time() + .5\nwhile time.time() < end: pass"
    result = benchmark(script_content=code, sample_interval=0.001)
    samples = rises_to_the_end(result)
    assert len(samples) > 5
    interval = result["sample_interval_seconds"]
    assert interval == 0.001 or any("readings every 1.00 ms" in one for one in result["warnings"])
    assert result["sampling_cpu_seconds"] < 0.1 * result["wall_time_seconds"]


def test_the_schema_describes_a_benchmark(serve):
    client = serve()
    tools = client.request(1, "tools/list")["result"]["tools"]
    (tool,) = [tool for tool in tools if tool["name"] == "py_benchmark_script"]
    members = tool["outputSchema"]["properties"]
    result = client.call(2, "py_benchmark_script", script_content="1")["structuredContent"]
    assert set(result) <= set(members)
    assert set(result["samples"][0]) <= set(members["samples"]["items"]["properties"])
    assert set(result["runs"][0]) == set(members["runs"]["items"]["properties"])
    assert set(result["statistics"]) == set(members["statistics"]["properties"])


@pytest.mark.parametrize("option", ["--csv", "--report", "--chart", "--profile"])
def test_no_output_takes_the_place_of_a_script(bench, at_home, option):
    scripts = [at_home / "one.svg", at_home / "other.svg"]
    for script in scripts:
        script.write_text("print(1)")
    link = at_home / "link.svg"
    link.symlink_to(scripts[1])
    for target in scripts if option in ("--chart", "--profile") else (*scripts, link):
        done = bench("--runs", 1, option, target, "--compare", scripts[1], scripts[0])
        assert done.exit == 125 and done.out == ""
        assert f"{target}: this is the script" in done.err or "built without it" in done.err
    assert [script.read_text() for script in scripts] == ["print(1)"] * 2


def test_rows_on_standard_output(bench, tmp_path):
    done = bench("--runs", 2, "--csv", "-", "-c", "pass", cwd=tmp_path)
    assert done.exit == 0, done.err
    assert [row["run"] for row in csv.DictReader(io.StringIO(done.out))] == ["1", "2"]
    assert not (tmp_path / "-").exists()
    assert bench("--csv", "-", "--json", "-c", "pass").exit == 125


def test_a_name_is_a_strangers(bench, at_home):
    first, second = (os.fsdecode(one) for one in (b"a\x9b\x1b[31m\xe2\x80\xae\n.py", b"b\xff.py"))
    for name in first, second:
        (at_home / name).write_text("")
    words = ("--runs", 1, "--compare", at_home / second, at_home / first)
    done = bench(*words)
    assert done.exit == 0, done
    shown = done.out.replace(str(at_home), "")
    # In its heading and in the comparison.
    assert shown.count("a??[31m??.py") >= 2 and shown.count("b?.py") >= 2, shown
    assert not set("\x1b\u202e\ufffd") & set(shown)
    result = bench("--json", *words).json()
    (compared,) = result["comparison"]
    assert [one["label"] for one in result["scripts"]] == [compared["against"], compared["label"]]
    assert compared["label"].endswith("b\ufffd.py")
    failed = bench("--csv", at_home / "no\x1b" / "rows.csv", "-c", "pass")
    assert (failed.exit, "no?/rows.csv" in failed.err) == (125, True), failed


def test_an_output_that_is_lost_takes_no_other_along(bench, tmp_path):
    inside = tmp_path / "inside"
    inside.mkdir()
    code = "import os; os.path.exists('{0}') and os.replace('{0}', '{0}.old')\nopen('{0}', 'w')"
    code = "\n".join(code.format(name) for name in ("one.json", "two.csv"))
    rows, profile = tmp_path / "rows.csv", tmp_path / "profile.txt"
    words = ("--runs", 1, "--directory", inside, "--profile", profile)
    done = bench(*words, "--report", inside / "one.json", "--csv", rows, "-c", code)
    assert (done.exit, done.err.count("replaced during the run")) == (125, 1), done
    assert "exited" in rows.read_text() and profile.exists()
    done = bench(*words, "--report", inside / "one.json", "--csv", inside / "two.csv", "-c", code)
    assert (done.exit, done.err.count("replaced during the run")) == (125, 2), done
