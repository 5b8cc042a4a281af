# SPDX-License-Identifier: Apache-2.0
"""What a client is shown before it calls anything: texts, pictures, prompts, completions, the page
of a run; and whose trace a run belongs to."""

import base64
import html.parser
import json
import re
from functools import partial
from pathlib import Path

import pytest

import support
from jobs import ALONE, IN_DIR, JobClient

RUNS = {ALONE, IN_DIR, "py_benchmark_script", "py_run_saved_script"}
PAGE = "ui://cordon/run"
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def jobs(client):
    return JobClient(client)


@pytest.fixture
def tools(client):
    return {tool["name"]: tool for tool in client.request(1, "tools/list")["result"]["tools"]}


def prompt(client, name, **arguments):
    return client.request(f"get {name}", "prompts/get", name=name, arguments=arguments)


def completed(client, ref, argument, value):
    ref = {"type": "ref/prompt", "name": ref} if "/" not in ref else {"type": "ref/resource", "uri": ref}
    argument = {"name": argument, "value": value}
    reply = client.request("complete", "completion/complete", ref=ref, argument=argument)
    client.replies.pop("complete")
    return reply["result"]["completion"]["values"] if "result" in reply else reply["error"]


# --- tools ----------------------------------------------------------------------------------------


def test_what_a_model_reads_of_the_tools_is_short(client, tools):
    texts = [tool["description"] for tool in tools.values()]
    assert all(60 < len(text) < 450 and "\n" not in text for text in texts)
    assert len(set(tool["title"] for tool in tools.values())) == len(tools)
    named = set(re.findall(r"py_\w+", " ".join(texts)))
    assert named <= set(tools)


def test_a_schema_names_one_type_at_a_time(tools):
    """Clients that map schemas to dialects of one type each drop the others."""

    def types(part):
        if isinstance(part, dict):
            yield from [part["type"]] if "type" in part else []
            for value in part.values():
                yield from types(value)
        elif isinstance(part, list):
            for value in part:
                yield from types(value)

    for tool in tools.values():
        found = [*types(tool["inputSchema"]), *types(tool["outputSchema"])]
        assert [one for one in found if isinstance(one, list)] == []


def test_instructions_name_only_tools_that_there_are(serve):
    client = serve(initialize=False)
    result = client.initialize()["result"]
    names = {tool["name"] for tool in client.request(1, "tools/list")["result"]["tools"]}
    assert set(re.findall(r"py_\w+", result["instructions"])) <= names
    assert len(result["instructions"]) < 1000
    assert result["serverInfo"]["icons"] and result["serverInfo"]["description"]


def test_what_reads_only_and_what_destroys_is_said(tools):
    said = {name: tool["annotations"] for name, tool in tools.items()}
    readers = {name for name, hints in said.items() if hints["readOnlyHint"]}
    assert readers == {"py_list_scripts", "py_list_jobs", "py_job_status"}
    harmless = {name for name, hints in said.items() if not hints["destructiveHint"]}
    assert harmless == readers | RUNS - {IN_DIR}
    assert not any(hints["openWorldHint"] for hints in said.values())


def test_pictures_are_small_and_need_no_network(client, tools):
    prompts = client.request(2, "prompts/list")["result"]["prompts"]
    for row in [*tools.values(), *prompts]:
        (icon,) = row["icons"]
        head, data = icon["src"].split(",", 1)
        assert head == "data:image/svg+xml;base64" and len(data) < 700
        picture = base64.b64decode(data, validate=True).decode()
        assert picture.startswith("<svg ") and picture.endswith("</svg>")
        assert icon["mimeType"] == "image/svg+xml"


# --- the page -------------------------------------------------------------------------------------


