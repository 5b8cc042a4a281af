# SPDX-License-Identifier: Apache-2.0
"""`cordon jobs` and `--job`: several processes on one state directory, and what they see of each other."""

import json
import os
import pty
import re
import signal
import sqlite3
import stat
import subprocess
import time
from pathlib import Path

import pytest

import support

ID = re.compile(r"^cordon: job ([0-9a-f-]{36})$", re.MULTILINE)
FAILED = "server stopped while job was running"


@pytest.fixture
def state(tmp_path):
    """Of each test its own: what it lists is all there is."""
    return tmp_path / "state"


@pytest.fixture
def jobs(run):
    """jobs(*WORDS) -> what `cordon jobs` printed; it must succeed."""

    def jobs(*words, **more):
        result = run("jobs", *words, **more)
        assert result.exit == 0, result.err
        return result.out

    return jobs


@pytest.fixture
def record(jobs):
    def record(job):
        return json.loads(jobs("show", job, "--json"))["job"]

    return record


@pytest.fixture
def begin(start, jobs):
    """begin(CODE) -> (process, job id) of a run that has written "begun"."""

    def begin(code):
        process = start("run", "--job", "-c", f"print('begun', flush=True)\n{code}")
        line = process.stderr.readline().decode()
        assert ID.match(line), line
        job = ID.match(line)[1]
        support.soon(lambda: jobs("output", job, "--stream", "stdout").startswith("begun\n"))
        return process, job

    return begin


def front_of(state):
    return state / "front"


# --- recording ----------------------------------------------------------------------------------


def test_a_run_is_recorded_with_its_output_and_its_end(run, jobs, record):
    result = run("run", "--job", "-c", "import sys; print('out'); sys.stderr.write('err\\n'); sys.exit(3)")
    assert result.exit == 3
    assert result.out == "out\n"
    job = ID.search(result.err)[1]
    seen = record(job)
    assert (seen["status"], seen["error"]) == ("completed", None)
    assert seen["result"]["exit_code"] == 3
    assert seen["result"]["stdout"] == "out\n"
    assert seen["created_at"] <= seen["started_at"] <= seen["completed_at"]
    output = run("jobs", "output", job)
    assert (output.out, output.err) == ("out\n", "err\n")
    assert jobs("output", job, "--stream", "stderr") == "err\n"
    assert job in jobs("list")


def test_exec_is_recorded_too_and_without_job_nothing_is(run, jobs, state):
    assert run("exec", "--", "/bin/true").exit == 0
    assert not front_of(state).exists()
    assert run("exec", "--job", "--", "/bin/false").exit == 1
    (job,) = json.loads(jobs("list", "--json"))["jobs"]
    assert (job["label"], job["status"]) == ("false", "completed")


def test_a_limit_makes_it_failed_and_says_which(run, record):
    result = run("run", "--job", "--timeout", "300ms", "-c", "while True: pass")
    assert result.exit == 124
    seen = record(ID.search(result.err)[1])
    assert seen["status"] == "failed"
    assert "wall limit" in seen["error"]


def test_bytes_come_back_as_they_were(run, start):
    code = "import sys; sys.stdout.buffer.write(bytes(range(256)) * 1000)"
    job = ID.search(run("run", "--job", "-c", code).err)[1]
    process = start("jobs", "output", job)
    assert process.communicate()[0] == bytes(range(256)) * 1000


def test_a_store_that_cannot_be_used_is_said_before_anything_runs(run, state):
    assert run("jobs", "list").exit == 0
    with open(front_of(state) / "jobs.db", "r+b") as file:
        file.write(b"x" * 4096)
        file.truncate(4096)
    result = run("run", "--job", "-c", "print('ran')")
    assert result.exit == 125
    assert result.out == ""
    assert "it is no database" in result.err
    assert (front_of(state) / "jobs.db").read_bytes() == b"x" * 4096


# --- reading ------------------------------------------------------------------------------------


