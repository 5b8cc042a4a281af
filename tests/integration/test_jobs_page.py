# SPDX-License-Identifier: Apache-2.0
"""`cordon jobs show ID`: a page for a person, whatever a script or an import has put into it."""

import json
import os
import pty
import re
import subprocess
import textwrap
import uuid

import pytest

import support

ID = re.compile(r"^cordon: job ([0-9a-f-]{36})$", re.MULTILINE)
BLOCKS = "\u2588", "\u2591"


@pytest.fixture
def state(tmp_path):
    return tmp_path / "state"


@pytest.fixture
def page(run):
    """page(CODE, *OPTIONS) -> what `cordon jobs show` says of that run."""

    def page(code, *options):
        job = ID.search(run("run", "--job", *options, "-c", code).err)[1]
        return show(run, job)

    return page


def show(run, job):
    result = run("jobs", "show", job)
    assert result.exit == 0, result.err
    return result.out


def row(text, name):
    """The words of the row of that name, without its bar."""
    (found,) = re.findall(rf"^  {name} +(.*)$", text, re.MULTILINE)
    return re.sub("^[\u2588\u2591#.]{24}  ", "", found)


def test_a_job_that_went_well(page):
    text = page("print('one'); print('two')")
    assert re.match(r"Job [0-9a-f-]{36}  completed\n", text)
    assert row(text, "end") == "the script ended by itself, with status 0"
    assert row(text, "asked by") == "cordon run"
    assert re.fullmatch(r"[\d.]+ (ms|s)", row(text, "script"))
    assert re.fullmatch(r"[\d.]+ MB of 1 GB, (under )?[\d.]+ %", row(text, "memory"))
    assert "    | one\n    | two\n" in text
    assert re.search(r"^  output .* 8 bytes of 64 MB, under 0.1 %$", text, re.MULTILINE)
    assert re.search(r"^  output +cordon jobs output [0-9a-f]{8}$", text, re.MULTILINE)
    assert "\033" not in text


def seconds(words):
    number, unit = words.split()[:2]
    return float(number) / (1000 if unit == "ms" else 1)


def test_the_phases_are_all_of_the_time(page):
    text = page("import time; time.sleep(.05)")
    shown = text.split("Where the time went")[1].split("\n\n")[0]
    parts = [re.sub("^ .{13} .{24}  ", "", line) for line in shown.splitlines()[1:]]
    took = seconds(row(text, "took"))
    assert len(parts) >= 5
    assert sum(map(seconds, parts)) == pytest.approx(took, rel=0.02, abs=0.002)


def test_a_benchmark_has_its_statistics_and_comparison(run, tmp_path):
    for name in "a.py", "b.py":
        (tmp_path / name).write_text("print('dropped')")
    words = "--runs", 3, "--compare", tmp_path / "b.py", tmp_path / "a.py"
    done = run("bench", "--job", *words)
    assert done.exit == 0, done
    text = show(run, ID.search(done.err)[1])
    assert len(re.findall(r"(?m)^.*[ab]\.py: 3 runs$", text)) == 2
    assert len(re.findall(r"(?m)^  wall +median [\d.]+ m?s, [\d.]+ m?s to ", text)) == 2
    assert re.search(r"(?m)^Compared\n +.* times as fast", text)
    assert "Where the time of its last run went" in text
    assert "stdout " not in text


def test_the_limit_that_ended_it_is_full(page):
    text = page("while True: pass", "--timeout", "300ms")
    assert re.match(r"Job [0-9a-f-]{36}  failed\n", text)
    assert row(text, "end").startswith("wall limit of 0.3 s reached (after ")
    assert row(text, "exit code") == "124"
    assert re.search(rf"^  wall +({BLOCKS[0]}|#){{24}}  .* of 300 ms, \d{{3,}} %", text, re.MULTILINE)


def test_a_long_output_shows_its_beginning_and_its_end(page):
    text = page("for i in range(1000): print('line', i)")
    shown = re.findall(r"^    \| line (\d+)$", text, re.MULTILINE)
    assert shown == ["0", "1", "2", "3", "4", "995", "996", "997", "998", "999"]


