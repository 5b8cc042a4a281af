# SPDX-License-Identifier: Apache-2.0
"""The tasks extension over stdio: a run that takes longer than a call may is a task for clients that
take tasks, and the same job for everybody."""

import itertools
import json
import re

import pytest

import support
from jobs import ALONE, IN_DIR, WAIT

PREFIX = "io.modelcontextprotocol/"
TASKS = PREFIX + "tasks"
KNOWS = {"extensions": {TASKS: {}}}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")


class TaskClient:
    """A client of the modern era; `knows`: the capabilities that it declares with each request."""

    def __init__(self, raw, knows=None):
        self.raw, self.knows = raw, KNOWS if knows is None else knows
        self.numbers = itertools.count(1)

    def meta(self):
        return {PREFIX + "protocolVersion": "2026-07-28", PREFIX + "clientCapabilities": self.knows}

    def ask(self, method, **params):
        reply = self.raw.request(next(self.numbers), method, _meta=self.meta(), **params)
        return reply.get("result", reply.get("error"))

    def run(self, code, tool=ALONE, **more):
        arguments = {"script_content": code, **more}
        return self.ask("tools/call", name=tool, arguments=arguments)

    def get(self, task):
        return self.ask("tasks/get", taskId=task)

    def ended(self, task):
        last = {}

        def over():
            last.update(self.get(task))
            return last["status"] != "working"

        support.soon(over, 120)
        return last


@pytest.fixture
def server(serve):
    """Calls answer after a tenth of a second."""
    raw = serve(env={"SMART_ASYNC_TIMEOUT_SECONDS": "0.1"}, initialize=False)
    yield raw
    assert raw.garbage == []
    assert raw.close() == 0


@pytest.fixture
def client(server):
    return TaskClient(server)


@pytest.fixture
def held(client, workspace):
    """(task as it was created, function that lets it go on)"""
    code = WAIT + "print('begun', flush=True)\nwait('go')\nprint('done')\nraise SystemExit(3)"
    created = client.run(code, IN_DIR, directory=str(workspace), job_label="a task")
    yield created, (workspace / "go").touch
    (workspace / "go").touch()
    client.ended(created["taskId"])


def test_it_is_offered_and_a_run_within_its_time_is_none(serve):
    client = TaskClient(serve(initialize=False))
    found = client.ask("server/discover")["capabilities"]
    assert found["extensions"][TASKS] == {} and "tasks" not in found
    answer = client.run("print(1)")
    assert answer["resultType"] == "complete" and "taskId" not in answer
    assert answer["structuredContent"]["stdout"] == "1\n"


def test_a_long_run_is_a_task_and_then_its_result(client, held):
    created, go = held
    assert created["resultType"] == "task" and created["status"] == "working"
    assert not {"task", "result", "error", "inputRequests", "content"} & set(created)
    assert TIME.match(created["createdAt"]) and TIME.match(created["lastUpdatedAt"])
    assert created["ttlMs"] > 0 and created["pollIntervalMs"] > 0
    working = client.get(created["taskId"])
    assert working["resultType"] == "complete" and working["status"] == "working"
    assert working["createdAt"] == created["createdAt"] and "result" not in working
    go()
    ended = client.ended(created["taskId"])
    assert ended["status"] == "completed"  # a script that fails is no failure of its task
    result = ended["result"]
    assert result["isError"] is False and result["structuredContent"]["exit_code"] == 3
    assert result["structuredContent"]["stdout"] == "begun\ndone\n"
    assert json.loads(result["content"][0]["text"]) == result["structuredContent"]
    assert "error" not in ended


def test_it_is_the_same_job_for_the_other_tools(client, held):
    created, go = held
    task = created["taskId"]
    status = client.ask("tools/call", name="py_job_status", arguments={"job_id": task})
    job = status["structuredContent"]["job"]
    assert (job["id"], job["label"]) == (task, "a task")
    assert job["status"] in ("pending", "running")
    go()
    assert client.ended(task)["status"] == "completed"
    (content,) = client.ask("resources/read", uri=f"job-stream://{task}")["contents"]
    assert "done" in content["text"]


def test_a_job_in_the_background_can_be_asked_for_as_a_task(client):
    answer = client.run("print(1)", async_mode=True)
    assert answer["resultType"] == "complete"
    job = answer["structuredContent"]["job_id"]
    assert client.ended(job)["result"]["structuredContent"]["stdout"] == "1\n"


def test_of_a_benchmark_the_picture_is_where_the_link_says(client):
    code = "import time; time.sleep(.5)"
    created = client.run(code, "py_benchmark_script")
    text, link = client.ended(created["taskId"])["result"]["content"]
    assert (text["type"], link["type"]) == ("text", "resource_link")
    assert link["uri"] == f"cordon://jobs/{created['taskId']}/chart"
    read = client.ask("resources/read", uri=link["uri"])
    if "contents" in read:  # where cordon-chart was built
        assert read["contents"][0]["mimeType"] == link["mimeType"]
    else:
        assert read["message"]


def test_a_cancelled_task_has_no_result(client):
    created = client.run("import time; print('x', flush=True); time.sleep(600)")
    assert client.ask("tasks/cancel", taskId=created["taskId"])["resultType"] == "complete"
    ended = client.ended(created["taskId"])
    assert ended["status"] == "cancelled"
    assert not {"result", "error"} & set(ended)
    assert f"job-stream://{created['taskId']}" in ended["statusMessage"]
    again = client.ask("tasks/cancel", taskId=created["taskId"])
    assert set(again) == {"resultType", "_meta"}
    assert client.get(created["taskId"])["status"] == "cancelled"


