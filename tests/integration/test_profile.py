# SPDX-License-Identifier: Apache-2.0
"""--profile: where the time went, and a script that cannot tell that it is asked.

One profiler for all tests: the suite's state directory keeps its environment.
"""

import json
import os
import re
import textwrap

import pytest

import support

FULL = ["3.9", "3.10", "3.11", "3.12", "3.13"] if os.environ.get("FULL") else []

WORK = """
    import threading, time

    def burn(seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            sum(i * i for i in range(1000))

    def wait():
        time.sleep(0.2)

    def main():
        burn(0.2)
        wait()

    main()
"""


@pytest.fixture
def profile(run, tmp_path):
    """profile(CODE, *OPTIONS, shape=".json") -> (Result, what was written)."""

    def profile(code, *options, shape=".txt", arguments=(), **more):
        path = tmp_path / f"profile{shape}"
        code = textwrap.dedent(code)
        result = run("run", "--profile", path, *options, "-c", code, *arguments, **more)
        return result, path.read_text() if path.exists() else None

    return profile


def functions_of(report):
    return {row["name"]: row for row in json.loads(report.read_text())["profile"]["functions"]}


def test_the_time_is_where_it_was_spent(profile, tmp_path):
    result, text = profile(WORK, "--report", tmp_path / "report")
    assert result.exit == 0, result.err
    assert re.search(r"(?m)^cordon: profile: [\d.]+ s, .*most (of it )?in ", result.err)
    rows = functions_of(tmp_path / "report")
    # Both are by the clock that the sampler has: how fast the machine is plays no part.
    assert rows["sleep"]["self_seconds"] >= 0.19
    assert rows["sleep"]["file"] == "<built-in>" and rows["sleep"]["line"] is None
    assert rows["burn"]["total_seconds"] >= 0.1
    assert rows["wait"]["total_seconds"] >= rows["sleep"]["self_seconds"] * 0.9
    assert (rows["main"]["file"], rows["main"]["line"]) == ("/box/script.py", 12)
    assert rows["main"]["total_seconds"] >= 0.29
    assert "sleep (built-in)" in text and "main (/box/script.py:12)" in text


def test_the_other_shapes_are_what_their_readers_read(profile):
    _, text = profile(WORK, shape=".json")
    scope = json.loads(text)
    (one,) = scope["profiles"]
    assert one["type"] == "sampled" and len(one["samples"]) == len(one["weights"]) > 0
    count = len(scope["shared"]["frames"])
    assert all(0 <= frame < count for stack in one["samples"] for frame in stack)
    assert sum(one["weights"]) == one["endValue"]
    names = [frame["name"] for frame in scope["shared"]["frames"]]
    assert {"MainThread", "<module>", "main", "wait", "sleep"} <= set(names)

    _, text = profile(WORK, shape=".folded")
    stacks = dict(line.rsplit(" ", 1) for line in text.splitlines())
    assert all(int(us) > 0 for us in stacks.values())
    assert any(stack.endswith("wait (/box/script.py:9);sleep (built-in)") for stack in stacks)


def test_a_flame_graph_is_drawn_by_cordon_chart(run, cordon, tmp_path):
    if not (support.sandbox_of(cordon).parent / "cordon-chart").exists():
        result = run("run", "--profile", tmp_path / "p.svg", "-c", "open('ran', 'w')")
        assert result.exit == 125 and "cordon-chart" in result.err
        return
    path = tmp_path / "p.svg"
    code = "import time\ndef nap(): time.sleep(0.05)\nnap()"
    result = run("run", "--profile", path, "-c", code)
    assert result.exit == 0, result.err
    assert path.read_text().lstrip().startswith(("<?xml", "<svg"))
    names = [word for word in ("nap", "MainThread") if word in path.read_text()]
    assert names == ["nap", "MainThread"]


def test_threads_are_covered_and_children_are_not(profile, tmp_path):
    code = """
        import os, threading, time
        def in_thread(): time.sleep(0.1)
        def in_child(): time.sleep(0.1)
        thread = threading.Thread(target=in_thread, name="second")
        thread.start()
        if os.fork() == 0:
            in_child()
            raise SystemExit
        os.wait()
        thread.join()
    """
    result, text = profile(code, shape=".folded")
    assert result.exit == 0, result.err
    assert "second;" in text and "in_thread" in text
    assert "in_child" not in text


