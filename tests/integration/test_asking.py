# SPDX-License-Identifier: Apache-2.0
"""Tools that ask their client before they answer, over standard input and output, in both eras.

The official suite (tests/conformance) asks over HTTP alone. The product asks nobody; the fixtures
of the suite do, on the same core, and are built but not installed.
"""

import asyncio
import contextlib

import pytest
import support

FIXTURES = "cordon-conformance"
PLAIN = {"io.modelcontextprotocol/protocolVersion": "2026-07-28"}
CAN = "io.modelcontextprotocol/clientCapabilities"


@contextlib.contextmanager
def fixtures(cordon):
    program = cordon.parent / FIXTURES
    if not program.exists():
        pytest.skip(f"{FIXTURES} is built and not installed")
    client = support.RawClient([program], {}, "/")
    try:
        yield client
        assert client.close() == 0, client.log
        assert not client.garbage
    finally:
        client.process.kill()


def modern(number, tool, capabilities, **params):
    return {
        "id": number,
        "method": "tools/call",
        "params": {"name": tool, "_meta": {**PLAIN, CAN: capabilities}, **params},
    }


def asked(client, count=1):
    """The first requests of the server, once there are so many."""
    with client.changed:
        found = []

        def there():
            found[:] = [support.json.loads(line) for line in client.lines if b'"method"' in line]
            return len(found) >= count or client.ended

        client.changed.wait_for(there, 60)
    assert len(found) >= count, client.log
    return found


def text_of(reply):
    (block,) = reply["result"]["content"]
    return block["text"]


ACCEPT = {"action": "accept", "content": {"name": "Alice"}}


def test_an_older_client_is_sent_requests_and_the_call_goes_on_with_its_answers(cordon):
    with fixtures(cordon) as client:
        client.request(
            0,
            "initialize",
            protocolVersion="2025-11-25",
            capabilities={"sampling": {}, "elicitation": {}, "roots": {}},
            clientInfo={"name": "raw", "version": "1"},
        )
        client.start_call(1, "test_input_required_result_multiple_inputs")
        requests = {request["method"]: request for request in asked(client, 3)}
        assert set(requests) == {"elicitation/create", "sampling/createMessage", "roots/list"}
        assert client.request(2, "ping")["result"] == {}
        # In another order than they were asked, and one as an error.
        client.send(id=requests["roots/list"]["id"], result={"roots": []})
        client.send(id=requests["elicitation/create"]["id"], result=ACCEPT)
        client.send(
            id=requests["sampling/createMessage"]["id"],
            result={"role": "assistant", "model": "m", "content": {"type": "text", "text": "Hi"}},
        )
        assert text_of(client.reply(1)) == "Alice of [ ]: Hi"


def test_a_newer_client_comes_back_with_its_answers_and_the_state(cordon):
    tool, can = "test_input_required_result_multi_round", {"elicitation": {}}
    with fixtures(cordon) as client:
        client.send(**modern(1, tool, can))
        first = client.reply(1)["result"]
        assert first["resultType"] == "input_required"
        assert list(first["inputRequests"]) == ["step1"]
        answers = {"step1": ACCEPT}
        client.send(
            **modern(2, tool, can, inputResponses=answers, requestState=first["requestState"])
        )
        second = client.reply(2)["result"]
        assert list(second["inputRequests"]) == ["step2"]
        blue = {"step2": {"action": "accept", "content": {"color": "blue"}}}
        client.send(
            **modern(3, tool, can, inputResponses=blue, requestState=second["requestState"])
        )
        assert text_of(client.reply(3)) == "Alice likes blue"
        # The first state was used up, and one of another tool is no state of this.
        for number, name, state in (
            (4, tool, first["requestState"]),
            (5, "test_input_required_result_request_state", second["requestState"]),
            (6, tool, "0" * len(first["requestState"])),
        ):
            client.send(**modern(number, name, can, inputResponses=answers, requestState=state))
            assert client.reply(number)["error"]["code"] == -32602


def test_a_state_belongs_to_its_request(cordon):
    tool, can = "test_input_required_result_request_state", {"elicitation": {}}
    other = "test_input_required_result_tampered_state"
    answers = {"confirm": {"action": "accept", "content": {"ok": True}}}
    with fixtures(cordon) as client:
        client.send(**modern(1, tool, can))
        state = client.reply(1)["result"]["requestState"]
        client.send(**modern(2, other, can, inputResponses=answers, requestState=state))
        assert client.reply(2)["error"]["code"] == -32602
        client.send(**modern(3, tool, can, inputResponses=answers, requestState=state))
        assert text_of(client.reply(3)) == "state-ok, confirmed: true"


@pytest.mark.parametrize("era", ["older", "newer"])
def test_who_cannot_be_asked_is_told_what_is_missing(cordon, era):
    with fixtures(cordon) as client:
        if era == "older":
            client.initialize()
            client.start_call(1, "test_missing_capability")
            error = client.reply(1)["error"]
        else:
            client.send(**modern(1, "test_missing_capability", {}))
            error = client.reply(1)["error"]
            assert error["code"] == -32021
        assert error["data"]["requiredCapabilities"] == {"sampling": {}}


def test_a_call_that_waits_for_an_answer_can_be_cancelled(cordon):
    with fixtures(cordon) as client:
        client.request(
            0,
            "initialize",
            protocolVersion="2025-11-25",
            capabilities={"elicitation": {}},
            clientInfo={"name": "raw", "version": "1"},
        )
        client.start_call(1, "test_elicitation_sep1034_defaults")
        (request,) = asked(client)
        client.send(method="notifications/cancelled", params={"requestId": 1})
        assert client.request(2, "ping")["result"] == {}
        client.send(id=request["id"], result=ACCEPT)
        assert client.request(3, "ping")["result"] == {}
        assert 1 not in client.replies


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_the_official_client_answers_for_its_person_its_model_and_its_roots(cordon, mode):
    from mcp import Client, StdioServerParameters, types

    program = cordon.parent / FIXTURES
    if not program.exists():
        pytest.skip(f"{FIXTURES} is built and not installed")

    async def person(context, asked):
        return types.ElicitResult(action="accept", content={"name": "Alice", "color": "blue"})

    async def model(context, asked):
        text = types.TextContent(type="text", text="Hi")
        return types.CreateMessageResult(role="assistant", model="m", content=text)

    async def roots(context):
        return types.ListRootsResult(roots=[types.Root(uri="file:///r")])

    async def talk():
        client = Client(
            StdioServerParameters(command=str(program)),
            mode=mode,
            elicitation_callback=person,
            sampling_callback=model,
            list_roots_callback=roots,
        )
        async with client:
            twice = await client.call_tool("test_input_required_result_multi_round", {})
            at_once = await client.call_tool("test_input_required_result_multiple_inputs", {})
            return twice.content[0].text, at_once.content[0].text

    twice, at_once = asyncio.run(asyncio.wait_for(talk(), 180))
    assert twice == "Alice likes blue"
    assert at_once.startswith("Alice of") and "file:" in at_once and at_once.endswith(": Hi")
