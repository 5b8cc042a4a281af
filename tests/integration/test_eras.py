# SPDX-License-Identifier: Apache-2.0
"""`cordon serve` over stdio in both eras: with a handshake, and with a version in each request."""

import asyncio
import json

import pytest
import support
from mcp import Client

ALONE = "py_run_script_with_dependencies"
PREFIX = "io.modelcontextprotocol/"
VERSION = PREFIX + "protocolVersion"
SERVER = PREFIX + "serverInfo"


def meta(version="2026-07-28", **more):
    return {VERSION: version, PREFIX + "clientCapabilities": {}, **more}


def ask(client, number, method, **params):
    """One request of the modern era; its result, or its error."""
    reply = client.request(number, method, _meta=meta(), **params)
    return reply.get("result", reply.get("error"))


def run(client, number, code, **more):
    return ask(client, number, "tools/call", name=ALONE, arguments={"script_content": code, **more})


@pytest.fixture
def modern(serve):
    """A client that never shakes hands."""
    client = serve(initialize=False)
    yield client
    assert ask(client, "last", "server/discover")["resultType"] == "complete"
    assert client.garbage == []
    assert client.close() == 0


def test_a_server_is_discovered_and_used_without_a_handshake(modern):
    found = ask(modern, 1, "server/discover")
    assert found["supportedVersions"] == ["2026-07-28"]
    assert found["resultType"] == "complete"
    assert found["cacheScope"] == "public" and found["ttlMs"] > 0
    assert found["_meta"][SERVER]["name"] == "cordon"
    listed = ask(modern, 2, "tools/list")
    assert len(listed["tools"]) == 10
    assert listed["_meta"][SERVER]["name"] == "cordon"
    result = run(modern, 3, "print(6 * 7)")
    assert result["resultType"] == "complete"
    assert result["structuredContent"]["stdout"] == "42\n"
    assert "ttlMs" not in result


def test_both_eras_on_one_stream(serve):
    client = serve()
    assert "resultType" not in client.request(1, "tools/list")["result"]
    assert ask(client, 2, "tools/list")["resultType"] == "complete"
    assert client.request(3, "ping")["result"] == {}
    assert ask(client, 4, "ping")["code"] == -32601
    assert client.call(5, ALONE, script_content="print(5)")["structuredContent"]["stdout"] == "5\n"
    assert run(client, 6, "print(6)")["structuredContent"]["stdout"] == "6\n"


WRONG = {
    "no envelope": (None, -32602),
    "no version": ({PREFIX + "clientCapabilities": {}}, -32602),
    "no capabilities": ({VERSION: "2026-07-28"}, -32602),
    "another version": (meta("2031-01-01"), -32022),
    "a legacy version": (meta("2025-11-25"), -32022),
    "no such level": (meta(**{PREFIX + "logLevel": "loud"}), -32602),
    "a token that is none": (meta(progressToken=[]), -32602),
}


@pytest.mark.parametrize("name", WRONG)
def test_an_envelope_that_is_wrong_has_its_code(modern, name):
    envelope, code = WRONG[name]
    params = {} if envelope is None else {"_meta": envelope}
    error = modern.request(1, "server/discover", **params)["error"]
    assert error["code"] == code
    if code == -32022:
        assert error["data"]["supported"] == ["2026-07-28"]


@pytest.mark.parametrize(
    "method, params, code",
    [
        ("initialize", {"protocolVersion": "2026-07-28"}, -32601),
        ("ping", {}, -32601),
        ("logging/setLevel", {"level": "info"}, -32601),
        ("resources/subscribe", {"uri": "cordon://check"}, -32601),
        ("resources/unsubscribe", {"uri": "cordon://check"}, -32601),
        ("no/such", {}, -32601),
        ("tools/call", {"name": "rm"}, -32602),
        ("tools/call", {"name": 5}, -32602),
        ("tools/list", {"cursor": "x"}, -32602),
        ("resources/read", {"uri": "cordon://jobs/none"}, -32602),
        ("tools/call", {"name": ALONE, "requestState": "00"}, -32602),
    ],
)
def test_what_is_asked_wrongly_has_its_code(modern, method, params, code):
    assert ask(modern, 1, method, **params)["code"] == code


def test_a_run_tells_how_far_it_is_and_can_be_cancelled(modern):
    code = (
        "import os, time\n"
        "open(os.environ['CORDON_PROGRESS'], 'a').write('1 2 half\\n')\n"
        "time.sleep(600)"
    )
    modern.send(
        id=1,
        method="tools/call",
        params={
            "name": ALONE,
            "arguments": {"script_content": code},
            "_meta": meta(progressToken="p"),
        },
    )
    with modern.changed:
        assert modern.changed.wait_for(
            lambda: any(b'"half"' in line for line in modern.lines), 120
        )
    told = json.loads(next(line for line in modern.lines if b'"half"' in line))
    assert told["method"] == "notifications/progress"
    assert told["params"]["progressToken"] == "p"
    modern.send(method="notifications/cancelled", params={"requestId": 1})
    assert run(modern, 2, "print(2)")["structuredContent"]["stdout"] == "2\n"
    assert 1 not in modern.replies


