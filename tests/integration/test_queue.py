# SPDX-License-Identifier: Apache-2.0
"""Who waits for his turn, in which order they go, and what of that they are told."""

import json
import os
import uuid

import package_index
import pytest
import support
from jobs import ALONE, IN_DIR, WAIT, JobClient
from test_principals import asker, configured

one_place = pytest.mark.skipif(
    support.ROOT, reason="root's slots are the host's: other boxes may have the only one"
)

MANY = 1000 if os.environ.get("FULL") else 40
HOLD = WAIT + "print('begun', flush=True); wait('go')"


@pytest.fixture
def narrow(tmp_path):
    """A configuration with one place, as options."""
    return ("--config", configured(tmp_path, slots={"count": 1}))


def begun(read, job):
    support.soon(lambda: "begun" in (read(job).get("partial_stdout") or ""))


def order(records):
    """The names of ended jobs, in the order in which they began."""
    return [name for name, _ in sorted(records.items(), key=lambda row: row[1]["started_at"])]


# --- turns ---------------------------------------------------------------------------------------


@one_place
def test_a_principal_with_many_jobs_holds_up_nobody(web, narrow, tmp_path):
    server = web(*narrow)
    ann, bob = asker(server, "ann"), asker(server, "bob")
    started = ann.call(
        IN_DIR, script_content=HOLD, directory=str(tmp_path), async_mode=True
    )["structuredContent"]
    begun(ann.record, started["job_id"])
    jobs = {f"ann {i}": ann.job("print(1)") for i in range(4)}
    jobs |= {f"bob {i}": bob.job("print(1)") for i in range(2)}
    whose = {"ann": ann, "bob": bob}
    positions = {name: whose[name[:3]].record(job)["queue"] for name, job in jobs.items()}
    assert positions == {
        "ann 0": {"position": 1},
        "bob 0": {"position": 2},
        "ann 1": {"position": 3},
        "bob 1": {"position": 4},
        "ann 2": {"position": 5},
        "ann 3": {"position": 6},
    }
    assert ann.record(jobs["ann 0"])["progress"]["message"] == "queued"
    (tmp_path / "go").touch()
    records = {name: whose[name[:3]].ended(job) for name, job in jobs.items()}
    assert [record["result"]["stdout"] for record in records.values()] == ["1\n"] * 6
    assert order(records) == ["ann 0", "bob 0", "ann 1", "bob 1", "ann 2", "ann 3"]


@one_place
def test_a_call_goes_before_jobs_and_hears_its_position(serve, narrow, tmp_path):
    raw = serve(*narrow, env={"CORDON_STATE": str(tmp_path / "state")})
    client = JobClient(raw)
    hold = client.start(HOLD, IN_DIR, directory=str(tmp_path))
    begun(client.status, hold)
    jobs = {f"job {i}": client.start("print(2)") for i in range(2)}
    for i in range(2):
        raw.send(
            id=f"call {i}",
            method="tools/call",
            params={
                "name": ALONE,
                "arguments": {"script_content": "print(3)"},
                "_meta": {"progressToken": f"token {i}"},
            },
        )
    assert client.status(jobs["job 0"])["queue"] == {"position": 3}  # both calls have come
    (tmp_path / "go").touch()
    calls = {f"call {i}": raw.reply(f"call {i}")["result"]["structuredContent"] for i in range(2)}
    ended = {name: client.ended(job) for name, job in jobs.items()}
    ended |= {name: client.ended(result["job_id"]) for name, result in calls.items()}
    assert order(ended) == ["call 0", "call 1", "job 0", "job 1"]
    said = [
        message["params"]
        for message in map(json.loads, raw.lines)
        if message.get("method") == "notifications/progress"
    ]
    first = {params["progressToken"]: params["message"] for params in reversed(said)}
    assert first == {"token 0": "queued, position 1", "token 1": "queued, position 2"}


def processor_time(pid):
    """Of the process without its children, in seconds."""
    with open(f"/proc/{pid}/schedstat", encoding="ascii") as file:
        return int(file.read().split()[0]) / 1e9


def test_jobs_that_sleep_cost_the_server_nothing(serve, tmp_path):
    raw = serve(env={"CORDON_STATE": str(tmp_path / "state")})
    client = JobClient(raw)
    sleeping = [client.start("import time; time.sleep(600)") for _ in range(MANY)]
    spent = []
    for _ in range(10):
        before = processor_time(raw.pid)
        result = client.call(ALONE, script_content="import time; time.sleep(1); print(1)")
        assert result["stdout"] == "1\n"  # calls have places of their own
        spent.append(processor_time(raw.pid) - before)
        if spent[-1] < 0.2:
            break
    assert min(spent) < 0.2, spent
    assert client.call("py_list_jobs", limit=1)["total"] >= MANY
    for job in sleeping[:3]:
        assert client.call("py_cancel_job", job_id=job)["status"] == "cancelled"


# --- an environment that many need ---------------------------------------------------------------


@pytest.fixture
def index():
    with package_index.serving(package_index.wheel("alpha")) as index:
        yield index


def ask(raw, number, **arguments):
    raw.send(id=number, method="tools/call", params={"name": ALONE, "arguments": arguments})


def waiting(client, label):
    """The record of the job with this label once it waits for another's environment."""
    found = []

    def waits():
        found[:] = [job for job in client.jobs(limit=100) if job["label"] == label]
        message = found and (client.status(found[0]["id"])["progress"] or {}).get("message")
        return message and "which another run makes" in message

    support.soon(waits)
    return found[0]["id"]


def test_what_many_need_is_made_once_and_they_wait_without_a_place(serve, index, tmp_path):
    raw = serve(env={"CORDON_STATE": str(tmp_path / "state"), **index.env})
    client = JobClient(raw)
    code = "import alpha; print(alpha.version)"
    index.held.clear()
    first = client.start(code, dependencies=["alpha"])
    support.soon(lambda: client.status(first)["status"] == "running" and index.seen)
    label = str(uuid.uuid4())
    last = client.start(code, dependencies=["alpha"], job_label=label)
    numbers = [f"call {i}" for i in range(12)]
    for number in numbers:
        ask(raw, number, script_content=code, dependencies=["alpha"])
    assert waiting(client, label) == last
    assert client.status(last)["status"] == "pending"
    index.held.set()
    results = [raw.reply(number)["result"]["structuredContent"] for number in numbers]
    results += [client.ended(job)["result"] for job in (first, last)]
    assert [client.status(job)["progress"] for job in (first, last)] == [None, None]
    assert [result["stdout"] for result in results] == ["1.0\n"] * 14
    assert sum(not result["environment"]["cached"] for result in results) == 1


def test_what_cannot_be_made_is_tried_once_for_all(serve, index, tmp_path):
    raw = serve(env={"CORDON_STATE": str(tmp_path / "state"), **index.env})
    client = JobClient(raw)
    index.held.clear()
    first = client.start("1", dependencies=["alpha>=7"])
    support.soon(lambda: client.status(first)["status"] == "running" and index.seen)
    label = str(uuid.uuid4())
    last = client.start("1", dependencies=["alpha>=7"], job_label=label)
    others = [client.start("1", dependencies=["alpha>=7"]) for _ in range(8)]
    waiting(client, label)
    asked = len(index.seen)
    index.held.set()
    records = [client.ended(job) for job in (first, last, *others)]
    assert {record["status"] for record in records} == {"failed"}
    assert len({record["error"] for record in records}) == 1
    assert "alpha" in records[0]["error"]
    assert len(index.seen) <= asked + 4  # those of the first, and not ten times as many
