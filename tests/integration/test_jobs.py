# SPDX-License-Identifier: Apache-2.0
"""Background jobs over MCP: how they are started, seen, ended and cleared away."""

import os
import signal
import sqlite3
import statistics
import time
import uuid

import pytest

import support
from jobs import ALONE, IN_DIR, WAIT, JobClient

SLEEP = "import time; print('begun', flush=True); time.sleep(600)"
MANY = 10000 if os.environ.get("FULL") else 300
STOPPED = "server stopped while job was running"


@pytest.fixture
def jobs(serve):
    """jobs(STATE=..., ...) -> JobClient of a server of its own, with those variables."""

    def jobs(*arguments, **environment):
        return JobClient(serve(*arguments, env=environment))

    return jobs


@pytest.fixture
def fresh(tmp_path_factory):
    """A state directory without jobs."""
    return str(tmp_path_factory.mktemp("state"))


@pytest.fixture
def marker():
    """An argument that no other process has."""
    return f"marker-{uuid.uuid4()}"


def begun(client, job):
    """The job has printed its first line."""
    support.soon(lambda: client.status(job, incremental=False)["new_stdout"].startswith("begun\n"))


# --- a real client ------------------------------------------------------------------------------


def test_a_real_client_sees_a_job_from_its_beginning_to_its_end(real_client, tmp_path):
    async def work(client):
        seen = []
        answer = await client.call_tool(
            IN_DIR,
            {
                "directory": str(tmp_path),
                "script_content": WAIT + "print('one'); wait('go'); print('two')",
                "async_mode": True,
                "job_label": "a job of mine",
            },
        )
        job = answer.structured_content["job_id"]
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        while not seen or seen[-1]["status"] in ("pending", "running"):
            status = await client.call_tool("py_job_status", {"job_id": job})
            seen.append(status.structured_content["job"])
            if "".join(record["new_stdout"] for record in seen) == "one\n":
                (tmp_path / "go").touch()
        told = []

        async def tell(progress, total, message):
            told.append((progress, total, message))

        code = (
            "import os, time\n"
            "for i in range(3):\n"
            "    open(os.environ['CORDON_PROGRESS'], 'a').write(f'{i} 3 step {i}\\n')\n"
            "    time.sleep(.3)\n"
        )
        await client.call_tool(ALONE, {"script_content": code}, progress_callback=tell)
        assert (1, 3, "step 1") in told
        templates = await client.list_resource_templates()
        stream = await client.read_resource(f"job-stream://{job}")
        listed = await client.call_tool("py_list_jobs", {"status_filter": "completed"})
        ended = await client.call_tool("py_cancel_job", {"job_id": job})
        unknown = await client.call_tool("py_job_status", {"job_id": str(uuid.uuid4())})
        return job, tools, seen, templates, stream, listed, ended, unknown

    job, tools, seen, templates, stream, listed, ended, unknown = real_client(work)
    assert tools["py_job_status"].annotations.read_only_hint is True
    assert tools["py_cancel_job"].annotations.destructive_hint is True
    assert "".join(record["new_stdout"] for record in seen) == "one\ntwo\n"
    assert seen[-1]["status"] == "completed"
    assert seen[-1]["result"]["stdout"] == "one\ntwo\n"
    assert seen[-1]["label"] == "a job of mine"
    assert "job-stream://{job_id}{?stream,offset,length}" in [
        template.uri_template for template in templates.resource_templates
    ]
    assert stream.contents[0].text == "---STDOUT---\none\ntwo\n---STDERR---\n"
    assert job in [record["id"] for record in listed.structured_content["jobs"]]
    assert ended.structured_content == {"job_id": job, "status": "completed"}
    assert unknown.is_error and "not found" in unknown.content[0].text


# --- answers before the end ---------------------------------------------------------------------