def test_the_newest_come_first_and_a_filter_counts(run, jobs):
    for code in ("0", "import sys; sys.exit(1)"):
        run("run", "--job", "-c", code)
    run("run", "--job", "--timeout", "300ms", "-c", "while True: pass")
    listed = json.loads(jobs("list", "--json"))
    assert [job["status"] for job in listed["jobs"]] == ["failed", "completed", "completed"]
    assert listed["total"] == 3
    failed = json.loads(jobs("list", "--status", "failed", "--json"))
    assert (failed["total"], len(failed["jobs"])) == (1, 1)
    assert len(jobs("list", "--limit", "2").splitlines()) == 2
    assert [(job["end"], job["exit_code"]) for job in listed["jobs"]] == [
        ("wall", 124),
        ("exited", 1),
        ("exited", 0),
    ]
    assert [job["label"] for job in listed["jobs"]] == [
        "-c while True: pass",
        "-c import sys; sys.exit(1)",
        "-c 0",
    ]
    assert re.search(r" completed +1 .* -c import sys; sys.exit\(1\)$", jobs("list"), re.MULTILINE)


def test_a_list_on_a_terminal_has_a_head_and_an_empty_one_says_so(cordon, state, run):
    def on_a_terminal():
        leader, follower = pty.openpty()
        environment = support.clean_environment(CORDON_STATE=str(state), TERM="dumb")
        words = [str(cordon), "jobs", "list"]
        subprocess.run(
            words, stdout=follower, stderr=follower, env=environment, check=True, timeout=120
        )
        os.close(follower)
        shown = os.read(leader, 65536).decode()
        os.close(leader)
        return shown

    assert run("jobs", "list").err == ""
    assert on_a_terminal() == "cordon: no job is recorded\r\n"
    run("run", "--job", "-c", "\nx = '" + "é" * 100 + "'\nraise SystemExit(3)")
    head, line = on_a_terminal().splitlines()
    assert head.split() == ["ID", "STATUS", "EXIT", "CREATED", "TOOK", "LABEL"]
    assert line.index("completed") == head.index("STATUS")
    assert re.search(r" 3  .* -c x = 'é+ \.\.\.$", line)


def test_the_beginning_of_an_id_is_enough(run, record):
    job = ID.search(run("run", "--job", "-c", "0").err)[1]
    assert record(job[:6])["id"] == job