class Page(html.parser.HTMLParser):
    """Every element is closed, and nothing is loaded."""

    EMPTY = {"meta", "img", "input", "br", "link"}

    def __init__(self):
        super().__init__()
        self.open, self.addresses = [], []

    def handle_starttag(self, tag, attrs):
        self.addresses += [value for name, value in attrs if name in ("src", "href", "action")]
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_runs_have_a_page_that_loads_nothing(client, jobs, tools):
    with_page = {name for name, tool in tools.items() if "_meta" in tool}
    assert with_page == RUNS
    assert all(tools[name]["_meta"]["ui"]["resourceUri"] == PAGE for name in RUNS)
    (content,) = jobs.read(PAGE)["contents"]
    assert content["mimeType"] == "text/html;profile=mcp-app"
    assert "csp" not in content["_meta"]["ui"]  # it reaches no domain
    text = content["text"]
    page = Page()
    page.feed(text)
    page.close()
    assert page.open == [] and page.addresses == []
    assert set(re.findall(r"https?://[^\s\"')]+", text)) == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(", text)
    listed = client.request(3, "resources/list")["result"]["resources"]
    assert PAGE not in [row["uri"] for row in listed]


# --- resources ------------------------------------------------------------------------------------


def test_the_policies_are_told_in_a_few_words(client, jobs):
    listed = client.request(3, "resources/list")["result"]["resources"]
    assert "cordon://policies" in [row["uri"] for row in listed]
    said = json.loads(jobs.text("cordon://policies"))
    assert said["default"] == "default"
    rows = {row["name"]: row for row in said["policies"]}
    assert set(rows) == {"default", "strict"}
    for name, row in rows.items():
        whole = json.loads(jobs.text(f"cordon://policies/{name}"))
        assert row["limits"] == whole["limits"] and row["purpose"] == whole["purpose"]


def test_a_policy_that_cannot_be_read_is_said_beside_the_others(serve, tmp_path):
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"client_policies": ["default", "gone"]}))
    said = json.loads(JobClient(serve("--config", config)).text("cordon://policies"))
    first, second = said["policies"]
    assert first["name"] == "default" and "purpose" in first
    assert set(second) == {"name", "error"} and second["name"] == "gone"


# --- prompts --------------------------------------------------------------------------------------


def test_a_prompt_is_filled_with_what_was_given(client):
    reply = prompt(client, "fix_script", script="print(1", goal="prints {goal}")
    (message,) = reply["result"]["messages"]
    text = message["content"]["text"]
    assert message["role"] == "user"
    assert "print(1" in text and "prints {goal}" in text
    assert "{script" not in text and "directory {" not in text and "It is the file" not in text


@pytest.mark.parametrize("given", [{}, {"script": "1", "script_path": "a.py"}])
def test_a_prompt_without_its_script_is_refused(client, given):
    assert prompt(client, "fix_script", **given)["error"]["code"] == -32602


def test_a_prompt_about_a_job_has_its_record_and_its_output(client, jobs):
    job = jobs.start("print('what it said')", job_label="a label")
    jobs.ended(job)
    text, record, output = prompt(client, "explain_job", job_id=job)["result"]["messages"]
    assert job in text["content"]["text"]
    assert record["content"]["resource"]["uri"] == f"cordon://jobs/{job}"
    assert json.loads(record["content"]["resource"]["text"])["job"]["label"] == "a label"
    assert "what it said" in output["content"]["resource"]["text"]


@pytest.mark.parametrize(
    "name, arguments", [("explain_job", {"job_id": "6f1c"}), ("use_saved_script", {"script_name": "no"})]
)
def test_a_prompt_about_nothing_says_so(client, name, arguments):
    assert prompt(client, name, **arguments)["error"]["code"] == -32602


def test_a_prompt_about_a_saved_script_has_its_source(client, jobs):
    jobs.call("py_save_script", script_name="kept", source="print('kept')\n")
    text, source = prompt(client, "use_saved_script", script_name="kept")["result"]["messages"]
    assert "py_run_saved_script" in text["content"]["text"]
    assert source["content"]["resource"]["uri"] == "cordon://scripts/kept"
    assert "print('kept')" in source["content"]["resource"]["text"]


def test_prompts_name_only_tools_that_there_are(client, tools, jobs):
    jobs.call("py_save_script", script_name="kept", source="print('kept')\n")
    given = {"script_name": "kept", "job_id": jobs.start("print(1)"), "script": "print(1)"}
    named = set()
    for one in client.request("all", "prompts/list")["result"]["prompts"]:
        words = {
            word["name"]: given.get(word["name"], "x")
            for word in one["arguments"]
            if word.get("required") or word["name"] in given
        }
        texts = prompt(client, one["name"], **words)["result"]["messages"]
        named |= set(re.findall(r"\bpy_[a-z]\w+", json.dumps(texts)))
    assert named and named <= set(tools)