def test_a_call_that_takes_long_answers_at_its_budget_and_goes_on(jobs, tmp_path):
    client = jobs(SMART_ASYNC_TIMEOUT_SECONDS="0.5")
    client.call(ALONE, script_content="1")  # so that the interpreters are known
    start = time.monotonic()
    answer = client.call(  # and does not wait for a file that is not there yet
        IN_DIR,
        directory=str(tmp_path),
        script_content=WAIT + "print('first'); wait('go'); print('last')",
    )
    assert time.monotonic() - start >= 0.4
    job = answer["job_id"]
    assert answer == {
        "job_id": job,
        "status": "running",
        "message": "Task exceeded 0.5s time budget; running in background",
    }
    (tmp_path / "go").touch()
    record = client.ended(job)
    assert record["status"] == "completed"
    assert record["result"]["stdout"] == "first\nlast\n"
    assert record["result"]["elapsed_seconds"] >= 0.4
    assert record["result"]["job_id"] == job


def test_a_call_that_is_fast_enough_answers_with_its_result(jobs):
    client = jobs(SMART_ASYNC_TIMEOUT_SECONDS="20")
    result = client.call(ALONE, script_content="print(1)", job_label="fast")
    assert result["stdout"] == "1\n"
    record = client.status(result["job_id"])
    assert (record["status"], record["label"], record["error"]) == ("completed", "fast", None)
    assert record["result"] == result
    assert record["created_at"] <= record["started_at"] <= record["completed_at"]
    assert record["created_at"].endswith("+00:00")


def test_without_a_budget_every_call_waits_for_the_end(jobs):
    client = jobs(SMART_ASYNC_TIMEOUT_SECONDS="0")
    code = "import time; time.sleep(1); print(1)"
    assert client.call(ALONE, script_content=code)["stdout"] == "1\n"


@pytest.mark.parametrize("value", ["abc", "-1", "nan", "1e99", "20 s", "0x10", "99999999999"])
def test_a_budget_that_is_none_is_said_at_the_start(start, value):
    result = support.finish(start("serve", env={"SMART_ASYNC_TIMEOUT_SECONDS": value}), b"")
    assert result.exit == 125
    (line,) = result.err.splitlines()
    assert "SMART_ASYNC_TIMEOUT_SECONDS" in line and value in line
    assert result.out == ""


def test_async_mode_answers_at_once(jobs):
    """In less than 10 ms on a machine that has nothing else to do."""
    client = jobs()
    client.call(ALONE, script_content="1")
    times = []
    for _ in range(9):
        start = time.monotonic()
        client.start("pass")
        times.append(time.monotonic() - start)
    assert statistics.median(times) < (0.01 if os.environ.get("FULL") else 1), times


def test_a_call_with_bad_arguments_starts_nothing(jobs, fresh):
    client = jobs(CORDON_STATE=fresh)
    assert "env_file" in client.error(
        ALONE, script_content="1", async_mode=True, env_file="missing.env"
    )
    assert client.jobs() == []


def test_what_the_policy_refuses_is_a_failed_job(jobs):
    client = jobs()
    record = client.ended(client.start("1", memory_mb=999999))
    assert record["status"] == "failed"
    assert "999999M" in record["error"]
    assert record["result"]["end"] == "refused"


# --- waiting for a turn -------------------------------------------------------------------------


@pytest.mark.skipif(support.ROOT, reason="root's slots are the host's: other boxes may have them")
def test_a_job_waits_for_its_turn_and_can_be_cancelled_before(jobs, tmp_path, fresh):
    config = tmp_path / "config.json"
    config.write_text('{"slots": {"count": 1}}')
    config.chmod(0o644)
    client = jobs(CORDON_STATE=fresh, CORDON_CONFIG=str(config))
    first = client.start(SLEEP)
    begun(client, first)
    second, third = client.start("print(2)"), client.start("print(3)")
    waiting = [client.status(job) for job in (second, third)]
    assert [(job["status"], job["queue"]) for job in waiting] == [
        ("pending", {"position": 1}),
        ("pending", {"position": 2}),
    ]
    assert client.call("py_cancel_job", job_id=second)["status"] == "cancelled"
    assert client.status(second)["started_at"] is None
    assert client.status(third)["queue"] == {"position": 1}
    assert "queue" not in client.status(first)
    assert client.call("py_cancel_job", job_id=first)["status"] == "cancelled"
    result = client.ended(third)["result"]
    assert result["stdout"] == "3\n"
    assert result["usage"]["phases"]["queue"] > 0


