# SPDX-License-Identifier: Apache-2.0
"""What users of the Python server that cordon takes over do with it, through a real client and
with the defaults: nothing here sets a budget, a policy or a limit that they would not set."""

import asyncio
import os
import time

import pytest

ALONE = "py_run_script_with_dependencies"
IN_DIR = "py_run_script_in_dir"
TOOLS = {
    IN_DIR,
    ALONE,
    "py_benchmark_script",
    "py_save_script",
    "py_run_saved_script",
    "py_list_scripts",
    "py_job_status",
    "py_list_jobs",
    "py_cancel_job",
    "py_prune_jobs",
}


@pytest.fixture
def session(real_client):
    """session(WORK) -> what WORK(CLIENT, CALL) returns; CALL(TOOL, ...) is a result, and if it is wrong."""

    def session(work):
        async def with_call(client):
            async def call(tool, **arguments):
                result = await client.call_tool(tool, arguments)
                return result.structured_content, result.is_error

            return await work(client, call)

        return real_client(with_call)

    return session


async def ended(call, job_id, within=60):
    end = time.monotonic() + within
    while True:
        record, wrong = await call("py_job_status", job_id=job_id)
        assert not wrong, record
        if record["job"]["status"] not in ("pending", "running"):
            return record["job"]
        assert time.monotonic() < end, record
        await asyncio.sleep(0.05)


def test_all_ten_tools_are_there_and_the_older_six_are_not(session):
    async def work(client, call):
        return {tool.name for tool in (await client.list_tools()).tools}

    assert session(work) == TOOLS


def test_a_fast_script_answers_with_its_result(session):
    async def work(client, call):
        return await call(ALONE, script_content="print('hello from cordon')")

    result, wrong = session(work)
    assert not wrong
    assert (result["status"], result["exit_code"]) == ("completed", 0)
    assert result["stdout"] == "hello from cordon\n"
    assert result["execution_strategy"] == "uv-run"


def test_a_package_with_a_python_of_choice(session, run):
    if run("run", "--no-uv", "--python", "3.13", "-c", "pass").exit != 0:
        pytest.skip("no Python 3.13 is here that this user may execute")

    async def work(client, call):
        return await call(
            ALONE,
            script_content="import requests, sys; print(requests.__name__, sys.version_info[:2])",
            dependencies=["requests"],
            python_version="3.13",
        )

    result, wrong = session(work)
    assert not wrong, result
    assert result["stdout"] == "requests (3, 13)\n"
    assert result["python_version_used"].startswith("3.13")
    assert any(name.startswith("requests==") for name in result["installed"])


LONG = """
import os, time
print('begun', flush=True)
while not os.path.exists('go'): time.sleep(.05)
print('done')
"""


def test_a_long_script_goes_on_in_the_background(session, tmp_path):
    """Twenty seconds is the budget of the old server, and ours."""

    async def work(client, call):
        before = time.monotonic()
        first, wrong = await call(
            IN_DIR, directory=str(tmp_path), script_content=LONG, job_label="long"
        )
        answered = time.monotonic() - before
        assert not wrong, first
        running, _ = await call("py_job_status", job_id=first["job_id"])
        (tmp_path / "go").touch()
        return first, answered, running, await ended(call, first["job_id"])

    first, answered, running, job = session(work)
    assert first["status"] == "running"
    assert first["message"] == "Task exceeded 20.0s time budget; running in background"
    assert answered >= 19.9
    assert running["job"]["status"] == "running"
    assert running["job"]["partial_stdout"] == "begun\n"
    assert (job["status"], job["label"]) == ("completed", "long")
    assert job["result"]["stdout"] == "begun\ndone\n"
    assert job["result"]["elapsed_seconds"] >= 19.9


