# SPDX-License-Identifier: Apache-2.0
"""Tasks on the protocol core, where the official suite does not look: their news, their ends.

It makes tasks over HTTP alone and leaves their notifications out. The fixtures of the suite are
built but not installed.
"""

import support
from test_asking import CAN, PLAIN, fixtures

TASKS = "io.modelcontextprotocol/tasks"
KNOWS = {"extensions": {TASKS: {}}}


def request(client, number, method, capabilities=KNOWS, **params):
    client.send(id=number, method=method, params={"_meta": {**PLAIN, CAN: capabilities}, **params})
    return client.reply(number)


def begin(client, number, tool, **arguments):
    """A task, as its client is told of it."""
    result = request(client, number, "tools/call", name=tool, arguments=arguments)["result"]
    assert result["resultType"] == "task"
    return result["taskId"]


def news(client, count):
    """The first notifications of tasks, once there are so many."""
    with client.changed:
        found = []

        def there():
            found[:] = [
                support.json.loads(line)["params"]
                for line in client.lines
                if b'"notifications/tasks"' in line
            ]
            return len(found) >= count or client.ended

        client.changed.wait_for(there, 60)
    assert len(found) >= count, client.log
    return found


def test_who_listens_is_told_what_became_of_his_tasks_and_of_no_others(cordon):
    with fixtures(cordon) as client:
        mine = begin(client, 1, "multi_input")
        other = begin(client, 2, "multi_input")
        wanted = {"taskIds": [mine]}
        client.send(
            id=3,
            method="subscriptions/listen",
            params={"_meta": {**PLAIN, CAN: KNOWS}, "notifications": wanted},
        )
        for number, task in ((4, other), (5, mine)):
            answers = {name: {"action": "accept", "content": {}} for name in ("first", "second")}
            reply = request(client, number, "tasks/update", taskId=task, inputResponses=answers)
            assert reply["result"]["resultType"] == "complete"
        (told,) = news(client, 1)
        assert (told["taskId"], told["status"]) == (mine, "completed")
        assert told["_meta"]["io.modelcontextprotocol/subscriptionId"] == 3
        assert told["result"]["content"][0]["text"]
        told.pop("_meta")
        again = request(client, 6, "tasks/get", taskId=mine)["result"]
        assert {name: again[name] for name in told} == told


def test_a_task_that_ended_stays_as_it_is(cordon):
    with fixtures(cordon) as client:
        task = begin(client, 1, "slow_compute", seconds=600)
        assert request(client, 2, "tasks/get", taskId=task)["result"]["status"] == "working"
        for number in (3, 4):
            reply = request(client, number, "tasks/cancel", taskId=task)
            assert set(reply["result"]) == {"resultType", "_meta"}
        reply = request(client, 5, "tasks/update", taskId=task, inputResponses={})
        assert set(reply["result"]) == {"resultType", "_meta"}
        last = request(client, 6, "tasks/get", taskId=task)["result"]
        assert last["status"] == "cancelled"
        assert not {"result", "error", "inputRequests"} & set(last)


def test_who_does_not_know_tasks_learns_nothing_of_them(cordon):
    with fixtures(cordon) as client:
        task = begin(client, 1, "slow_compute", seconds=600)
        for number, method in enumerate(("tasks/get", "tasks/cancel", "tasks/update"), 10):
            for known in (task, "nothing"):
                params = {"taskId": known}
                if method == "tasks/update":
                    params["inputResponses"] = {}
                error = request(client, f"{number}{known}", method, {}, **params)["error"]
                assert error["code"] == -32021
                assert error["data"] == {"requiredCapabilities": KNOWS}
        waited = request(
            client, 2, "tools/call", {}, name="slow_compute", arguments={"seconds": 0}
        )
        assert waited["result"]["resultType"] == "complete"
        assert request(client, 3, "tasks/get", taskId=task)["result"]["status"] == "working"


def test_a_call_that_waits_for_a_task_tool_can_be_cancelled(cordon):
    with fixtures(cordon) as client:
        client.send(
            id=1,
            method="tools/call",
            params={
                "name": "slow_compute",
                "arguments": {"seconds": 600},
                "_meta": {**PLAIN, CAN: {}},
            },
        )
        client.send(method="notifications/cancelled", params={"requestId": 1})
        assert request(client, 2, "tools/list")["result"]["tools"]
        assert 1 not in client.replies