# --- the end ------------------------------------------------------------------------------------


def test_polling_a_job_does_not_keep_it_from_ending(jobs, tmp_path):
    client = jobs()
    job = client.start(WAIT + "wait('go')", IN_DIR, directory=str(tmp_path))
    for _ in range(30):
        assert client.status(job)["status"] in ("pending", "running")
    (tmp_path / "go").touch()
    record = client.ended(job)
    assert record["status"] == "completed"
    assert record["result"]["exit_code"] == 0


def test_a_script_that_fails_has_completed(jobs):
    client = jobs()
    record = client.ended(client.start("import sys; sys.exit(7)"))
    assert (record["status"], record["error"]) == ("completed", None)
    assert record["result"]["exit_code"] == 7


def test_a_limit_ends_a_job_and_its_output_stays(jobs):
    client = jobs()
    code = "import time; print('early'); time.sleep(600)"
    seconds, record = support.limited(
        lambda seconds: client.ended(client.start(code, timeout_seconds=seconds)),
        lambda record: record["result"]["stdout"],
    )
    job = record["id"]
    assert record["status"] == "failed"
    way = "; timeout_seconds raises it, up to limits.wall of the policy"
    assert record["error"].startswith(f"wall limit of {seconds} s reached (after ")
    assert record["error"].endswith(way)
    assert record["result"]["stdout"] == "early\n"
    assert client.text(f"job-stream://{job}").startswith("---STDOUT---\nearly\n")


FAMILY = """
import subprocess, sys, time
children = [subprocess.Popen(["/bin/sleep", "600"]) for _ in range(3)]
print("begun", flush=True)
time.sleep(600)
"""


def in_boxes(client):
    """Processes beneath the gate of this client's server: supervisors and boxes."""
    (gate,) = support.children(client.raw.pid)
    return support.descendants(gate)


def test_cancelling_kills_everything_before_it_answers(jobs):
    client = jobs()
    job = client.start(FAMILY)
    begun(client, job)
    family = [pid for pid in in_boxes(client) if "sleep" in support.processes().get(pid, "")]
    assert len(family) == 3
    assert client.call("py_cancel_job", job_id=job) == {"job_id": job, "status": "cancelled"}
    alive = support.processes()
    assert not [pid for pid in family if "sleep" in alive.get(pid, "")]
    record = client.status(job, incremental=False)
    assert (record["status"], record["error"]) == ("cancelled", "cancelled")
    assert record["new_stdout"] == "begun\n"
    # Once more changes nothing.
    assert client.call("py_cancel_job", job_id=job) == {"job_id": job, "status": "cancelled"}


def test_giving_up_a_call_ends_its_job_and_leaving_it_does_not(jobs, fresh):
    client = jobs(CORDON_STATE=fresh, SMART_ASYNC_TIMEOUT_SECONDS="0")
    client.raw.start_call(1, ALONE, script_content=SLEEP)
    support.soon(lambda: client.jobs(status_filter="running"))
    (record,) = client.jobs()
    client.raw.send(method="notifications/cancelled", params={"requestId": 1})
    assert client.ended(record["id"])["status"] == "cancelled"
    assert 1 not in client.raw.replies
    # One that was answered at its budget is no call any more.
    client = jobs(CORDON_STATE=fresh, SMART_ASYNC_TIMEOUT_SECONDS="1")
    client.raw.start_call(2, ALONE, script_content=SLEEP)
    job = client.raw.reply(2)["result"]["structuredContent"]["job_id"]
    client.raw.send(method="notifications/cancelled", params={"requestId": 2})
    assert client.status(job)["status"] == "running"
    assert client.call("py_cancel_job", job_id=job)["status"] == "cancelled"