def test_what_a_script_writes_steers_no_terminal(page):
    text = page(
        r"import sys; sys.stdout.buffer.write(b'\x1b]0;x\x07\x9b31m\r\xe2\x80\xae\0' * 9)"
    )
    (line,) = re.findall(r"^    \| (.*)$", text, re.MULTILINE)
    assert re.fullmatch(r"[ -~]+", line) and "?]0;x?" in line


def test_what_runs_can_be_followed_and_cancelled(start, run):
    code = """
        import os, time
        open(os.environ["CORDON_PROGRESS"], "w").write("3 10 cooking\\n")
        time.sleep(600)
    """
    process = start("run", "--job", "-c", textwrap.dedent(code))
    job = ID.search(process.stderr.readline().decode())[1]
    support.soon(lambda: "3 of 10" in show(run, job))
    text = show(run, job)
    assert "  running\n" in text and row(text, "progress") == "3 of 10  cooking"
    assert row(text, "cancel") == f"cordon jobs cancel {job[:8]}"
    assert run("jobs", "cancel", job).exit == 0
    text = show(run, job)
    assert "  cancelled\n" in text and "cordon jobs cancel" not in text


WILD = [
    None,
    [],
    {"usage": 1, "limits": [], "denied": {"a": 1}, "installed": [None, 1, []], "reached": [None]},
    {"usage": {"wall_seconds": "x", "phases": {"box": -1e300, "script": 1e300}}},
    {"limits": {"wall_seconds": 0}, "usage": {"wall_seconds": 1e308, "peak_memory_mb": -5}},
    {"denied": [None, 3, {"what": "\x1b[2J", "name": "\x1b[2J" * 200, "count": "x"}] * 30},
    {"layers": {"\x1b[2J": "off: \x1b[2J", "b": None, "c": {}}, "python_version_used": "\x1b"},
    {"runs": [1, 2], "statistics": {"wall_seconds": 3}, "warnings": [None, "\x1b" * 900], "label": 1},
    {
        "runs": [1, 2],
        "scripts": [
            None,
            {"label": "\x1b" * 900, "warnings": [None, "\x1b" * 900], "statistics": {"wall_seconds": 1}},
            3,
        ],
        "comparison": [
            None,
            {"label": "\x1b" * 900, "against": "\x1b", "ratio": 1e300, "low": -1e300},
            {"label": "\x1b" * 900, "against": "\x1b" * 900, "ratio": 2, "low": "x", "high": 1e300},
        ],
    },
    {"changes": [{"path": "\u202e\x1b", "kind": "\x1b", "bytes": 1e400}] * 30, "exit_code": []},
]


def test_an_import_may_hold_anything(run, tmp_path):
    records = [
        {
            "id": str(uuid.uuid4()),
            "status": "failed",
            "label": "\x1b[31m" * 100,
            "error": "\x1b]0;x\x07" * 100,
            "created_at": "2026-11-22T13:00:00+00:00",
            "result": result,
        }
        for result in WILD
    ]
    (tmp_path / "wild.json").write_text(json.dumps(records).replace("Infinity", "1e300"))
    assert run("jobs", "import", tmp_path / "wild.json").exit == 0
    for record in records:
        text = show(run, record["id"])
        assert "\x1b" not in text and "\u202e" not in text and "\x07" not in text
        assert max(map(len, text.splitlines())) < 420
        assert text.startswith(f"Job {record['id']}  failed\n")


@pytest.mark.parametrize("more", [{}, {"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_colour_is_for_a_terminal_that_wants_it(cordon, state, page, more):
    job = re.match(r"Job (\S+)", page("print(1)"))[1]
    leader, follower = pty.openpty()
    environment = support.clean_environment(CORDON_STATE=str(state), **{"TERM": "xterm", **more})
    subprocess.run([cordon, "jobs", "show", job], stdout=follower, env=environment, check=True)
    os.close(follower)
    assert (b"\033[32m" in os.read(leader, 65536)) == (not more)
    os.close(leader)