def test_what_is_new_of_a_job_is_remembered_without_a_conversation(modern, tmp_path):
    go = tmp_path / "go"
    code = (
        "import os, time\nprint('first')\n"
        f"while not os.path.exists({str(go)!r}): time.sleep(.01)\nprint('second')"
    )
    begun = ask(
        modern,
        1,
        "tools/call",
        name="py_run_script_in_dir",
        arguments={"directory": str(tmp_path), "script_content": code, "async_mode": True},
    )
    job = begun["structuredContent"]["job_id"]
    number = 1

    def status():
        nonlocal number
        number += 1
        result = ask(modern, number, "tools/call", name="py_job_status", arguments={"job_id": job})
        return result["structuredContent"]["job"]

    seen = ""

    def shown():
        nonlocal seen
        seen += status()["new_stdout"]
        return seen == "first\n"

    support.soon(shown)
    go.touch()
    support.soon(lambda: status()["status"] == "completed")
    again = ask(
        modern,
        "all",
        "tools/call",
        name="py_job_status",
        arguments={"job_id": job, "incremental": False},
    )["structuredContent"]["job"]
    assert again["new_stdout"] == "first\nsecond\n"
    assert status()["new_stdout"] == ""


def test_a_subscription_is_acknowledged_and_ends_without_an_answer(modern):
    modern.send(
        id="s",
        method="subscriptions/listen",
        params={"notifications": {"toolsListChanged": True}, "_meta": meta()},
    )
    assert ask(modern, 1, "server/discover")["resultType"] == "complete"
    acknowledged = json.loads(modern.lines[0])
    assert acknowledged["method"] == "notifications/subscriptions/acknowledged"
    assert acknowledged["params"]["_meta"][PREFIX + "subscriptionId"] == "s"
    assert acknowledged["params"]["notifications"] == {}  # these tools never change
    modern.send(method="notifications/cancelled", params={"requestId": "s"})
    assert ask(modern, 2, "server/discover")["resultType"] == "complete"
    assert "s" not in modern.replies


WAITING = """
import os, time
while not os.path.exists("more"): time.sleep(.01)
print("more", flush=True)
while not os.path.exists("end"): time.sleep(.01)
"""


def updates(client, job):
    """How often its subscriber was told of a job's output, and with which subscription."""
    with client.changed:
        lines = [json.loads(line) for line in client.lines]
    told = [line for line in lines if line.get("method") == "notifications/resources/updated"]
    assert all(line["params"]["uri"] == f"job-stream://{job}" for line in told)
    return [line["params"].get("_meta", {}).get(PREFIX + "subscriptionId") for line in told]


@pytest.mark.parametrize("era", ["modern", "legacy"])
def test_who_subscribes_to_a_job_is_told_of_output_and_end(serve, tmp_path, era):
    client = serve()
    begun = client.call(
        1,
        "py_run_script_in_dir",
        directory=str(tmp_path),
        script_content=WAITING,
        async_mode=True,
    )
    job = begun["structuredContent"]["job_id"]
    uri = f"job-stream://{job}"
    if era == "modern":
        wanted = {"resourceSubscriptions": [uri]}
        client.send(
            id=2,
            method="subscriptions/listen",
            params={"notifications": wanted, "_meta": meta()},
        )
    else:
        assert client.request(2, "resources/subscribe", uri=uri)["result"] == {}
    (tmp_path / "more").touch()
    support.soon(
        lambda: (
            "more" in ask(client, "r", "resources/read", uri=uri)["contents"][0]["text"]
            and updates(client, job)
        )
    )
    told = updates(client, job)
    (tmp_path / "end").touch()
    support.soon(lambda: len(updates(client, job)) > len(told))
    assert set(updates(client, job)) == {2 if era == "modern" else None}
    client.process.terminate()
    assert client.process.wait(60) == 0
    if era == "modern":
        ended = client.reply(2)["result"]
        assert ended["_meta"][PREFIX + "subscriptionId"] == 2
    assert client.garbage == []


async def listen_to_a_job(client, directory):
    """What a real client is told of the first job it listens to."""
    begun = await client.call_tool(
        "py_run_script_in_dir",
        {"directory": str(directory), "script_content": WAITING, "async_mode": True},
    )
    uri = "job-stream://" + begun.structured_content["job_id"]
    async with client.listen(tools_list_changed=True, resource_subscriptions=[uri]) as heard:
        (directory / "more").touch()
        async for event in heard:
            break
    (directory / "end").touch()
    assert client.protocol_version == "2026-07-28"
    assert str(heard.honored.resource_subscriptions[0]) == uri
    assert not heard.honored.tools_list_changed
    assert str(event.uri) == uri


def test_a_real_client_listens_until_it_has_heard_enough(real_client, tmp_path):
    real_client(lambda client: listen_to_a_job(client, tmp_path))


def test_a_real_client_listens_over_http(web, tmp_path):
    async def work():
        async with Client(web().url) as client:
            await listen_to_a_job(client, tmp_path)

    asyncio.run(asyncio.wait_for(work(), 180))


def test_one_version_has_batches(serve):
    client = serve(initialize=False)
    assert client.initialize("2025-03-26")["result"]["protocolVersion"] == "2025-03-26"
    call = {"name": ALONE, "arguments": {"script_content": "print(1)"}}
    batch = [
        {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 2, "method": "ping"},
    ]
    seen = len(client.lines)
    client.send_bytes(json.dumps(batch).encode() + b"\n")
    with client.changed:
        assert client.changed.wait_for(lambda: len(client.lines) > seen, timeout=120)
    answers = {answer["id"]: answer["result"] for answer in json.loads(client.lines[seen])}
    assert answers[2] == {}
    assert answers[1]["structuredContent"]["stdout"] == "1\n"
