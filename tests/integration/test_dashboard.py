# SPDX-License-Identifier: Apache-2.0
"""The dashboard at `/`: what is served, to whom, and what its answers allow a browser. What it does in
one is in test_dashboard_browser.py."""

import hashlib
import json
import re

import pytest
import support
from web import Connection

RUN = "py_run_script_with_dependencies"
FILES = re.compile(r'(?:src|href)="(dashboard/[^"]+)"')
IMPORTS = re.compile(r'from "\./([^"]+)"')
ADDRESS = re.compile(r"https?://[^\s\"'`)]+")


def get(server, path, method="GET", body=None, **headers):
    """(status, headers, text)"""
    with Connection(server) as connection:
        connection.request(method, path, body, **headers)
        connection.head()
        text = b"" if method == "HEAD" else connection.body()
        return connection.status, connection.headers, text.decode()


def ask(server, method, **params):
    with Connection(server) as connection:
        connection.modern(1, method, **params)
        return connection.answer(1)["result"]


def call(server, name, **arguments):
    return ask(server, "tools/call", name=name, arguments=arguments)["structuredContent"]


def record_of(server, job):
    text = ask(server, "resources/read", uri=f"cordon://jobs/{job}")["contents"][0]["text"]
    return json.loads(text)["job"]


@pytest.fixture
def state(tmp_path):
    """Of the test alone: what has run is listed."""
    return tmp_path / "state"


@pytest.fixture
def server(web):
    return web()


@pytest.fixture
def files(server):
    """Every file of the pages, from the first one on: name -> (headers, text)."""
    found, wanted = {}, ["/"]
    while wanted:
        path = wanted.pop()
        status, headers, text = get(server, path)
        assert status == 200, path
        found[path] = headers, text
        more = FILES.findall(text) + [f"dashboard/{name}" for name in IMPORTS.findall(text)]
        wanted += [f"/{name}" for name in set(more) if f"/{name}" not in {*found, *wanted}]
    return found


def test_each_file_is_served_as_what_it_is(files):
    types = {path.rpartition(".")[2]: headers["content-type"] for path, (headers, _) in files.items()}
    assert types == {
        "/": "text/html; charset=utf-8",
        "css": "text/css; charset=utf-8",
        "js": "text/javascript; charset=utf-8",
        "svg": "image/svg+xml",
    }
    assert sum(len(text) for _, text in files.values()) < 150_000


def test_a_browser_may_load_nothing_from_elsewhere(files):
    for path, (headers, text) in files.items():
        policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
        assert policy["default-src"] == "'none'", path
        assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
        assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
        assert policy["require-trusted-types-for"] == "'script'"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert set(ADDRESS.findall(text)) <= {"http://www.w3.org/2000/svg"}, path


def test_the_page_has_no_script_or_style_of_its_own(files):
    _, text = files["/"]
    assert re.findall(r"<script[^>]*>", text) == ['<script type="module" src="dashboard/main.js">']
    assert "<style" not in text and not re.search(r"\sstyle=|\son\w+=", text)


def test_what_a_browser_has_is_not_sent_again(server, files):
    tags = {headers["etag"] for headers, _ in files.values()}
    assert len(tags) == len(files)
    headers = files["/dashboard/main.js"][0]
    status, again, text = get(server, "/dashboard/main.js", If_None_Match=headers["etag"])
    assert (status, text) == (304, "") and again["etag"] == headers["etag"]
    assert get(server, "/dashboard/main.js", If_None_Match='"other"')[0] == 200


def test_it_is_only_read(server):
    assert get(server, "/", "HEAD")[0] == 200
    status, headers, _ = get(server, "/", "POST", b"{}", Content_Type="application/json")
    assert (status, headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    "path", ["/dashboard", "/dashboard/", "/dashboard/dashboard.c", "/dashboard/../main.js", "/index.html"]
)
def test_nothing_else_is_there(server, path):
    assert get(server, path)[0] == 404


def test_no_other_name_of_this_machine_opens_it(server):
    assert get(server, "/", host="rebound.example")[0] == 403
    assert get(server, "/", Origin="https://other.example")[0] == 403


def test_the_page_needs_no_token_and_what_it_asks_does(web, tmp_path):
    token = "dashboard-0123456789abcdef"
    tokens = tmp_path / "tokens"
    tokens.write_text(f"ann {hashlib.sha256(token.encode()).hexdigest()}\n")
    tokens.chmod(0o644)
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"principals": {"ann": {}}, "http": {"tokens": str(tokens)}}))
    config.chmod(0o644)
    server = web("--config", config)
    assert get(server, "/")[0] == 200
    for headers, status in (({}, 401), ({"Authorization": f"Bearer {token}"}, 200)):
        with Connection(server) as connection:
            connection.modern(1, "tools/call", headers, name="py_list_jobs", arguments={})
            assert connection.reply()[0] == status


def test_what_was_asked_for_is_in_a_list_and_in_a_record(server):
    job = call(server, RUN, script_content="print('ü')", async_mode=True)["job_id"]
    (row,) = call(server, "py_list_jobs")["jobs"]
    assert (row["id"], row["tool"], row["policy"]) == (job, RUN, "default")
    support.soon(lambda: record_of(server, job)["status"] == "completed")
    record = record_of(server, job)
    assert record["output"] == {"stdout_bytes": 3, "stderr_bytes": 0}
    assert (record["tool"], record["policy"]) == (RUN, "default")


USES = """import time
block = bytearray(60_000_000)
while time.process_time() < 0.3: pass
print('used', flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("start", ["spawn", "pool", "fork"])
def test_who_looks_at_a_run_sees_what_it_uses(web, tmp_path, start):
    policies = tmp_path / "policies"
    policies.mkdir()
    support.policy_file(policies, "default", start=start)
    server = web("--policies", policies)
    if start != "spawn":
        support.soon(lambda: call(server, RUN, script_content="print(1)")["layers"]["start"] == "on")
    job = call(server, RUN, script_content=USES, async_mode=True)["job_id"]
    support.soon(lambda: record_of(server, job)["output"]["stdout_bytes"] > 0)

    def seen():
        usage = record_of(server, job).get("usage") or {}
        return usage.get("memory_mb", 0) > 50 and usage["cpu_seconds"] > 0.25 and usage

    support.soon(seen)
    usage = seen()
    assert record_of(server, job)["limits"]["memory_mb"] == 1024
    assert usage["processes"] == 1
    call(server, "py_cancel_job", job_id=job)
    told = record_of(server, job)["result"]["usage"]
    used = told["cpu_user_seconds"] + told["cpu_system_seconds"]
    assert abs(used - usage["cpu_seconds"]) < 0.2
    assert usage["wall_seconds"] < told["wall_seconds"]
    assert usage["memory_mb"] < told["peak_memory_mb"] * 1.1 + 5


def test_who_only_asks_how_it_stands_has_nothing_read(server):
    job = call(server, RUN, script_content=USES, async_mode=True)["job_id"]
    for _ in range(3):
        support.soon(lambda: call(server, "py_job_status", job_id=job)["job"]["status"] == "running")
        assert "usage" not in call(server, "py_job_status", job_id=job)["job"]
    call(server, "py_cancel_job", job_id=job)
