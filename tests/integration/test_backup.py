# SPDX-License-Identifier: Apache-2.0
"""`cordon backup` and `cordon restore`: what cannot be made again, as another directory and back."""

import json
import os
import stat
import threading

import pytest
import support
from web import Connection

IN_DIR = "py_run_script_in_dir"


@pytest.fixture
def cordon_on(cordon, start):
    """cordon_on(STATE, *WORDS) -> what it came to."""
    return lambda state, *words: support.finish(start("--state", state, *words))


def said(result):
    assert result.exit == 0, result
    return result.out


def jobs(cordon_on, state):
    return {job["id"]: job for job in json.loads(said(cordon_on(state, "jobs", "list", "--json")))["jobs"]}


def files(directory):
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file())


@pytest.fixture
def used(cordon_on, tmp_path):
    """A state with jobs, output and a saved script."""
    state, script = tmp_path / "used", tmp_path / "hello.py"
    script.write_text("print('hello')\n")
    for number in range(2):
        said(cordon_on(state, "run", "--no-uv", "--job", "-c", f"print('job', {number})"))
    said(cordon_on(state, "scripts", "save", "hello", script))
    return state


def test_what_was_backed_up_is_there_again(cordon_on, used, tmp_path):
    backup, fresh = tmp_path / "backup", tmp_path / "fresh"
    words = said(cordon_on(used, "backup", backup))
    assert words == f"{backup}: the records of jobs, 2 files of output, 1 saved script, the audit log\n"
    assert stat.S_IMODE(backup.stat().st_mode) == 0o700
    assert all(stat.S_IMODE(path.stat().st_mode) & 0o077 == 0 for path in backup.rglob("*"))
    # It is a state itself ...
    assert jobs(cordon_on, backup) == jobs(cordon_on, used) != {}
    said(cordon_on(fresh, "restore", backup))
    # ... and becomes one.
    assert jobs(cordon_on, fresh) == jobs(cordon_on, used)
    for one in jobs(cordon_on, used):
        text = said(cordon_on(used, "jobs", "output", one))
        assert text == said(cordon_on(fresh, "jobs", "output", one)) and text.startswith("job ")
    assert said(cordon_on(fresh, "scripts", "show", "hello")) == "print('hello')\n"
    assert (fresh / "gate/audit.log").read_bytes().startswith((backup / "gate/audit.log").read_bytes())
    # What can be made again is not carried along.
    assert all(name.startswith(("front/", "gate/audit.log")) for name in files(backup))


def test_nothing_is_replaced(cordon_on, used, tmp_path):
    backup = tmp_path / "backup"
    said(cordon_on(used, "backup", backup))
    again = cordon_on(used, "backup", backup)
    assert again.exit == 125 and "is there already: a backup is a new directory" in again.err
    back = cordon_on(used, "restore", backup)
    assert back.exit == 125 and "has records already" in back.err and str(used) in back.err
    none = cordon_on(tmp_path / "fresh", "restore", tmp_path)
    assert none.exit == 125 and "is no backup" in none.err
    missing = cordon_on(used, "backup", tmp_path / "no" / "such")
    assert missing.exit == 125 and "No such file or directory" in missing.err
    for words in ([], ["a", "b"]):
        assert "one directory is wanted" in cordon_on(used, "backup", *words).err


def test_a_server_is_backed_up_while_it_works(cordon_on, web, state, tmp_path):
    """Records of one moment: whatever is in it can be read, and each has its output."""
    server, done = web(), threading.Event()

    def work(number):
        while not done.is_set():
            arguments = {"directory": str(tmp_path), "script_content": f"print({number})", "use_uv": False}
            with Connection(server) as connection:
                connection.modern(1, "tools/call", name=IN_DIR, arguments=arguments)
                assert connection.answer(1)["result"]["structuredContent"]["end"] == "exited"

    threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    try:
        for count in range(3):
            said(cordon_on(state, "backup", tmp_path / f"backup-{count}"))
    finally:
        done.set()
        for thread in threads:
            thread.join()
    for count in range(3):
        backup = tmp_path / f"backup-{count}"
        for one, job in list(jobs(cordon_on, backup).items())[:5]:
            if job["status"] == "completed" and job.get("label") is None:
                shown = json.loads(said(cordon_on(backup, "jobs", "show", one, "--json")))["job"]
                assert shown["result"]["end"] == "exited"