PROBE = """
    import json, os, sys
    def own(name): return any(word in name for word in ("profile", "pyinstrument"))
    try:
        import pyinstrument
        found = "pyinstrument"
    except ImportError:
        found = None
    print(json.dumps({
        "argv": sys.argv, "path": sys.path, "name": __name__, "file": __file__,
        "environment": dict(os.environ), "found": found,
        "modules": sorted(name for name in sys.modules if own(name)),
        "builtins": len(dir(__builtins__)), "flags": list(sys.flags), "cwd": os.getcwd(),
        "main": sorted(sys.modules["__main__"].__dict__.keys()),
        "cache": sorted(filter(own, sys.path_importer_cache)),
    }))
"""


@pytest.mark.parametrize("options", [[], ["--directory", "."], ["--env", "PYTHONPATH=/mine"]])
def test_the_script_sees_what_it_sees_without(profile, python, workspace, options):
    options = [str(workspace) if word == "." else word for word in options]
    code = textwrap.dedent(PROBE)
    plain = python(code, *options, arguments=["a", "b"])
    sampled, _ = profile(code, *options, arguments=["a", "b"])
    assert plain.exit == sampled.exit == 0, sampled.err
    assert json.loads(sampled.out) == json.loads(plain.out)


ENDINGS = {
    "a status": "import sys; sys.exit(7)",
    "an error": "def f():\n    raise ValueError('bad')\nf()",
    "no exit handlers": "import os; os._exit(3)",
    "a signal": "import os, signal; os.kill(os.getpid(), signal.SIGTERM)",
    "a closed pipe": "import os\nfor fd in range(3, 64):\n  try: os.close(fd)\n  except OSError: pass",
    "asyncio": "import asyncio\nasync def main():\n  await asyncio.sleep(0.01)\n  return 5\n"
    "raise SystemExit(asyncio.run(main()))",
    "multiprocessing": "import multiprocessing as m\ndef f(x): return x * 2\n"
    "if __name__ == '__main__':\n  m.set_start_method('fork')\n"
    "  with m.Pool(2) as pool: print(pool.map(f, [1, 2]))",
    "its own profiler": "import sys\nsys.setprofile(lambda *_: None)\nprint(sum([1]))",
    "an end of the interpreter": "import threading, time\n"
    "threading.Thread(target=time.sleep, args=(60,), daemon=True).start()",
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_it_ends_as_it_ends_without(profile, python, ending):
    plain = python(ENDINGS[ending])
    sampled, _ = profile(ENDINGS[ending])
    ours = [line for line in sampled.err.splitlines() if not line.startswith("cordon: ")]
    theirs = [line for line in plain.err.splitlines() if not line.startswith("cordon: ")]
    assert (sampled.exit, sampled.out, ours) == (plain.exit, plain.out, theirs)


CLOSES = """
    import os, time
    os.closerange(3, {limit})
    files = [open(str(i), "w+b") for i in range(20)]
    for file in files: file.write(b"mine"), file.flush()
    copies = [os.dup2(files[0].fileno(), fd) for fd in (100, 200, 500) if {limit} > fd]
    end = time.monotonic() + 0.6  # more than two deliveries
    while time.monotonic() < end: sum(range(100))
    assert all(os.pread(file.fileno(), 100, 0) == b"mine" for file in files)
    for copy in copies: os.fstat(copy)
    print("unharmed")
"""


def test_a_script_that_closes_what_it_does_not_know_is_sampled(profile, tmp_path):
    result, text = profile(CLOSES.format(limit=64), "--report", tmp_path / "report")
    assert (result.exit, result.out) == (0, "unharmed\n"), result.err
    assert functions_of(tmp_path / "report")["sum"]["total_seconds"] > 0
    assert "closed" not in result.err


def test_nothing_is_written_to_a_file_that_took_the_descriptors_place(profile):
    result, text = profile(CLOSES.format(limit=1100), shape=".json")
    assert (result.exit, result.out) == (0, "unharmed\n"), result.err
    assert "closed the profile's descriptor" in result.err
    assert "profiles" in json.loads(text)


def test_a_program_in_its_place_leaves_a_document(profile):
    result, text = profile("import os; os.execv('/bin/true', ['true'])", shape=".json")
    assert result.exit == 0 and "put another program in its place" in result.err
    assert len(json.loads(text)["profiles"]) == 1


def test_a_deep_stack_costs_no_more_than_its_share(profile, python):
    code = """
        import sys, time
        sys.setrecursionlimit(10000)
        def deep(n): return deep(n - 1) if n else 0
        began = time.process_time()
        for _ in range(100): deep(3000)
        print(time.process_time() - began)
    """
    plain = python(textwrap.dedent(code))
    result, text = profile(code, "--timeout", "60s", shape=".folded")
    assert (plain.exit, result.exit) == (0, 0), result.err
    # Four times as long or so; each walk longer than the time between two made it a thousand.
    assert float(result.out) < 40 * float(plain.out)
    assert "frames left out" in text and "had no room" not in result.err


def test_of_a_script_that_is_killed_there_is_what_came_before(profile):
    code = "def spin():\n    while True: abs(1)\nspin()"
    there = "spin (/box/script.py:1)"

    def attempt(seconds):
        return profile(code, "--timeout", f"{seconds + 1}s", shape=".folded")

    _, (result, text) = support.limited(attempt, lambda both: there in (both[1] or ""))
    assert result.exit == 124
    assert there in text


def test_what_a_script_writes_there_itself_is_its_own_word_and_bounded(profile):
    code = """
        import os
        junk = b"1 1\\tx\\t\\x1b[2J\\t1\\n" + b"\\xff" * 5000 + b"\\n" + b"lost 1\\n"
        for fd in range(3, 32):
            try:
                os.set_blocking(fd, True)
                for _ in range(2000): os.write(fd, junk)
            except OSError:
                pass
        print("done")
    """
    result, text = profile(code)
    assert (result.exit, result.out) == (0, "done\n")
    assert "\x1b" not in text and len(text) < 100000


def test_it_is_the_environments_interpreter_and_its_own_packages(profile):
    code = "import six, sys; print(six.__name__, 'env' in sys.prefix)"
    result, text = profile(code, "--with", "six")
    assert (result.exit, result.out) == (0, "six True\n"), result.err


def test_names_that_say_no_shape_are_refused_before_anything_runs(run, workspace):
    for name in ("profile", "profile.html", ".txtx"):
        result = run("run", "--profile", workspace / name, "-c", "open('ran', 'w')")
        assert result.exit == 125 and "must end in" in result.err
    result = run("run", "--profile", workspace / "missing/x.txt", "-c", "pass")
    assert result.exit == 125 and "missing/x.txt" in result.err
    assert list(workspace.iterdir()) == []


def test_without_its_environment_and_offline_one_line_says_so(run, tmp_path):
    result = run(
        "--state", tmp_path / "new", "run", "--offline", "--profile", tmp_path / "p.txt",
        "-c", "print(1)",
    )  # fmt: skip
    assert (result.exit, result.out) == (125, "")
    (line,) = result.err.splitlines()
    assert "profiler" in line and "offline" in line


def test_bench_profiles_one_run_beside_those_it_measures(run, tmp_path):
    path = tmp_path / "p.txt"
    code = "import time\ndef nap(): time.sleep(0.05)\nnap()"
    result = run("bench", "--runs", "2", "--json", "--profile", path, "-c", code)
    assert result.exit == 0, result.err
    object = json.loads(result.out)
    assert "nap" in {row["name"] for row in object["profile"]["functions"]}
    assert len(object["runs"]) == 2
    assert "nap (/box/script.py:2)" in path.read_text()


@pytest.mark.skipif(not support.ROOT, reason="other interpreters lie in root's home")
@pytest.mark.parametrize("version", ["3.8", *FULL])
def test_every_python(profile, version):
    result, text = profile(WORK, "--python", version)
    if "not found" in result.err or "no Python" in result.err:
        pytest.skip(f"no Python {version} here")
    assert result.exit == 0, result.err
    assert "sleep (built-in)" in text


@pytest.mark.parametrize("other", ["--report", "--csv", "--chart"])
def test_two_outputs_are_not_one_file(run, workspace, other):
    command = "run" if other == "--report" else "bench"
    name = "x.svg" if other == "--chart" else "x.txt"
    result = run(command, "--profile", workspace / name, other, f"{workspace}/./{name}", "-c", "1")
    (line,) = result.err.splitlines()
    assert result.exit == 125 and "--profile" in line and other in line
    assert list(workspace.iterdir()) == []
