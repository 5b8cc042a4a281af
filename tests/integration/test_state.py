# SPDX-License-Identifier: Apache-2.0
"""State directories that cannot be used: the server serves on, and says so where it matters."""

import os
import shutil
import subprocess

import pytest

import support
from jobs import ALONE

needs_root = pytest.mark.skipif(not support.ROOT, reason="mounts and gives files away")


@pytest.fixture
def state(tmp_path):
    directory = tmp_path / "state"
    directory.mkdir(mode=0o700)
    return directory


@pytest.fixture
def mounted(state):
    """mounted(OPTIONS) -> the state directory on a file system of its own."""

    def mount(options):
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"mode=0700,{options}", "tmpfs", state], check=True
        )

    yield mount
    subprocess.run(["umount", "-l", state], check=False)


def serves_on(serve, run, says):
    """A server on that state runs scripts, and answers what needs its store with the reason."""
    client = serve()
    for number in (1, 2):
        result = client.call(number, ALONE, script_content="print(6 * 7)")
        assert result["structuredContent"]["stdout"] == "42\n", result
    listed = client.call(3, "py_list_jobs")
    assert listed["isError"] is True
    assert says in listed["content"][0]["text"]
    assert client.close() == 0
    told = [line for line in client.log.splitlines() if b"event=jobs-not-kept" in line]
    assert len(told) == 1, client.log
    assert says.encode() in told[0]


def prepared(run, state):
    """The store is there, and has a job in it."""
    assert run("exec", "--job", "--", "/bin/true").exit == 0
    return state / "front" / "jobs.db"


def spoil(path, content):
    """Writes it as whoever the file belongs to would have."""
    owner = os.stat(path)
    path.write_bytes(content)
    if support.ROOT:
        os.chown(path, owner.st_uid, owner.st_gid)


@pytest.mark.parametrize(
    "content, says",
    [
        (b"no database, whatever its name says", "it is no database"),
        (b"SQLite format 3\0" + b"\x10\0" + b"\xa5" * 9000, "jobs.db"),
    ],
    ids=["garbage", "a broken header"],
)
def test_a_damaged_database_is_told_and_left_alone(serve, run, state, content, says):
    database = prepared(run, state)
    spoil(database, content)
    serves_on(serve, run, says)
    refused = run("jobs", "list")
    assert refused.exit == 125
    assert says in refused.err
    assert database.read_bytes() == content


def test_once_it_is_moved_away_the_next_job_has_a_record(serve, run, state):
    database = prepared(run, state)
    spoil(database, b"x" * 5000)
    client = serve()
    assert client.call(1, "py_list_jobs")["isError"] is True
    database.rename(database.with_name("old.db"))
    support.soon(lambda: not client.call(2, "py_list_jobs").get("isError"), 30)
    result = client.call(3, ALONE, script_content="1")["structuredContent"]
    listed = client.call(4, "py_list_jobs")["structuredContent"]
    assert [job["id"] for job in listed["jobs"]] == [result["job_id"]]
    assert client.close() == 0


def test_a_directory_that_may_not_be_written_is_told(serve, run, state):
    if support.ROOT:
        pytest.skip("root may write everywhere")
    state.chmod(0o500)
    serves_on(serve, run, "Permission denied")
    state.chmod(0o700)


@needs_root
def test_a_file_system_that_may_not_be_written_is_told(serve, run, state, mounted):
    mounted("size=16m")
    subprocess.run(["mount", "-o", "remount,ro", state], check=True)
    serves_on(serve, run, "Read-only file system")
    alone = run("run", "--no-uv", "-c", "print(1)")
    assert (alone.exit, alone.out) == (0, "1\n")


@needs_root
def test_a_store_that_may_only_be_read_is_told(serve, run, state, mounted):
    mounted("size=16m")
    prepared(run, state)
    assert run("run", "--no-uv", "-c", "1").exit == 0
    subprocess.run(["mount", "-o", "remount,ro", state], check=True)
    serves_on(serve, run, "it cannot be written")


@needs_root
def test_a_full_disk_is_told_and_what_is_freed_is_used(serve, run, state, mounted):
    mounted("size=2m")
    ballast = state / "ballast"
    with open(ballast, "wb", buffering=0) as file:
        try:
            while file.write(b"x" * 4096):
                pass
        except OSError:
            pass
    client = serve()
    result = client.call(1, ALONE, script_content="print(6 * 7)")
    assert result["structuredContent"]["stdout"] == "42\n"
    listed = client.call(2, "py_list_jobs")
    assert listed["isError"] is True
    ballast.unlink()
    support.soon(lambda: not client.call(3, "py_list_jobs").get("isError"), 30)
    result = client.call(4, ALONE, script_content="1")["structuredContent"]
    listed = client.call(5, "py_list_jobs")["structuredContent"]
    assert result["job_id"] in [job["id"] for job in listed["jobs"]]
    assert client.close() == 0


@needs_root
def test_a_directory_of_another_user_is_told_and_not_touched(serve, run, state):
    os.chown(state, 4711, 4711)
    serves_on(serve, run, "belongs to user 4711")
    assert list(state.iterdir()) == []
    refused = run("run", "--no-uv", "-c", "print(1)")
    assert refused.exit == 125
    assert "belongs to user 4711" in refused.err


@needs_root
def test_a_database_of_another_user_is_told(serve, run, state):
    os.chown(prepared(run, state), 4711, 4711)
    serves_on(serve, run, "belongs to user 4711")


@needs_root
def test_root_is_not_led_elsewhere_by_what_a_captured_front_left(serve, run, state, tmp_path):
    """Everything in STATE/front may be a stranger's; the secret is root's."""
    prepared(run, state)
    front = state / "front"
    secret = tmp_path / "secret"
    secret.mkdir(mode=0o700)
    (secret / "jobs.db").write_bytes(b"secret")
    for name in ("output", "wishes", "keepers", "jobs.db", "jobs.db-wal", "jobs.db-shm"):
        place = front / name
        if place.is_dir():
            shutil.rmtree(place)
        else:
            place.unlink(missing_ok=True)
        place.symlink_to(secret / "jobs.db" if "." in name else secret)
        for words in (["jobs", "list"], ["jobs", "prune", "--max-age", "0"], ["jobs", "export"],
                      ["run", "--no-uv", "--job", "-c", "1"]):
            result = run(*words)
            assert "secret" not in result.out
        place.unlink(missing_ok=True)
    assert [file.name for file in secret.iterdir()] == ["jobs.db"]
    assert (secret / "jobs.db").read_bytes() == b"secret"