def test_async_mode_answers_at_once(session):
    async def work(client, call):
        await call(ALONE, script_content="print(1)")  # the first call of a server looks around
        taken = []
        for _ in range(10):
            before = time.monotonic()
            answer, wrong = await call(ALONE, script_content="print('later')", async_mode=True)
            taken.append(time.monotonic() - before)
            assert not wrong and answer["status"] == "pending", answer
        job = await ended(call, answer["job_id"])
        return min(taken), job

    taken, job = session(work)
    # The client's own share is in it, and what else the machine has to do.
    assert taken < (0.05 if os.environ.get("FULL") else 1), taken
    assert job["status"] == "completed"
    assert job["result"]["stdout"] == "later\n"


def test_a_job_that_fails_says_why(session):
    async def work(client, call):
        answer, _ = await call(
            ALONE, script_content="import time; time.sleep(60)", timeout_seconds=1, async_mode=True
        )
        return await ended(call, answer["job_id"])

    job = session(work)
    assert job["status"] == "failed"
    assert "wall limit of 1 s" in job["error"]
    assert job["result"]["exit_code"] == 124


def test_jobs_are_listed_by_status_and_cancelled(session):
    async def work(client, call):
        sleeper, _ = await call(
            ALONE, script_content="import time; time.sleep(60)", async_mode=True
        )
        # In this order, as it may begin to run in between.
        pending, _ = await call("py_list_jobs", status_filter="pending", limit=5)
        listed, _ = await call("py_list_jobs", status_filter="running", limit=5)
        cancelled, wrong = await call("py_cancel_job", job_id=sleeper["job_id"])
        assert not wrong, cancelled
        after, _ = await call("py_list_jobs", status_filter="cancelled")
        unknown, refused = await call("py_cancel_job", job_id="no-such-job")
        return sleeper["job_id"], listed, pending, cancelled, after, refused

    job_id, listed, pending, cancelled, after, refused = session(work)
    assert job_id in [job["id"] for job in listed["jobs"] + pending["jobs"]]
    assert cancelled == {"job_id": job_id, "status": "cancelled"}
    assert job_id in [job["id"] for job in after["jobs"]]
    assert refused


def test_pruning_takes_what_is_old_enough_and_nothing_else(session):
    async def work(client, call):
        answer, _ = await call(ALONE, script_content="print(1)")
        pruned, wrong = await call(
            "py_prune_jobs", keep_completed=False, keep_failed=False, max_age_hours=1
        )
        assert not wrong, pruned
        kept, _ = await call("py_job_status", job_id=answer["job_id"])
        return pruned, kept

    pruned, kept = session(work)
    assert pruned["removed"] == 0 and pruned["remaining"] >= 1
    assert kept["job"]["status"] == "completed"


def test_a_saved_script_runs_with_its_packages(session):
    source = '"""Prints in colour."""\nfrom rich.console import Console\nConsole().print("saved")\n'

    async def work(client, call):
        saved, wrong = await call(
            "py_save_script", script_name="coloured", source=source, dependencies=["rich"]
        )
        assert not wrong and saved["written"], saved
        listed, _ = await call("py_list_scripts")
        result, wrong = await call("py_run_saved_script", script_name="coloured")
        return listed, result, wrong

    listed, result, wrong = session(work)
    (script,) = [script for script in listed["scripts"] if script["name"] == "coloured"]
    assert script["docstring"] == "Prints in colour."
    assert "rich" in script["header"]
    assert not wrong
    assert (result["exit_code"], result["stdout"]) == (0, "saved\n"), result


def test_the_output_of_a_job_is_a_resource(session):
    async def work(client, call):
        answer, _ = await call(
            ALONE, script_content="import sys; print('out'); print('err', file=sys.stderr)"
        )
        read = await client.read_resource(f"job-stream://{answer['job_id']}")
        return read.contents[0].text

    assert session(work) == "---STDOUT---\nout\n---STDERR---\nerr\n"


def test_a_benchmark_measures_the_script(session):
    async def work(client, call):
        return await call(
            "py_benchmark_script", script_content="x = bytearray(50_000_000); print(len(x))"
        )

    result, wrong = session(work)
    assert not wrong
    assert result["stdout"] == "50000000\n"
    assert result["peak_rss_mb"] >= 50
    assert 0 < result["wall_time_seconds"] < 30
    assert 0 < result["cpu_time_seconds"] < 30
