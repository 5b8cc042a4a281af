# SPDX-License-Identifier: Apache-2.0
"""The dashboard at `/`: what is served, to whom, and what its answers allow a browser. What it does in
one is in test_dashboard_browser.py."""

import hashlib
import json
import re

import pytest
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
    def ask(method, **params):
        with Connection(server) as connection:
            connection.modern(1, method, **params)
            return connection.answer(1)["result"]

    def call(name, **arguments):
        return ask("tools/call", name=name, arguments=arguments)["structuredContent"]

    job = call(RUN, script_content="print('ü')", async_mode=True)["job_id"]
    (row,) = call("py_list_jobs")["jobs"]
    assert (row["id"], row["tool"], row["policy"]) == (job, RUN, "default")
    while call("py_job_status", job_id=job)["job"]["status"] in ("pending", "running"):
        pass
    record = json.loads(ask("resources/read", uri=f"cordon://jobs/{job}")["contents"][0]["text"])["job"]
    assert record["output"] == {"stdout_bytes": 3, "stderr_bytes": 0}
    assert (record["tool"], record["policy"]) == (RUN, "default")