def test_jobs_that_ran_have_failed_in_the_copy(cordon_on, web, state, workspace, tmp_path):
    server = web()
    with Connection(server) as connection:
        code = "import time; print('begun'); open('running', 'w').close(); time.sleep(600)"
        arguments = {"directory": str(workspace), "script_content": code, "async_mode": True}
        connection.modern(1, "tools/call", name=IN_DIR, arguments=arguments)
        job = connection.answer(1)["result"]["structuredContent"]["job_id"]
    support.soon((workspace / "running").exists)
    backup = tmp_path / "backup"
    said(cordon_on(state, "backup", backup))
    assert jobs(cordon_on, backup)[job]["status"] == "failed"
    assert said(cordon_on(backup, "jobs", "output", job, "--stream", "stdout")) == "begun\n"
    assert jobs(cordon_on, state)[job]["status"] == "running"


def test_links_in_the_fronts_part_are_not_followed(cordon_on, used, tmp_path):
    """A captured front could have put them there, and a backup may be root's."""
    secret = tmp_path / "secret"
    secret.write_text("not yours")
    (used / "front/output/x.stdout").symlink_to(secret)
    (used / "front/scripts/local/y.py").symlink_to(secret)
    (used / "front/scripts/elsewhere").symlink_to(tmp_path)
    os.mkfifo(used / "front/output/z.stdout")
    backup = tmp_path / "backup"
    said(cordon_on(used, "backup", backup))
    assert "secret" not in {path.name for path in backup.rglob("*")}
    assert not any(b"not yours" in path.read_bytes() for path in backup.rglob("*") if path.is_file())


def test_holes_in_the_fronts_part_stay_holes(cordon_on, used, tmp_path):
    """A captured front could have made a file of terabytes that takes no room."""
    output, backup = used / "front/output", tmp_path / "backup"
    with (output / "x.stdout").open("wb") as file:
        file.write(b"begin")
        file.seek(64 << 20)
        file.write(b"middle")
        file.truncate(128 << 20)
    said(cordon_on(used, "backup", backup))
    copy = backup / "front/output/x.stdout"
    assert copy.stat().st_size == 128 << 20
    assert copy.stat().st_blocks * 512 < 1 << 20
    with copy.open("rb") as file:
        assert file.read(5) == b"begin"
        file.seek(64 << 20)
        assert file.read(8) == b"middle\0\0"


def test_what_cannot_be_read_is_left_out_and_said(cordon_on, used, tmp_path):
    """One file that a captured front closed is no reason to have no backup at all."""
    places = used / "front/output/x.stdout", used / "front/scripts/closed", used / "front/scripts/half"
    places[0].write_text("x")
    for place in places[1:]:
        place.mkdir()
        (place / "y.py").write_text("y")
    for place, mode in zip(places, (0, 0, 0o400), strict=True):
        place.chmod(mode)
    result = cordon_on(used, "backup", tmp_path / "backup")
    for place in places:
        place.chmod(0o700)  # or nobody could clear it away
    assert result.exit == 0, result
    copied = {path.name for path in (tmp_path / "backup").rglob("*")}
    if (used / "front").stat().st_uid == 0:  # copied as root, who may read all
        assert {"x.stdout", "y.py"} <= copied and result.err == ""
    else:
        assert not {"x.stdout", "y.py"} & copied and "hello.py" in copied
        assert "3 files or directories that may not be read were left out" in result.err
        assert result.err.count("\n") == 1