@pytest.mark.parametrize("how", ["end of input", signal.SIGTERM, signal.SIGKILL])
def test_a_server_that_ends_takes_its_jobs_along_and_their_output_stays(jobs, fresh, how):
    client, other = jobs(CORDON_STATE=fresh), jobs(CORDON_STATE=fresh)
    job = client.start(FAMILY)
    begun(client, job)
    assert other.status(job)["status"] == "running"  # seen, and left alone
    assert client.status(job)["status"] == "running"
    family = in_boxes(client)
    if how == "end of input":
        client.raw.process.stdin.close()
    else:
        client.raw.process.send_signal(how)
    client.raw.process.wait(60)
    record = other.ended(job)
    assert (record["status"], record["error"]) == ("failed", STOPPED)
    assert record["new_stdout"] == "begun\n"
    assert other.text(f"job-stream://{job}") == "---STDOUT---\nbegun\n---STDERR---\n"
    support.soon(
        lambda: not [pid for pid, line in support.processes().items() if line and pid in family]
    )
    # The next server finds it so.
    assert jobs(CORDON_STATE=fresh).status(job)["status"] == "failed"


# --- several servers ----------------------------------------------------------------------------


def test_two_servers_see_and_cancel_each_others_jobs(jobs, fresh):
    one, two = jobs(CORDON_STATE=fresh), jobs(CORDON_STATE=fresh)
    job = one.start(SLEEP, job_label="of the first")
    begun(two, job)
    (record,) = two.jobs()
    assert (record["id"], record["label"], record["status"]) == (job, "of the first", "running")
    assert two.call("py_cancel_job", job_id=job) == {"job_id": job, "status": "cancelled"}
    assert one.status(job)["status"] == "cancelled"


def test_a_call_that_waits_at_one_server_hears_that_another_cancelled_its_job(jobs, fresh):
    one, two = jobs(CORDON_STATE=fresh), jobs(CORDON_STATE=fresh)
    one.raw.start_call(1, ALONE, script_content=SLEEP)
    support.soon(lambda: two.jobs(status_filter="running"))
    (record,) = two.jobs()
    assert two.call("py_cancel_job", job_id=record["id"])["status"] == "cancelled"
    result = one.raw.reply(1)["result"]["structuredContent"]
    assert (result["status"], result["end"]) == ("cancelled", "cancelled")


def test_no_job_of_two_servers_is_lost(jobs, fresh):
    clients = [jobs(CORDON_STATE=fresh), jobs(CORDON_STATE=fresh)]
    started = {}
    for number in range(30):
        started[clients[number % 2].start(f"print({number})")] = number
    for client in clients:
        for job, number in started.items():
            record = client.ended(job)
            assert (record["status"], record["new_stdout"]) == ("completed", f"{number}\n")
        assert {record["id"] for record in client.jobs()} == set(started)


@pytest.mark.parametrize("waits", [True, False])
def test_an_end_that_cannot_be_written_down_is_known_and_written_later(
    jobs, fresh, tmp_path, waits
):
    client, other = jobs(CORDON_STATE=fresh), jobs(CORDON_STATE=fresh)
    with sqlite3.connect(f"{fresh}/front/jobs.db", isolation_level=None) as database:
        if waits:
            job = client.start(WAIT + "print(1); wait('go')", IN_DIR, directory=str(tmp_path))
            support.soon(lambda: client.status(job)["status"] == "running")
        database.execute("BEGIN IMMEDIATE")  # nobody else writes now
        if waits:
            (tmp_path / "go").touch()
        else:
            job = client.call(ALONE, script_content="print(1)")["job_id"]
        record = client.ended(job)
        assert record["status"] == "completed"
        assert client.call("py_cancel_job", job_id=job)["status"] == "completed"
        if waits:
            assert other.status(job)["status"] == "running"
            assert [row["status"] for row in client.jobs()] == ["completed"]
        database.execute("ROLLBACK")
    support.soon(lambda: [row["status"] for row in other.jobs()] == ["completed"])
    assert other.status(job)["result"] == record["result"]


# --- lists --------------------------------------------------------------------------------------