def test_a_task_of_another_server_is_cancelled_too(client, serve):
    created = client.run("import time; time.sleep(600)")
    other = TaskClient(serve(initialize=False))
    assert other.get(created["taskId"])["status"] == "working"
    assert other.ask("tasks/cancel", taskId=created["taskId"])["resultType"] == "complete"
    assert client.ended(created["taskId"])["status"] == "cancelled"


def test_a_limit_is_a_result_and_a_lost_server_a_failure(client, serve):
    created = client.run("while True: pass", timeout_seconds=1)
    ended = client.ended(created["taskId"])
    assert ended["status"] == "completed"
    assert ended["result"]["structuredContent"]["end"] == "wall"
    lost = TaskClient(serve(env={"SMART_ASYNC_TIMEOUT_SECONDS": "0.1"}, initialize=False))
    created = lost.run("import time; time.sleep(600)")
    lost.raw.process.kill()
    lost.raw.process.wait()
    ended = client.ended(created["taskId"])
    assert ended["status"] == "failed" and "result" not in ended
    assert ended["error"]["code"] == -32603 and ended["error"]["message"]


def test_what_it_does_meanwhile_is_said(client, workspace):
    code = WAIT + (
        "import os\n"
        "with open(os.environ['CORDON_PROGRESS'], 'a') as f: f.write('1 4 sorting\\n')\n"
        "wait('go')"
    )
    created = client.run(code, IN_DIR, directory=str(workspace))
    support.soon(lambda: client.get(created["taskId"])["statusMessage"] == "1 of 4: sorting", 120)
    (workspace / "go").touch()
    client.ended(created["taskId"])


def test_answers_that_nobody_asked_for_are_taken_and_left_out(client, held):
    created, _ = held
    answer = client.ask("tasks/update", taskId=created["taskId"], inputResponses={"x": {"a": 1}})
    assert set(answer) == {"resultType", "_meta"}
    assert client.get(created["taskId"])["status"] == "working"


@pytest.mark.parametrize("task", ["6f1c0000-0000-4000-8000-000000000000", "", "../x", "x" * 4000])
def test_a_task_that_is_none_is_unknown(client, task):
    for method, more in [("get", {}), ("cancel", {}), ("update", {"inputResponses": {}})]:
        assert client.ask(f"tasks/{method}", taskId=task, **more)["code"] == -32602


def test_what_older_versions_had_is_gone(client):
    assert client.ask("tasks/list")["code"] == -32601
    assert client.ask("tasks/result", taskId="x")["code"] == -32601
    assert client.run("print(1)", async_mode=True)["resultType"] == "complete"
    legacy = client.ask(
        "tools/call", name=ALONE, arguments={"script_content": "print(1)"}, task={"ttl": 1000}
    )
    assert legacy["resultType"] in ("complete", "task")


def test_who_takes_no_tasks_gets_the_job_and_learns_nothing_of_tasks(server, client, held):
    created, _ = held
    plain = TaskClient(server, {})
    plain.numbers = itertools.count(1000)
    answer = plain.run("import time; time.sleep(600)")
    assert answer["resultType"] == "complete"
    assert answer["structuredContent"]["status"] == "running"
    job = answer["structuredContent"]["job_id"]
    for method, more in [("get", {}), ("cancel", {}), ("update", {"inputResponses": {}})]:
        for task in (created["taskId"], "nothing"):
            error = plain.ask(f"tasks/{method}", taskId=task, **more)
            assert error["code"] == -32021
            assert error["data"]["requiredCapabilities"] == KNOWS
    listen = plain.ask("subscriptions/listen", notifications={"taskIds": [created["taskId"]]})
    assert listen["code"] == -32021
    plain.ask("tools/call", name="py_cancel_job", arguments={"job_id": job})


def test_who_listens_for_a_task_hears_of_its_end(server, client, held):
    created, go = held
    task = created["taskId"]
    wanted = {"notifications": {"taskIds": [task, "nothing"]}, "_meta": client.meta()}
    server.send(id="listen", method="subscriptions/listen", params=wanted)

    def heard(method):
        rows = [json.loads(line) for line in server.lines]
        return [row["params"] for row in rows if row.get("method") == f"notifications/{method}"]

    support.soon(lambda: heard("subscriptions/acknowledged"))
    go()
    support.soon(lambda: heard("tasks"))
    said = heard("tasks")[-1]
    assert said.pop("_meta") == {PREFIX + "subscriptionId": "listen"}
    asked = client.ended(task)
    assert said == {name: asked[name] for name in asked if name not in ("resultType", "_meta")}
    assert said["status"] == "completed" and said["result"]["structuredContent"]["exit_code"] == 3
    server.send(method="notifications/cancelled", params={"requestId": "listen"})


def test_who_comes_late_hears_of_the_end_at_once(server, client):
    job = client.run("print(1)", async_mode=True)["structuredContent"]["job_id"]
    client.ended(job)
    wanted = {"notifications": {"taskIds": [job]}, "_meta": client.meta()}
    server.send(id="late", method="subscriptions/listen", params=wanted)
    support.soon(lambda: any(b'"notifications/tasks"' in line for line in server.lines))
    told = [row for row in map(json.loads, server.lines) if "method" in row]
    methods = [row["method"].removeprefix("notifications/") for row in told]
    assert methods == ["subscriptions/acknowledged", "tasks"]
    assert told[-1]["params"]["status"] == "completed"
