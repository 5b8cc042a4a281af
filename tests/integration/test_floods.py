# SPDX-License-Identifier: Apache-2.0
"""A client over standard input that asks for more than anybody could need, in both eras: each
message is answered as it must be, what is kept for it is bounded, and the server goes on."""

import json

import pytest
import support
from raw_http import META, RUN, legacy, megabytes, modern


@pytest.fixture(params=["legacy", "modern"])
def ask(request):
    return {"legacy": legacy, "modern": modern}[request.param]


def memory(client):
    return int(support.status(client.pid)["VmRSS"].split()[0]) * 1024


def send_all(client, messages):
    client.send_bytes(b"".join(json.dumps(message).encode() + b"\n" for message in messages))


def test_a_flood_of_requests_that_are_wrong_leaves_nothing_behind(client, ask):
    count = 20_000
    send_all(client, [ask(f"warm-{i}", "tools/call", name="none", arguments={}) for i in range(100)])
    client.reply("warm-99")
    before = memory(client)
    send_all(client, [ask(i, "tools/call", name="none", arguments={}) for i in range(1, count)])
    assert client.reply(count - 1)["error"]["code"] == -32602
    assert memory(client) - before < megabytes(16)
    assert all("error" in client.reply(i) for i in range(1, count, 97))


def test_a_flood_of_cancellations_of_nothing_is_ignored(client):
    before = memory(client)
    gone = {"jsonrpc": "2.0", "method": "notifications/cancelled"}
    send_all(client, [{**gone, "params": {"requestId": i}} for i in range(50_000)])
    assert client.request("after", "ping")["result"] == {}
    assert memory(client) - before < megabytes(8)


def test_a_flood_of_subscriptions_is_bounded_and_can_be_taken_back(client):
    count = 4000
    before = memory(client)
    listen = [
        modern(i, "subscriptions/listen", notifications={"toolsListChanged": True})
        for i in range(1, count + 1)
    ]
    send_all(client, listen)
    assert client.request("after", "ping")["result"] == {}
    refused = [i for i in range(1, count + 1) if i in client.replies]
    told = [line for line in client.lines if b"subscriptions/acknowledged" in line]
    assert len(told) + len(refused) == count
    assert refused and all("error" in client.replies[i] for i in refused)
    assert memory(client) - before < megabytes(20)
    gone = {"jsonrpc": "2.0", "method": "notifications/cancelled"}
    send_all(client, [{**gone, "params": {"requestId": i}} for i in range(1, count + 1)])
    client.send(id="again", method="ping")
    client.reply("again")
    send_all(client, [{**one, "id": f"second-{one['id']}"} for one in listen[: len(told)]])
    assert client.request("last-but-one", "ping")["result"] == {}
    more = [line for line in client.lines if b"subscriptions/acknowledged" in line]
    assert len(more) == 2 * len(told)


def test_an_address_that_is_subscribed_to_has_a_length(client):
    """It is kept as long as its session: 256 of fifteen megabytes would be more than there is."""
    ends = {"x:" + "a" * 1022: None, "x:" + "a" * 1023: -32602, "x:" + "a" * 15_000_000: -32602}
    for number, (uri, code) in enumerate(ends.items()):
        reply = client.request(f"s{number}", "resources/subscribe", uri=uri)
        assert reply.get("error", {}).get("code") == code
        for kind in ("resourceSubscriptions", "taskIds"):
            id = f"{kind}{number}"
            meta = {f"{META}clientCapabilities": {"extensions": {f"{META}tasks": {}}}}
            listen = modern(id, "subscriptions/listen", meta, notifications={kind: [uri]})
            send_all(client, [listen])
            if code:
                assert client.reply(id)["error"]["code"] == code
    told = [line for line in client.lines if b"subscriptions/acknowledged" in line]
    assert len(told) == 2


def test_a_flood_on_one_id_is_answered_once_while_it_is_in_use(client, ask):
    """And its first owner is not confused with the rest."""
    script = "import time; time.sleep(600)"
    call = ask("one", "tools/call", name=RUN, arguments={"script_content": script})
    send_all(client, [call] * 1000)
    client.send(method="notifications/cancelled", params={"requestId": "one"})
    assert client.request("after", "ping")["result"] == {}
    jobs = ask("jobs", "tools/call", name="py_list_jobs", arguments={"status_filter": "running"})
    support.soon(lambda: not running(client, jobs))


def test_a_batch_of_long_answers_is_cut_short(serve):
    """Sixty of six megabytes each would be more than a server may have."""
    client = serve(initialize=False)
    client.initialize("2025-03-26")
    script = "import sys\nfor _ in range(4):\n    sys.stdout.write(chr(0) * 1_000_000)"
    client.send(**legacy(1, "tools/call", name=RUN, arguments={"script_content": script}))
    result = json.loads(client.reply(1)["result"]["content"][0]["text"])
    uri = f"job-stream://{result['job_id']}?stream=stdout&offset=0&length=1048576"
    send_all(client, [[legacy(i, "resources/read", uri=uri) for i in range(60)]])
    client.send(id="after", method="ping")
    client.reply("after")
    answers = next(found for found in map(json.loads, client.lines) if isinstance(found, list))
    assert [answer["id"] for answer in answers] == list(range(60))
    refused = [answer["error"]["message"] for answer in answers if "error" in answer]
    assert 50 <= len(refused) < 60
    assert client.close() == 0


def running(client, jobs):
    client.replies.pop(jobs["id"], None)
    send_all(client, [jobs])
    return client.reply(jobs["id"])["result"]["structuredContent"]["total"]