@pytest.mark.parametrize(
    "words, says",
    [
        (["show", "nowhere"], "Job nowhere not found"),
        (["show", "%"], "not found"),
        (["show", "../jobs.db"], "not found"),
        (["show"], "takes the id of one job"),
        (["show", "a", "b"], "takes the id of one job"),
        (["list", "--status", "bad"], '"bad" is not one of'),
        (["list", "--limit", "-1"], "--limit"),
        (["output", "nowhere", "--stream", "both"], '"both" is neither'),
        (["prune", "--max-age", "soon"], "--max-age"),
        (["import", "/nowhere/jobs.json"], "/nowhere/jobs.json: No such file"),
        (["frob"], 'no verb "frob"'),
        ([], "no verb is given"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(run, words, says):
    result = run("jobs", *words)
    assert result.exit == 125
    assert result.out == ""
    assert says in result.err
    assert len(result.err.splitlines()) == 1


# --- following ----------------------------------------------------------------------------------


def test_following_shows_what_comes_and_ends_with_the_job(start, begin):
    process, job = begin("input(); print('more', flush=True); input(); print('last')")
    follow = start("jobs", "output", job, "--follow")
    assert follow.stdout.readline() == b"begun\n"
    process.stdin.write(b"\n")
    process.stdin.flush()
    assert follow.stdout.readline() == b"more\n"
    assert follow.poll() is None
    process.stdin.write(b"\n")
    process.stdin.flush()
    out, err = follow.communicate(timeout=120)
    assert (out, err, follow.returncode) == (b"last\n", b"", 0)


def test_following_sleeps_while_nothing_comes(start, begin):
    _, job = begin("input()")
    follow = start("jobs", "output", job, "--follow")
    assert follow.stdout.readline() == b"begun\n"
    ticks = lambda: sum(map(int, open(f"/proc/{follow.pid}/stat").read().split()[13:15]))  # noqa: E731
    before = ticks()
    with pytest.raises(subprocess.TimeoutExpired):
        follow.wait(2)
    assert ticks() - before <= 20  # hundredths of a second, of two


# --- cancelling ---------------------------------------------------------------------------------


def test_a_run_is_cancelled_from_another_command_line(begin, jobs, record):
    process, job = begin("import time; time.sleep(600)")
    assert jobs("cancel", job[:8]) == f"{job} cancelled\n"
    assert process.wait(60) == 130
    assert record(job)["status"] == "cancelled"
    assert jobs("output", job) == "begun\n"


def test_a_job_that_has_ended_keeps_its_status(run, jobs):
    job = ID.search(run("run", "--job", "-c", "0").err)[1]
    assert jobs("cancel", job) == f"{job} completed\n"
    assert json.loads(jobs("cancel", job, "--json")) == {"job_id": job, "status": "completed"}


# --- kill -9 ------------------------------------------------------------------------------------


def test_a_killed_command_line_loses_nothing_and_harms_nobody(begin, jobs, record):
    (one, first), (two, second) = begin("input()"), begin("input()")
    assert {job["status"] for job in json.loads(jobs("list", "--json"))["jobs"]} == {"running"}
    one.send_signal(signal.SIGKILL)
    one.wait()
    seen = record(first)
    assert (seen["status"], seen["error"]) == ("failed", FAILED)
    assert jobs("output", first) == "begun\n"
    assert record(second)["status"] == "running"
    two.stdin.close()
    two.wait(120)
    assert record(second)["status"] == "completed"
    assert record(first)["status"] == "failed"


def test_following_ends_when_the_keeper_is_killed(start, begin):
    process, job = begin("input()")
    follow = start("jobs", "output", job, "--follow")
    assert follow.stdout.readline() == b"begun\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert follow.wait(120) == 0


def test_many_command_lines_at_once_all_have_their_record(start, jobs):
    processes = [start("exec", "--job", "--", "/bin/echo", number) for number in range(12)]
    said = [support.finish(process) for process in processes]
    assert [result.exit for result in said] == [0] * len(said)
    listed = {job["id"]: job for job in json.loads(jobs("list", "--json"))["jobs"]}
    assert set(listed) == {ID.search(result.err)[1] for result in said}
    assert {job["status"] for job in listed.values()} == {"completed"}
    for number, result in enumerate(said):
        assert jobs("output", ID.search(result.err)[1]) == f"{number}\n"


# --- pruning ------------------------------------------------------------------------------------


def test_only_what_is_old_enough_and_not_kept_goes(run, jobs, state, begin):
    run("run", "--job", "-c", "print(1)")
    run("run", "--job", "--timeout", "300ms", "-c", "while True: pass")
    _, running = begin("input()")
    assert json.loads(jobs("prune", "--json")) == {"removed": 0, "remaining": 3}
    kept = jobs("prune", "--max-age", "0", "--keep-completed", "--keep-failed", "--json")
    assert json.loads(kept) == {"removed": 0, "remaining": 3}
    assert jobs("prune", "--max-age", "0", "--keep-completed") == "1 removed, 2 remaining\n"
    assert jobs("prune", "--max-age", "0") == "1 removed, 1 remaining\n"
    assert [job["id"] for job in json.loads(jobs("list", "--json"))["jobs"]] == [running]
    if support.ROOT or os.access(front_of(state), os.R_OK):
        assert {name[:36] for name in os.listdir(front_of(state) / "output")} == {running}


@pytest.fixture
def bounded(tmp_path):
    """bounded(MEMBERS) -> a configuration with those bounds for jobs."""

    def bounded(**bounds):
        path = tmp_path / "config.json"
        path.write_text(json.dumps({"jobs": bounds}))
        path.chmod(0o600)
        return path

    return bounded


@pytest.mark.parametrize(
    "bounds, left", [({"keep": 2}, 2), ({"max_bytes": "1K"}, 1), ({"max_age": "1ms"}, 0)]
)
def test_a_server_keeps_the_operators_bounds(serve, run, jobs, bounded, state, bounds, left):
    for _ in range(4):
        assert run("run", "--job", "-c", "print('x' * 599)").exit == 0
    before = json.loads(jobs("list", "--json"))["jobs"]
    client = serve("--config", bounded(**bounds))
    support.soon(lambda: json.loads(jobs("list", "--json"))["total"] == left, 120)
    now = json.loads(jobs("list", "--json"))["jobs"]
    assert [job["id"] for job in now] == [job["id"] for job in before[:left]]
    assert client.close() == 0


def test_a_server_keeps_them_while_it_serves(serve, jobs, bounded):
    client = serve("--config", bounded(keep=2))
    for number in range(1, 6):
        client.call(number, "py_run_script_with_dependencies", script_content="print(1)")
    support.soon(lambda: json.loads(jobs("list", "--json"))["total"] == 2, 120)
    assert client.close() == 0


def test_a_command_line_keeps_them_too(run, jobs, bounded):
    config = bounded(keep=1)
    for _ in range(3):
        last = run("run", "--job", "--config", config, "-c", "0")
    (job,) = json.loads(jobs("list", "--json"))["jobs"]
    assert job["id"] == ID.search(last.err)[1]


# --- jobs.json ----------------------------------------------------------------------------------

OLD = [
    {
        "id": "0b9d1f0e-0000-4000-8000-000000000001",
        "label": "nightly",
        "status": "completed",
        "created_at": "2025-11-22T10:00:00",
        "started_at": "2025-11-22T10:00:01+00:00",
        "completed_at": "2025-11-22T12:00:02.500+02:00",
        "error": None,
        "result": {"stdout": "hällo\n", "stderr": "oh\n", "exit_code": 0},
        "pid": 4711,
    },
    {"id": "short1", "status": "failed", "created_at": 1700000000.5, "error": "Server restarted"},
    {"id": "short2", "status": "running", "created_at": None},
]


@pytest.mark.parametrize(
    "shape",
    [
        lambda old: old,
        lambda old: {"jobs": old},
        lambda old: {job["id"]: job for job in old},
        lambda old: {"version": 1, "jobs": {job["id"]: job for job in old}},
    ],
    ids=["a list", "a list in an object", "an object", "an object in an object"],
)
def test_the_old_servers_jobs_come_over(run, jobs, record, tmp_path, shape):
    file = tmp_path / "jobs.json"
    file.write_text(json.dumps(shape(OLD)))
    assert jobs("import", file) == "3 imported\n"
    assert jobs("import", file) == "0 imported, 3 were there already\n"
    first, second, third = (record(job["id"]) for job in OLD)
    assert first["label"] == "nightly"
    assert first["created_at"] == "2025-11-22T10:00:00.000+00:00"
    assert first["completed_at"] == "2025-11-22T10:00:02.500+00:00"
    assert first["result"] == OLD[0]["result"]
    assert (second["status"], second["error"]) == ("failed", "Server restarted")
    assert second["created_at"] == "2023-11-14T22:13:20.500+00:00"
    assert (third["status"], third["error"]) == ("failed", FAILED)
    output = run("jobs", "output", OLD[0]["id"])
    assert (output.out, output.err) == ("hällo\n", "oh\n")


def test_what_is_exported_can_be_imported_elsewhere(run, jobs, tmp_path):
    for code in ("print(1)", "print(2)"):
        assert run("run", "--job", "-c", code).exit == 0
    exported = jobs("export")
    records = json.loads(exported)
    assert {record["status"] for record in records.values()} == {"completed"}
    elsewhere = ("--state", tmp_path / "elsewhere")
    assert jobs("import", "-", *elsewhere, input=exported.encode()) == "2 imported\n"
    assert json.loads(jobs("export", *elsewhere)) == records
    for job, record in records.items():
        assert jobs("output", job, *elsewhere) == record["result"]["stdout"]


def test_output_of_any_bytes_comes_over_whole(run, jobs):
    text = json.dumps([{"id": "a", "status": "completed", "result": {"stdout": "1\0002\n"}}])
    assert jobs("import", "-", input=text.encode()) == "1 imported\n"
    assert jobs("output", "a") == "1\0002\n"


@pytest.mark.parametrize(
    "text, says",
    [
        ("", "line 1, column 1"),
        ('[\n  {"id": "a", "status": "completed"},\n]', "line 3, column 1"),
        ('[{"id": "a", "status": "completed"}, {"id": "b", "status": "odd"}]', "[1].status"),
        ('[{"id": "a", "status": "completed"},\n{"id": "../b", "status": "failed"}]', "line 2: [1].id"),
        ('[{"id": "a", "status": "completed"},\n{"status": "failed"}]', "line 2: [1]: an id"),
        ('[{"id": "a", "status": "failed", "created_at": "today"}]', "[0].created_at"),
        ('{"a": {"status": "completed"}, "b": 1}', "b: the record of a job"),
        ("3", "an object or a list"),
        (
            '[{"id": "a", "status": "failed"},\n{"id": "-rf", "status": "failed"}]',
            "line 2: [1].id: an id of up to",
        ),
        ('[{"id": "a\\u0000b", "status": "failed"}]', "[0].id: an id of up to"),
        ('[{"id": "a", "status": "failed", "label": "x\\u0000y"}]', "[0].label: a text without a NUL"),
        (
            '[{"id": "a", "status": "failed", "created_at": "9999-01-01T00:00:00"}]',
            "[0].created_at: a time between",
        ),
        ('[{"id": "a", "status": "failed", "completed_at": 9e10}]', "[0].completed_at: a time between"),
        (
            '[{"id": "a", "status": "failed", "started_at": "1969-01-01T00:00:00Z"}]',
            "[0].started_at: a time between",
        ),
        (
            '[{"id": "a", "status": "failed", "started_at": "2025-01-01T00:00:00.5e300"}]',
            "[0].started_at: a time such",
        ),
        (
            '[{"id": "a", "status": "failed", "started_at": "2025-01-01T00:00:00+02:00x"}]',
            "[0].started_at: a time such",
        ),
    ],
)
def test_a_file_that_is_wrong_names_the_place_and_nothing_of_it_comes(run, jobs, text, says):
    result = run("jobs", "import", "-", input=text.encode())
    assert result.exit == 125
    assert says in result.err
    assert json.loads(jobs("list", "--json"))["total"] == 0


# --- the store itself ---------------------------------------------------------------------------


def test_files_are_private_whatever_the_umask(start, state):
    process = start("run", "--job", "-c", "print(1)", preexec_fn=lambda: os.umask(0))
    assert support.finish(process).exit == 0
    assert stat.S_IMODE(os.stat(front_of(state)).st_mode) == 0o700
    for name in ("jobs.db", "output", "keepers", "wishes"):
        assert stat.S_IMODE(os.stat(front_of(state) / name).st_mode) & 0o077 == 0, name


@pytest.mark.parametrize("name", ["jobs.db", "output", "keepers", "wishes"])
def test_a_link_in_the_store_is_not_followed(run, state, tmp_path, name):
    assert run("jobs", "list").exit == 0
    secret = tmp_path / "elsewhere"
    secret.mkdir() if name != "jobs.db" else secret.touch()
    place = front_of(state) / name
    place.unlink() if name == "jobs.db" else place.rmdir()
    place.symlink_to(secret)
    result = run("run", "--job", "-c", "print(1)")
    if name == "output":  # the run goes on, and it is said
        assert result.out == "1\n"
        assert "not recorded whole" in result.err
    else:
        assert result.exit == 125, result
    assert not secret.is_dir() or list(secret.iterdir()) == []
    assert secret.is_dir() or secret.read_bytes() == b""


def plant_device(place):
    try:
        os.mknod(place, stat.S_IFCHR | 0o600, os.makedev(1, 5))  # /dev/zero: a read of it has no end
    except OSError:
        os.mkfifo(place)


PLANTS = {
    "a pipe": (os.mkfifo, "is not a regular file"),
    "a directory": (os.mkdir, "is not a regular file"),
    "a link": (lambda place: os.symlink("elsewhere", place), "is not a regular file"),
    "a device": (plant_device, "is not a regular file"),
    "a second name": (lambda place: os.link(place.parent / "elsewhere", place), "has 2 names"),
}


@pytest.mark.parametrize("name", ["jobs.db", "jobs.db-journal", "jobs.db-wal", "jobs.db-shm"])
def test_what_was_put_in_the_place_of_a_file_of_the_database_is_said_and_left(run, jobs, state, name):
    jobs("list")
    place = front_of(state) / name
    elsewhere = front_of(state) / "elsewhere"
    elsewhere.write_text("kept")
    owner = os.stat(front_of(state))
    os.chown(elsewhere, owner.st_uid, owner.st_gid)
    place.unlink(missing_ok=True)
    for plant, says in PLANTS.values():
        plant(place)
        os.chown(place, owner.st_uid, owner.st_gid, follow_symlinks=False)
        before = os.lstat(place)
        for command in (("jobs", "list"), ("run", "--job", "-c", "print('ran')")):
            result = run(*command)
            assert (result.exit, result.out) == (125, ""), result
            assert f"{name} {says}" in result.err and result.err.count("\n") == 1
        assert (os.lstat(place).st_ino, os.lstat(place).st_mode) == (before.st_ino, before.st_mode)
        place.rmdir() if place.is_dir() and not place.is_symlink() else place.unlink()
    assert elsewhere.read_text() == "kept"
    assert json.loads(jobs("list", "--json"))["total"] == 0


def test_a_server_serves_on_beside_a_planted_pipe(serve, jobs, state, tmp_path):
    jobs("list")
    wal = front_of(state) / "jobs.db-wal"
    wal.unlink(missing_ok=True)
    os.mkfifo(wal)
    owner = os.stat(front_of(state))
    os.chown(wal, owner.st_uid, owner.st_gid)
    client = serve()
    result = client.call(2, "py_run_script_in_dir", script_content="print(1)", directory=str(tmp_path))
    assert result["structuredContent"]["stdout"] == "1\n"
    listed = client.call(3, "py_list_jobs")
    assert listed["isError"] and "jobs.db-wal is not a regular file" in listed["content"][0]["text"]


def holds(pid, name):
    """Has the process a file of this name open?"""
    for fd in Path(f"/proc/{pid}/fd").iterdir():
        try:
            if os.readlink(fd).endswith(f"/{name}"):
                return True
        except FileNotFoundError:
            pass
    return False


def test_a_signal_ends_a_run_that_waits_for_the_store(start, jobs, state):
    jobs("list")
    holder = sqlite3.connect(front_of(state) / "jobs.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    process = start("run", "--job", "-c", "print('ran')")
    support.soon(lambda: holds(process.pid, "jobs.db"))
    process.send_signal(signal.SIGINT)
    result = support.finish(process)
    holder.close()
    assert (result.exit, result.out) == (-signal.SIGINT, "")
    assert json.loads(jobs("list", "--json"))["total"] == 0


def test_output_without_a_record_goes_once_nobody_writes_it(run, jobs, state):
    run("run", "--job", "-c", "print('kept')")
    (job,) = json.loads(jobs("list", "--json"))["jobs"]
    output = front_of(state) / "output"
    day = 24 * 3600
    names = {
        f"{job['id']}.stdout": 2 * day,
        "00000000-0000-4000-8000-000000000001.stdout": 2 * day,
        "00000000-0000-4000-8000-000000000001.stderr": 2 * day,
        "00000000-0000-4000-8000-000000000002.stdout": 0,  # somebody may be about to write its record
        "somebody's.txt": 2 * day,
    }
    for name, age in names.items():
        with open(output / name, "a"):
            pass
        os.utime(output / name, (time.time() - age,) * 2)
    jobs("prune")
    assert {path.name for path in output.iterdir()} == {name for name in names if "0001." not in name}
    assert jobs("output", job["id"]) == "kept\n"


def test_a_database_that_is_moved_away_is_noticed_and_nothing_is_lost(serve, jobs, state, tmp_path):
    client = serve()
    go = str(tmp_path / "go")
    code = f"import os, time\nwhile not os.path.exists({go!r}): time.sleep(.01)\nprint('end')"
    start = {"script_content": code, "directory": str(tmp_path), "async_mode": True}
    job = client.call(2, "py_run_script_in_dir", **start)["structuredContent"]["job_id"]

    def status():
        return client.call(3, "py_job_status", job_id=job)["structuredContent"]["job"]

    support.soon(lambda: status()["status"] == "running")
    away = state / "away"
    away.mkdir()
    for name in ("jobs.db", "jobs.db-wal", "jobs.db-shm"):
        (front_of(state) / name).rename(away / name)
    before = {path.name: path.read_bytes() for path in away.iterdir()}

    assert status()["status"] == "running"
    (tmp_path / "go").touch()
    support.soon(lambda: status()["status"] == "completed", 60)
    assert status()["result"]["stdout"] == "end\n"
    support.soon(lambda: b"event=store-moved" in client.log)
    assert [one["id"] for one in json.loads(jobs("list", "--json"))["jobs"]] == [job]
    assert {path.name: path.read_bytes() for path in away.iterdir()} == before


def test_a_server_and_a_command_line_share_the_state(serve, run, jobs):
    client = serve()
    assert run("run", "--job", "-c", "print(1)").exit == 0
    assert json.loads(jobs("list", "--json"))["total"] == 1
    client.process.stdin.close()
    assert client.process.wait(60) == 0
    assert json.loads(jobs("list", "--json"))["total"] == 1