# --- completion -----------------------------------------------------------------------------------


def test_names_are_completed_where_they_are_asked_for(client, jobs):
    jobs.call("py_save_script", script_name="count_words", source="print(1)\n")
    jobs.call("py_save_script", script_name="other", source="print(2)\n")
    job = jobs.start("print(1)")
    for ref, argument in [
        ("explain_job", "job_id"),
        ("cordon://jobs/{job_id}", "job_id"),
        ("job-stream://{job_id}{?stream,offset,length}", "job_id"),
    ]:
        assert job in completed(client, ref, argument, "")
        assert completed(client, ref, argument, job[:-1]) == [job]
        assert completed(client, ref, argument, "zz") == []
    for ref, argument in [("use_saved_script", "script_name"), ("cordon://scripts/{name}", "name")]:
        assert completed(client, ref, argument, "co") == ["count_words"]
    for ref, argument in [("write_script", "policy"), ("cordon://policies/{name}", "name")]:
        assert completed(client, ref, argument, "") == ["default", "strict"]
    stream = "job-stream://{job_id}{?stream,offset,length}"
    assert completed(client, stream, "stream", "stde") == ["stderr"]
    jobs.ended(job)


def test_what_is_not_there_is_not_completed(client):
    assert completed(client, "fix_script", "script", "im") == []
    assert completed(client, "cordon://nothing/{name}", "name", "")["code"] == -32602
    assert completed(client, "nothing", "name", "")["code"] == -32602


def test_a_real_client_finds_prompts_and_completions(real_client):
    from mcp_types import PromptReference

    async def work(client):
        prompts = (await client.list_prompts()).prompts
        filled = await client.get_prompt("write_script", {"task": "count to ten", "policy": "strict"})
        ref = PromptReference(type="ref/prompt", name="write_script")
        names = await client.complete(ref, {"name": "policy", "value": "st"})
        return prompts, filled, names

    prompts, filled, names = real_client(work, "legacy")
    assert [row.name for row in prompts][:2] == ["fix_script", "compare_implementations"]
    assert "count to ten" in filled.messages[0].content.text
    assert names.completion.values == ["strict"]


# --- whose trace a run belongs to -----------------------------------------------------------------


def traced(client, number, trace):
    arguments = {"script_content": "print(1)", "async_mode": True}
    meta = {"traceparent": trace}
    reply = client.request(number, "tools/call", name=ALONE, arguments=arguments, _meta=meta)
    return reply["result"]["structuredContent"]["job_id"]


def audited(state, job):
    lines = Path(state, "gate/audit.log").read_text().splitlines()
    (line,) = [row for row in map(json.loads, lines) if row["job"] == job]
    return line["traceparent"]


def test_a_trace_goes_into_record_log_and_audit_line(client, jobs, state):
    def said(event):
        return [row for row in client.log.decode().splitlines() if f"event={event} job={job} " in row]

    job = traced(client, 1, TRACE)
    assert jobs.ended(job)["traceparent"] == TRACE
    assert json.loads(jobs.text(f"cordon://jobs/{job}"))["job"]["traceparent"] == TRACE
    assert audited(state, job) == TRACE
    for event in ("started", "ended"):
        support.soon(partial(said, event))
        assert said(event)[0].endswith(f" trace={TRACE}")


def test_a_trace_goes_along_where_jobs_do(client, jobs, run, tmp_path):
    job = traced(client, 1, TRACE)
    jobs.ended(job)
    elsewhere = ["--state", tmp_path / "elsewhere"]
    exported = run("jobs", "export").out
    assert run("jobs", "import", "-", *elsewhere, input=exported.encode()).exit == 0
    records = json.loads(run("jobs", "export", *elsewhere).out)
    assert records[job]["traceparent"] == TRACE


@pytest.mark.parametrize(
    "trace", [f"{TRACE}\n", "00-" + "0" * 32 + TRACE[35:], TRACE.upper(), 7, {"a": 1}, '","end":"exited']
)
def test_what_is_no_trace_counts_as_none(client, jobs, state, trace):
    job = traced(client, 1, trace)
    assert "traceparent" not in jobs.ended(job)
    assert audited(state, job) is None