def test_jobs_are_listed_newest_first_and_by_status(jobs, fresh):
    client = jobs(CORDON_STATE=fresh)
    done = [client.call(ALONE, script_content="1")["job_id"] for _ in range(3)]
    failed = client.ended(client.start("import time; time.sleep(60)", timeout_seconds=1))["id"]
    runs = client.start(SLEEP)
    begun(client, runs)
    everything = client.call("py_list_jobs")
    assert [record["id"] for record in everything["jobs"]] == [runs, failed, *reversed(done)]
    assert everything["total"] == 5
    assert all(record["result"] is None for record in everything["jobs"])
    some = client.call("py_list_jobs", status_filter="completed", limit=2)
    assert [record["id"] for record in some["jobs"]] == [done[2], done[1]]
    assert some["total"] == 3
    assert [record["id"] for record in client.jobs(status_filter="failed")] == [failed]
    assert [record["id"] for record in client.jobs(status_filter="running")] == [runs]
    assert client.jobs(status_filter="cancelled") == []


def grow_older(state, jobs, hours):
    """As if those jobs had ended so long ago."""
    with sqlite3.connect(f"{state}/front/jobs.db", timeout=30) as database:
        for job in jobs:
            database.execute(
                "UPDATE jobs SET completed_ms = completed_ms - ? WHERE id = ?",
                (hours * 3600 * 1000, job),
            )


def outputs(state):
    return {name.split(".")[0] for name in os.listdir(f"{state}/front/output")}


def test_pruning_removes_what_it_says_with_its_output_and_nothing_younger(jobs, fresh):
    client = jobs(CORDON_STATE=fresh)

    def each():
        completed = client.call(ALONE, script_content="print(1)")["job_id"]
        failed = client.start("import time; print(1); time.sleep(60)", timeout_seconds=1)
        client.ended(failed)
        cancelled = client.start(SLEEP)
        begun(client, cancelled)
        client.call("py_cancel_job", job_id=cancelled)
        return completed, failed, cancelled

    old, young = each(), each()
    runs = client.start(SLEEP)
    begun(client, runs)
    grow_older(fresh, old, 2)

    def left():
        return {record["id"] for record in client.jobs()}

    assert client.call("py_prune_jobs") == {"removed": 0, "remaining": 7}
    assert client.call("py_prune_jobs", max_age_hours=1) == {"removed": 1, "remaining": 6}
    assert left() == {*old[:2], *young, runs}
    answer = client.call(
        "py_prune_jobs", keep_completed=False, keep_failed=False, max_age_hours=1
    )
    assert answer == {"removed": 2, "remaining": 4}
    assert left() == outputs(fresh) == {*young, runs}
    answer = client.call("py_prune_jobs", keep_failed=False, max_age_hours=0)
    assert answer == {"removed": 2, "remaining": 2}
    assert left() == {young[0], runs}
    assert "not found" in client.error("py_job_status", job_id=old[0])
    assert client.status(runs)["status"] == "running"


# --- bad input: one clear line, and the server serves on ----------------------------------------

BAD = {
    "no id": ("py_job_status", {}, "job_id is required"),
    "id of a wrong type": ("py_job_status", {"job_id": 7}, "job_id must be a string"),
    "unknown id": ("py_job_status", {"job_id": "nope"}, "Job nope not found"),
    "id of a path": ("py_job_status", {"job_id": "../../jobs.db"}, "not found"),
    "empty id": ("py_job_status", {"job_id": ""}, "not found"),
    "huge id": ("py_job_status", {"job_id": "x" * 60000}, "not found"),
    "id with a line end": ("py_job_status", {"job_id": "a\nb"}, "Job a?b not found"),
    "NUL in the id": ("py_job_status", {"job_id": "a\0b"}, "NUL"),
    "incremental": ("py_job_status", {"job_id": "x", "incremental": "no"}, "true or false"),
    "cursor": ("py_job_status", {"job_id": "x", "cursor": "abc"}, "cursor must be one"),
    "extra of status": ("py_job_status", {"job_id": "x", "wait": 1}, "unknown parameter wait"),
    "filter": ("py_list_jobs", {"status_filter": "done"}, "status_filter must be pending"),
    "empty filter": ("py_list_jobs", {"status_filter": ""}, "status_filter must be pending"),
    "negative limit": ("py_list_jobs", {"limit": -1}, "limit must be from 1"),
    "no limit": ("py_list_jobs", {"limit": 0}, "limit must be from 1"),
    "huge limit": ("py_list_jobs", {"limit": 10**9}, "limit must be from 1 to 1000"),
    "half a limit": ("py_list_jobs", {"limit": 1.5}, "limit must be a whole number"),
    "unknown to cancel": ("py_cancel_job", {"job_id": "nope"}, "Job nope not found"),
    "nothing to cancel": ("py_cancel_job", {}, "job_id is required"),
    "extra of cancel": ("py_cancel_job", {"job_id": "x", "force": True}, "unknown parameter"),
    "negative age": ("py_prune_jobs", {"max_age_hours": -1}, "max_age_hours must be from 0"),
    "huge age": ("py_prune_jobs", {"max_age_hours": 2**62}, "max_age_hours must be from 0"),
    "keep": ("py_prune_jobs", {"keep_failed": "yes"}, "keep_failed must be true or false"),
    "extra of prune": ("py_prune_jobs", {"keep_cancelled": True}, "unknown parameter"),
}


def test_bad_input_is_one_clear_line(jobs):
    client = jobs()
    for name, (tool, arguments, words) in BAD.items():
        assert words in client.error(tool, **arguments), name
    assert client.call(ALONE, script_content="print(1)")["stdout"] == "1\n"
    assert client.raw.garbage == []


def test_without_its_store_a_server_runs_scripts_and_says_why_it_keeps_none(jobs, fresh):
    assert jobs(CORDON_STATE=fresh).raw.close() == 0
    for name in os.listdir(f"{fresh}/front"):
        if name.startswith("jobs.db"):
            os.unlink(f"{fresh}/front/{name}")
    with open(f"{fresh}/front/jobs.db", "wb") as file:
        file.write(b"this is no database" * 1000)
    client = jobs(CORDON_STATE=fresh, SMART_ASYNC_TIMEOUT_SECONDS="0.5")
    code = "import time; time.sleep(1); print(1)"
    # Nobody is told an id under which nothing would be found: the call waits on.
    assert client.call(ALONE, script_content=code)["stdout"] == "1\n"
    assert "jobs.db" in client.error(ALONE, script_content="1", async_mode=True)
    for tool, arguments in {
        "py_list_jobs": {},
        "py_job_status": {"job_id": "x"},
        "py_cancel_job": {"job_id": "x"},
        "py_prune_jobs": {},
    }.items():
        assert "jobs.db" in client.error(tool, **arguments)
    with open(f"{fresh}/front/jobs.db", "rb") as file:
        assert file.read(19) == b"this is no database"


# --- many ---------------------------------------------------------------------------------------


def descriptors(pid):
    """How many there are; of a caged server a user sees only how many places their table has."""
    return len(os.listdir(f"/proc/{pid}/fd")) if support.ROOT else int(support.status(pid)["FDSize"])


def memory(pid):
    return int(support.status(pid)["VmRSS"].split()[0]) * 1024


def test_memory_and_descriptors_stay_flat_over_many_jobs(jobs, fresh):
    client = jobs(CORDON_STATE=fresh)
    pid = client.raw.pid

    def batch():
        """So few at once that all their descriptors together are fewer than MANY."""
        started = [client.start("print(1)") for _ in range(20)]
        support.soon(lambda: not client.jobs(status_filter="pending", limit=1), 120)
        support.soon(lambda: not client.jobs(status_filter="running", limit=1), 120)
        for job in started[:3]:
            client.status(job)

    for _ in range(3):
        batch()
    before = memory(pid), descriptors(pid)
    for _ in range(MANY // 20):
        batch()
    # One lost per job were MANY more. The table grows in steps and with what is open at once.
    most = before[1] if support.ROOT else MANY - 1
    support.soon(lambda: descriptors(pid) <= most)
    # What an allocator keeps is bounded; a kilobyte lost per job would show in the long form.
    assert memory(pid) - before[0] < 2 * 2**20 + MANY * 256 or b"cage-off" in client.raw.log
