# SPDX-License-Identifier: Apache-2.0
"""Who asks over HTTP, what of the others he sees (nothing), and how much he may have."""

import base64
import hashlib
import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import package_index
import pytest
import support
import web as http

ALONE = "py_run_script_with_dependencies"
NAMES = ("ann", "bob", "eve", "boss")
TOKENS = {name: f"{name}-{'0123456789abcdef' * 2}" for name in NAMES}
SLEEPS = "import time\nprint('begun', flush=True)\ntime.sleep(600)"
PRINCIPALS = {
    "ann": {},
    "bob": {},
    "eve": {
        "scopes": ["run", "jobs"],
        "quotas": {"running": 2, "waiting": 50, "memory": "256M", "cpu": "1h"},
    },
    "boss": {"scopes": ["admin"]},
}


def token_lines(names=NAMES, **more):
    tokens = {**{name: TOKENS[name] for name in names}, **more}
    return "".join(
        f"{name.split('-')[0]} {hashlib.sha256(token.encode()).hexdigest()}\n"
        for name, token in tokens.items()
    )


def write(path, text):
    """Replaced as a whole: a server may be reading it."""
    new = path.with_suffix(".new")
    new.write_text(text)
    new.chmod(0o644)
    new.rename(path)
    return path


def configured(directory, **more):
    """A configuration with these principals, and a file with their tokens."""
    settings = {"principals": {**PRINCIPALS, **more.pop("principals", {})}, **more}
    settings.setdefault("http", {"tokens": str(write(directory / "tokens", token_lines()))})
    return write(directory / "config.json", json.dumps(settings))


@pytest.fixture
def state(tmp_path):
    """Of the test alone: what principals have is counted."""
    return tmp_path / "state"


@pytest.fixture
def server(web, tmp_path):
    return web("--config", configured(tmp_path))


class Asker:
    """One principal; a connection of its own for each request."""

    def __init__(self, server, token):
        self.server, self.token = server, token

    def headers(self):
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    def ask(self, method, **params):
        """(status, headers, reply)"""
        with http.Connection(self.server) as connection:
            connection.modern(1, method, headers=self.headers(), **params)
            reply = connection.answer(1)
            return connection.status, connection.headers, reply

    def get(self, path):
        with http.Connection(self.server) as connection:
            connection.request("GET", path, **self.headers())
            status, body = connection.reply()
            return status, connection.headers, body

    def call(self, tool, **arguments):
        return self.ask("tools/call", name=tool, arguments=arguments)[2]["result"]

    def text(self, tool, **arguments):
        return json.dumps(self.call(tool, **arguments))

    def job(self, code, **more):
        result = self.call(ALONE, script_content=code, async_mode=True, **more)
        assert not result["isError"], result
        return result["structuredContent"]["job_id"]

    def record(self, job):
        return self.call("py_job_status", job_id=job)["structuredContent"]["job"]

    def ended(self, job):
        support.soon(lambda: self.record(job)["status"] not in ("pending", "running"))
        return self.record(job)


def asker(server, name):
    return Asker(server, TOKENS[name])


# --- who is served -------------------------------------------------------------------------------


def test_who_shows_no_token_is_told_how(server):
    status, headers, reply = Asker(server, None).ask("tools/list")
    assert status == 401
    assert headers["www-authenticate"] == 'Bearer scope="run jobs scripts"'
    assert "Authorization" in reply["error"]["message"]


def test_a_token_that_is_none_is_refused(server):
    for token in ("x", TOKENS["ann"][:-1], TOKENS["ann"] + "0", "eyJhbGciOiJub25lIn0.e30.AAAA"):
        status, headers, reply = Asker(server, token).ask("tools/list")
        assert status == 401, token
        assert headers["www-authenticate"].startswith('Bearer error="invalid_token", '), headers
        assert token not in json.dumps(reply)


@pytest.mark.parametrize("value", ["Bearer", "Bearer a b", "Bearer a,b", 'Bearer "a"'])
def test_a_header_that_is_none_is_malformed(server, value):
    with http.Connection(server) as connection:
        connection.modern(1, "tools/list", headers={"Authorization": value})
        status, _ = connection.reply()
        assert status == 400
        assert 'error="invalid_request"' in connection.headers["www-authenticate"]


def test_two_tokens_are_none(server):
    with http.Connection(server) as connection:
        both = [f"Bearer {TOKENS['ann']}", f"Bearer {TOKENS['bob']}"]
        connection.modern(1, "tools/list", headers={"Authorization": both})
        assert connection.reply()[0] == 400


def test_a_token_elsewhere_is_not_looked_at(server):
    message, headers = http.modern(1, "tools/list")
    body = json.dumps(message).encode()
    for path in (f"/mcp?access_token={TOKENS['ann']}", f"/mcp?Authorization={TOKENS['ann']}"):
        with http.Connection(server) as connection:
            more = {"Accept": http.BOTH, "Content_Type": "application/json", **headers}
            connection.request("POST", path, body, **more)
            assert connection.reply()[0] == 401


def test_with_a_token_one_is_served(server):
    assert asker(server, "ann").ask("tools/list")[0] == 200
    assert asker(server, "ann").call(ALONE, script_content="print(6 * 7)")["structuredContent"][
        "stdout"
    ].startswith("42")


def test_who_watches_needs_none_but_for_the_metrics(server):
    nobody = Asker(server, None)
    assert nobody.get("/healthz")[0] == 200
    assert nobody.get("/readyz")[0] == 200
    assert nobody.get("/metrics")[0] == 401
    status, headers, _ = asker(server, "ann").get("/metrics")
    assert status == 403
    assert 'scope="admin"' in headers["www-authenticate"]
    status, _, text = asker(server, "boss").get("/metrics")
    assert status == 200 and "cordon_" in text
    assert nobody.get("/.well-known/oauth-protected-resource/mcp")[0] == 404


def test_no_token_is_in_the_log(server):
    asker(server, "ann").ask("tools/list")
    Asker(server, "wrong-token-0123456789").ask("tools/list")
    server.stop()
    assert b"wrong-token" not in server.log
    for token in TOKENS.values():
        assert token.encode() not in server.log
        assert hashlib.sha256(token.encode()).hexdigest().encode() not in server.log


# --- what is another's is not there, verb by verb -------------------------------------------------


def test_jobs_of_another_principal_are_not_there(server, state):
    ann, bob = asker(server, "ann"), asker(server, "bob")
    job = ann.job(SLEEPS)
    support.soon(lambda: "begun" in json.dumps(ann.record(job)))
    for _ in ("while it runs", "when it has ended"):
        assert "not found" in bob.text("py_job_status", job_id=job)
        assert "not found" in bob.text("py_cancel_job", job_id=job)
        assert bob.call("py_list_jobs")["structuredContent"] == {"jobs": [], "total": 0}
        pruned = bob.call("py_prune_jobs", keep_completed=False, keep_failed=False, max_age_hours=0)
        assert pruned["structuredContent"] == {"removed": 0, "remaining": 0}
        addresses = [f"job-stream://{job}", f"job-stream://{job}?stream=stdout&offset=0"]
        for uri in [*addresses, f"cordon://jobs/{job}"]:
            _, _, reply = bob.ask("resources/read", uri=uri)
            assert reply["error"]["code"] == -32602, reply
        assert job not in json.dumps(bob.ask("resources/list")[2])
        reference = {"type": "ref/resource", "uri": "cordon://jobs/{job_id}"}
        argument = {"name": "job_id", "value": job[:4]}
        completed = bob.ask("completion/complete", ref=reference, argument=argument)[2]
        assert job not in json.dumps(completed)
        for verb in ("tasks/get", "tasks/cancel"):
            assert "error" in bob.ask(verb, taskId=job)[2], verb
        status = ann.record(job)["status"]
        if status == "running":
            ended = ann.call("py_cancel_job", job_id=job)["structuredContent"]["status"]
            assert ended == "cancelled"
    assert ann.record(job)["status"] == "cancelled"
    runs = [json.loads(line) for line in (state / "gate/audit.log").read_text().splitlines()]
    assert {run["principal"] for run in runs} == {"ann"}


def test_scripts_of_another_principal_are_not_there(server):
    ann, bob = asker(server, "ann"), asker(server, "bob")
    saved = ann.call("py_save_script", script_name="hers", source="print('hers')")
    assert saved["structuredContent"]["written"]
    assert bob.call("py_list_scripts")["structuredContent"] == {"scripts": [], "total": 0}
    assert "no saved script" in bob.text("py_run_saved_script", script_name="hers")
    assert "error" in bob.ask("resources/read", uri="cordon://scripts/hers")[2]
    assert "hers" not in json.dumps(bob.ask("resources/list")[2])
    mine = bob.call("py_save_script", script_name="hers", source="print('his')", overwrite=True)
    assert mine["structuredContent"]["written"]
    assert "hers" in ann.call("py_run_saved_script", script_name="hers")["structuredContent"]["stdout"]


def test_environments_of_another_principal_are_not_used(web, tmp_path, state):
    with package_index.serving(package_index.wheel("alpha")) as index:
        uv = {"CORDON_UV": os.environ["CORDON_UV"], **index.env}
        # A box that is made ahead may make the environment before the run does that asked for it.
        server = web("--config", configured(tmp_path, pool={"size": 0}), env=uv)
        asked = {"script_content": "import alpha", "dependencies": ["alpha"]}
        for name in ("ann", "bob"):
            made = [asker(server, name).call(ALONE, **asked)["structuredContent"] for _ in range(2)]
            assert [one["exit_code"] for one in made] == [0, 0], made
            assert [one["environment"]["cached"] for one in made] == [False, True], name
    kept = {path.name for path in (state / "gate/environments").iterdir()}
    assert kept == {"ann", "bob"}


def test_a_session_is_good_for_its_principal_alone(server):
    with http.Connection(server) as connection:
        connection.post(http.initialize(), Authorization=f"Bearer {TOKENS['ann']}")
        assert connection.reply()[0] == 200
        session = connection.headers["mcp-session-id"]
    listing = {"jsonrpc": "2.0", "id": 2, "method": "tools/list"}
    wanted = {"ann": 200, "bob": 404}
    for name in ("bob", "ann", "bob"):
        with http.Connection(server) as connection:
            headers = {"Mcp_Session_Id": session, "MCP_Protocol_Version": "2025-11-25"}
            connection.post(listing, Authorization=f"Bearer {TOKENS[name]}", **headers)
            assert connection.reply()[0] == wanted[name]
    with http.Connection(server) as connection:
        headers = {"Mcp_Session_Id": session, "Authorization": f"Bearer {TOKENS['bob']}"}
        connection.request("DELETE", "/mcp", **headers)
        assert connection.reply()[0] == 404


def test_a_directory_lies_below_ones_own_roots(web, tmp_path):
    homes = {name: tmp_path / f"home-{name}" for name in ("ann", "bob")}
    for name, home in homes.items():
        home.mkdir()
        home.chmod(0o755)
        write(home / "who.py", f"print('of {name}')")
    own = {name: {"roots": [str(home)]} for name, home in homes.items()}
    server = web("--root", tmp_path, "--config", configured(tmp_path, principals=own))
    for name, home in homes.items():
        for other, place in homes.items():
            directory = {"directory": str(place), "script_path": "who.py"}
            result = asker(server, name).call("py_run_script_in_dir", **directory)
            if other == name:
                assert result["structuredContent"]["stdout"] == f"of {name}\n", result
            else:
                assert result["isError"] and str(home) in json.dumps(result)
                assert "of " + other not in json.dumps(result)
        script = str(homes["ann"] / "who.py")
        result = asker(server, name).call(ALONE, script_path=script)
        assert result["isError"] == (name != "ann"), result


def test_what_was_there_before_is_the_local_ones(server, start, state):
    recorded = support.finish(
        start("run", "--state", state, "--no-uv", "--job", "--json", "-c", "print(1)")
    )
    job = recorded.json()["job_id"]
    for name in NAMES:
        assert "not found" in asker(server, name).text("py_job_status", job_id=job)


# --- scopes ------------------------------------------------------------------------------------------

ARGUMENTS = {
    "script_content": "1",
    "script_name": "x",
    "source": "1",
    "job_id": "x",
    "directory": "/tmp",
}
NEEDS = {
    "py_run_script_in_dir": {"run"},
    ALONE: {"run"},
    "py_benchmark_script": {"run"},
    "py_run_saved_script": {"run", "scripts"},
    "py_save_script": {"scripts"},
    "py_list_scripts": {"scripts"},
    "py_job_status": {"jobs"},
    "py_list_jobs": {"jobs"},
    "py_cancel_job": {"jobs"},
    "py_prune_jobs": {"jobs"},
}
READS = {
    "job-stream://x": {"jobs"},
    "cordon://jobs/x": {"jobs"},
    "cordon://scripts/x": {"scripts"},
    "cordon://metrics": {"admin"},
}


PROMPTS = {
    "explain_job": ({"job_id": "x"}, {"jobs"}),
    "use_saved_script": ({"script_name": "x"}, {"scripts"}),
}
LISTENS = {
    "resourceSubscriptions": [(uri, needs) for uri, needs in READS.items()],
    "taskIds": [("x", {"run"})],
}


def every_way(tools):
    """(method, parameters, the scopes that it needs)"""
    for tool, needs in tools.items():
        yield "tools/call", {"name": tool, "arguments": {}}, needs
    for uri, needs in READS.items():
        yield "resources/read", {"uri": uri}, needs
    for prompt, (arguments, needs) in PROMPTS.items():
        yield "prompts/get", {"name": prompt, "arguments": arguments}, needs
    for kind, rows in LISTENS.items():
        for what, needs in rows:
            yield "subscriptions/listen", {"notifications": {kind: ["cordon://check", what]}}, needs


def test_every_verb_needs_its_scopes(web, tmp_path):
    one_each = {scope: {"scopes": [scope]} for scope in ("run", "jobs", "scripts")}
    one_each["none"] = {"scopes": []}
    tokens = {name: f"{name}-token-0123456789abcdef" for name in one_each}
    config = configured(tmp_path, principals=one_each)
    write(tmp_path / "tokens", token_lines((), **tokens))
    server = web("--config", config)
    listed = Asker(server, tokens["none"]).ask("tools/list")[2]["result"]["tools"]
    assert {tool["name"] for tool in listed} == set(NEEDS), "a tool that this test does not know"
    for name, token in tokens.items():
        for method, params, needs in every_way(NEEDS):
            if needs <= {name} and method == "subscriptions/listen":
                continue  # it would not end
            status, headers, reply = Asker(server, token).ask(method, **params)
            if needs <= {name}:
                assert status in (200, 400), (name, params)
                continue
            assert status == 403, (name, params, reply)
            challenge = headers["www-authenticate"]
            assert 'error="insufficient_scope"' in challenge
            words = challenge.partition('scope="')[2].partition('"')[0]
            assert needs <= set(words.split()), (name, params, challenge)
            assert reply["id"] == 1 and "error" in reply


# --- how much ------------------------------------------------------------------------------------------


def test_runs_at_once_are_as_many_as_the_quota_says_under_load(server):
    eve = asker(server, "eve")
    code = "import time\ntime.sleep(0.3)"
    records = [eve.ended(job) for job in [eve.job(code) for _ in range(10)]]
    assert all(record["status"] == "completed" for record in records), records
    moments = [(record["started_at"], 1) for record in records]
    moments += [(record["completed_at"], -1) for record in records]
    under_way = most = 0
    for _, step in sorted(moments, key=lambda moment: (moment[0], moment[1])):
        under_way += step
        most = max(most, under_way)
    assert most <= 2


def test_memory_and_cpu_time_are_shared_out(server):
    eve = asker(server, "eve")
    limits = eve.call(ALONE, script_content="1")["structuredContent"]["limits"]
    assert limits["memory_mb"] == 128
    assert limits["cpu_seconds"] <= 1800
    refused = eve.call(ALONE, script_content="1", memory_mb=200)
    assert refused["isError"]
    assert "200M is more than the 128M" in refused["structuredContent"]["error"]


def test_calls_beyond_the_rate_are_told_when_to_come_back(web, tmp_path):
    slow = {"eve": {"rates": {"calls_per_minute": 5}}}
    server = web("--config", configured(tmp_path, principals=slow))
    eve, begin = asker(server, "eve"), time.monotonic()
    replies = [eve.ask("tools/list") for _ in range(30)]
    spent = time.monotonic() - begin
    served = [status for status, _, _ in replies].count(200)
    assert 5 <= served <= 6 + spent / 12
    status, headers, reply = next(one for one in replies if one[0] != 200)
    assert status == 429 and 1 <= int(headers["retry-after"]) <= 12
    assert "5 calls a minute" in reply["error"]["message"]
    assert asker(server, "ann").ask("tools/list")[0] == 200, "another one waits for her"


def test_runs_of_an_hour_are_counted_across_restarts(web, tmp_path):
    few = {"eve": {"rates": {"runs_per_hour": 2}}}
    config = configured(tmp_path, principals=few)
    for expected in (False, True):
        server = web("--config", config)
        eve = asker(server, "eve")
        results = [eve.call(ALONE, script_content="1")["isError"] for _ in range(2)]
        assert results == [expected, expected]
        server.stop()
    assert "quota" not in json.dumps(results)


def test_each_run_of_a_benchmark_counts(web, tmp_path):
    few = {"eve": {"rates": {"runs_per_hour": 5}}}
    eve = asker(web("--config", configured(tmp_path, principals=few)), "eve")

    def measured(runs, warmup):
        return eve.call(
            "py_benchmark_script", script_content="1", runs=runs, warmup=warmup, async_mode=True
        )

    said = measured(5, 1)["structuredContent"]["error"]
    assert "5 runs an hour, and these are 6" in said
    assert not measured(2, 1)["isError"]
    said = measured(3, 0)["structuredContent"]["error"]
    assert "has begun 3, to which 3 would come" in said
    assert not measured(1, 1)["isError"]
    assert eve.call(ALONE, script_content="1")["isError"]


def test_the_local_one_is_bounded_too(serve, tmp_path):
    bounded = {"local": {"scopes": ["run"], "rates": {"runs_per_hour": 1}}}
    local = serve("--config", configured(tmp_path, principals=bounded))
    assert not local.call(1, ALONE, script_content="1")["isError"]
    refused = local.call(2, ALONE, script_content="1")
    assert refused["isError"] and "1 runs an hour" in json.dumps(refused)
    local.send(jsonrpc="2.0", id=3, method="tools/call", params={"name": "py_list_jobs"})
    assert local.reply(3)["error"]["code"] == 403


# --- the operator's files -------------------------------------------------------------------------------


def test_tokens_are_read_anew_on_sighup(server, tmp_path):
    ann, fresh = asker(server, "ann"), Asker(server, "a-fresh-token-0123456789")
    assert fresh.ask("tools/list")[0] == 401

    def said(what):
        support.soon(lambda: server.log.count(b"event=" + what) > 0)

    write(tmp_path / "tokens", token_lines(("bob",), **{"ann-2": fresh.token}))
    server.process.send_signal(signal.SIGHUP)
    said(b"reloaded")
    assert fresh.ask("tools/list")[0] == 200
    assert ann.ask("tools/list")[0] == 401
    write(tmp_path / "tokens", "ann nonsense\n")
    server.process.send_signal(signal.SIGHUP)
    said(b"not-reloaded")
    assert fresh.ask("tools/list")[0] == 200
    (tmp_path / "tokens").chmod(0o666)
    server.process.send_signal(signal.SIGHUP)
    support.soon(lambda: server.log.count(b"event=not-reloaded") > 1)
    assert fresh.ask("tools/list")[0] == 200
    (tmp_path / "tokens").unlink()
    server.process.send_signal(signal.SIGHUP)
    support.soon(lambda: server.log.count(b"event=not-reloaded") > 2)
    said = server.log[server.log.rindex(b"event=not-reloaded") :].decode()
    assert f"open {tmp_path}/tokens: No such file or directory" in said
    assert fresh.ask("tools/list")[0] == 200


def refused_to_serve(start, *arguments):
    result = support.finish(start("serve", *arguments))
    assert result.exit == 125, result
    return result.err


def test_other_machines_are_let_in_with_tokens_alone(start, web, tmp_path):
    plain = write(tmp_path / "plain.json", "{}")
    words = refused_to_serve(start, "--config", plain, "--http", "0.0.0.0:0")
    assert "configure http.tokens or http.oauth" in words
    server = web("--config", configured(tmp_path), "--http", "0.0.0.0:0")
    server.address = ("127.0.0.1", server.address[1])
    assert asker(server, "ann").ask("tools/list")[0] == 200


@pytest.mark.parametrize(
    "text, mode, words",
    [
        ("mallory 00\n", 0o644, "and mallory is none; there are: ann, bob, eve, boss"),
        ("ann secret-as-it-is\n", 0o644, "line 1: after the principal the SHA-256"),
        ("", 0o666, "can be written by others"),
    ],
)
def test_a_file_of_tokens_that_cannot_be_used_ends_the_start(start, tmp_path, text, mode, words):
    config = configured(tmp_path)
    write(tmp_path / "tokens", text).chmod(mode)
    said = refused_to_serve(start, "--config", config, "--http", "127.0.0.1:0")
    assert words in said and "secret-as-it-is" not in said


def test_a_policy_that_is_not_there_ends_the_start(start, tmp_path):
    config = configured(tmp_path, principals={"ann": {"policies": ["strict", "nosuch"]}})
    said = refused_to_serve(start, "--config", config, "--http", "127.0.0.1:0")
    assert 'principals.ann.policies: no policy is named "nosuch"; there are: ' in said
    assert "strict" in said.partition("there are: ")[2]


def test_an_empty_file_of_tokens_is_told(web, tmp_path):
    config = configured(tmp_path)
    write(tmp_path / "tokens", "# nobody yet\n")
    server = web("--config", config)
    assert asker(server, "ann").ask("tools/list")[0] == 401
    support.soon(lambda: b"event=no-tokens" in server.log.replace(b'"', b""))


def test_the_log_says_whose_a_run_is(server):
    ann = asker(server, "ann")
    assert not ann.call(ALONE, script_content="1")["isError"]
    assert not ann.call("py_save_script", script_name="one", source="1")["isError"]

    def told(event):
        lines = server.log.decode().replace('"', "").splitlines()
        return any(f"event={event} " in line and "principal=ann" in line for line in lines)

    for event in ("started", "ended", "saved"):
        support.soon(lambda event=event: told(event))


# --- OAuth -------------------------------------------------------------------------------------------------

ISSUER, AUDIENCE = "https://as.example", "https://cordon.example/mcp"


def unpadded(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class AuthorisationServer:
    """Its key, made by openssl, and what it signs with it (RS256)."""

    def __init__(self, directory, name):
        self.name, self.key = name, directory / f"{name}.pem"
        make = ["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]
        self.openssl(*make, "-out", self.key)
        modulus = self.openssl("rsa", "-in", self.key, "-noout", "-modulus").decode()
        number = bytes.fromhex(modulus.strip().partition("=")[2])
        self.public = {"kty": "RSA", "kid": name, "use": "sig", "n": unpadded(number), "e": "AQAB"}

    @staticmethod
    def openssl(*words, given=None):
        done = subprocess.run(["openssl", *map(str, words)], input=given, capture_output=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def token(self, subject, scope="run jobs scripts", **more):
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": subject,
            "exp": int(time.time()) + 3600,
            "scope": scope,
            **more,
        }
        parts = [{"alg": "RS256", "typ": "at+jwt", "kid": self.name}, claims]
        text = ".".join(unpadded(json.dumps(part).encode()) for part in parts)
        signature = self.openssl("dgst", "-sha256", "-sign", self.key, given=text.encode())
        return f"{text}.{unpadded(signature)}"


@pytest.fixture(scope="module")
def issuers(tmp_path_factory):
    directory = tmp_path_factory.mktemp("issuers")
    return AuthorisationServer(directory, "one"), AuthorisationServer(directory, "two")


def key_set(*issuers):
    return json.dumps({"keys": [issuer.public for issuer in issuers]}, indent=1)


@pytest.fixture
def guarded(cordon, web, tmp_path, issuers):
    """A server that believes the first issuer."""
    places = [cordon.parent / "cordon-oauth", cordon.parent / "../libexec/cordon/cordon-oauth"]
    if not any(place.exists() for place in places):
        pytest.skip("cordon was built without libcjose")
    keys = write(tmp_path / "keys", key_set(issuers[0]))
    oauth = {"issuer": ISSUER, "audience": AUDIENCE, "keys": str(keys)}
    tokens = str(write(tmp_path / "tokens", token_lines()))
    named = {"ann": {"subject": "auth0|ann"}, "*": {"scopes": ["run", "jobs"]}}
    config = configured(tmp_path, principals=named, http={"oauth": oauth, "tokens": tokens})
    return web("--config", config)


def test_a_client_learns_where_tokens_are_had(guarded):
    status, headers, _ = Asker(guarded, None).ask("tools/list")
    address = "https://cordon.example/.well-known/oauth-protected-resource/mcp"
    assert status == 401 and f'resource_metadata="{address}"' in headers["www-authenticate"]
    status, _, document = Asker(guarded, None).get("/.well-known/oauth-protected-resource/mcp")
    assert status == 200
    assert document["resource"] == AUDIENCE
    assert document["authorization_servers"] == [ISSUER]
    assert document["scopes_supported"] == ["run", "jobs", "scripts", "admin"]
    assert document["bearer_methods_supported"] == ["header"]


def test_a_jwt_of_the_issuer_is_good(guarded, issuers):
    mine = Asker(guarded, issuers[0].token("auth0|ann"))
    job = mine.job("print('by jwt')")
    assert "by jwt" in json.dumps(mine.ended(job))
    assert asker(guarded, "ann").record(job)["status"] == "completed", "two tokens of one principal"
    assert "not found" in asker(guarded, "bob").text("py_job_status", job_id=job)


def test_whoever_has_no_entry_is_a_principal_of_his_own(guarded, issuers):
    one, two = (Asker(guarded, issuers[0].token(subject)) for subject in ("x", "y"))
    job = one.job("print(1)")
    one.ended(job)
    assert "not found" in two.text("py_job_status", job_id=job)
    again = Asker(guarded, issuers[0].token("x", jti="another"))
    assert again.record(job)["status"] == "completed"
    assert one.ask("tools/call", name="py_list_scripts", arguments={})[0] == 403


def test_a_jwt_has_no_more_scopes_than_it_says(guarded, issuers):
    runs = Asker(guarded, issuers[0].token("auth0|ann", scope="openid run"))
    assert not runs.call(ALONE, script_content="1")["isError"]
    status, headers, _ = runs.ask("tools/call", name="py_list_jobs", arguments={})
    assert status == 403 and 'scope="jobs"' in headers["www-authenticate"]
    assert "resource_metadata=" in headers["www-authenticate"]
    boss = Asker(guarded, issuers[0].token("auth0|ann", scope="admin"))
    assert boss.get("/metrics")[0] == 403, "the principal has not that scope"


def test_a_session_lends_its_scopes_to_no_other_token(guarded, issuers):
    """To one that is good for more it is; from then on the first one is good for too little."""
    few, many, other = (
        f"Bearer {issuers[0].token('auth0|ann', scope=scope)}"
        for scope in ("run jobs", "run jobs scripts", "scripts")
    )
    headers = {}

    def ask(token, method, **params):
        message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        with http.Connection(guarded) as connection:
            connection.post(message, Authorization=token, **headers)
            reply = connection.answer(1)
            return connection.status, connection.headers, reply

    _, begun, _ = ask(few, "initialize", **http.initialize()["params"])
    headers = {"Mcp_Session_Id": begun["mcp-session-id"], "MCP_Protocol_Version": "2025-11-25"}
    scripts = {"name": "py_list_scripts", "arguments": {}}
    assert ask(few, "tools/call", **scripts)[0] == 403
    assert ask(few, "resources/list")[0] == 200
    for method in ("resources/list", "tools/list", "ping"):
        status, head, _ = ask(other, method)
        assert status == 403 and 'scope="run jobs"' in head["www-authenticate"], method
    with http.Connection(guarded) as connection:
        listening = {"Accept": "text/event-stream", "Authorization": other}
        connection.request("GET", "/mcp", **listening, **headers)
        assert connection.reply()[0] == 403
    status, _, reply = ask(many, "tools/call", **scripts)
    assert status == 200 and not reply["result"]["isError"]
    assert ask(few, "ping")[0] == 403


def listener(server, token):
    """A stream that is open for as long as the token is good."""
    heard = http.Connection(server)
    wanted = {"notifications": {"toolsListChanged": True}}
    heard.modern(1, "subscriptions/listen", headers=Asker(server, token).headers(), **wanted)
    assert heard.head() == 200 and next(heard.messages())
    return heard


def test_who_listens_does_so_no_longer_than_his_token_is_good(server, tmp_path):
    with listener(server, TOKENS["ann"]) as ann, listener(server, TOKENS["bob"]) as bob:
        write(tmp_path / "tokens", token_lines(("bob",)))
        server.process.send_signal(signal.SIGHUP)
        with pytest.raises(EOFError):
            list(ann.events())
        assert asker(server, "ann").ask("tools/list")[0] == 401
        # His would have ended with the other.
        assert asker(server, "bob").ask("tools/list")[0] == 200
        bob.socket.settimeout(0.1)
        with pytest.raises(TimeoutError):
            list(bob.events())


@pytest.mark.skipif(not os.environ.get("FULL"), reason="takes over half a minute: ./dev test --full")
def test_who_listens_hears_no_more_when_his_jwt_expires(guarded, issuers):
    token = issuers[0].token("auth0|ann", exp=int(time.time()) + 5)
    with listener(guarded, token) as heard, pytest.raises(EOFError):
        list(heard.events())
    assert Asker(guarded, token).ask("tools/list")[0] == 401


BAD = {
    "expired": ({"exp": 1}, "expired"),
    "for another server": ({"aud": "https://other.example/mcp"}, "meant for somebody else"),
    "of another issuer": ({"iss": "https://evil.example"}, "another issuer"),
    "not good yet": ({"nbf": 99999999999}, "not good yet"),
}


@pytest.mark.parametrize("how", BAD)
def test_a_jwt_that_is_not_good_is_refused(guarded, issuers, how):
    claims, words = BAD[how]
    status, headers, _ = Asker(guarded, issuers[0].token("auth0|ann", **claims)).ask("tools/list")
    assert status == 401
    assert 'error="invalid_token"' in headers["www-authenticate"]
    assert words in headers["www-authenticate"]


def test_a_jwt_of_another_key_is_good_once_the_key_is(guarded, issuers, tmp_path):
    old, new = (Asker(guarded, issuer.token("auth0|ann")) for issuer in issuers)
    assert old.ask("tools/list")[0] == 200
    assert new.ask("tools/list")[0] == 401
    write(tmp_path / "keys", key_set(issuers[1]))
    guarded.process.send_signal(signal.SIGHUP)
    support.soon(lambda: b"event=reloaded what=keys" in guarded.log)
    assert new.ask("tools/list")[0] == 200
    assert old.ask("tools/list")[0] == 401


def test_who_judges_tokens_has_a_cage_and_its_death_opens_nothing(guarded, issuers):
    (judge,) = [
        pid
        for pid in support.children(guarded.front)
        if b"cordon-oauth" in Path("/proc", str(pid), "cmdline").read_bytes()
    ]
    status = support.status(judge)
    if "asan" not in os.environ.get("CORDON_BUILD", "") and b"cage-off" not in guarded.log:
        assert status["Seccomp"] == "2" and status["NoNewPrivs"] == "1"
    if os.getuid() == 0:
        assert status["Uid"].split()[0] != "0"
    os.kill(judge, signal.SIGKILL)
    mine = Asker(guarded, issuers[0].token("auth0|ann"))
    support.soon(lambda: mine.ask("tools/list")[0] == 503)
    assert asker(guarded, "ann").ask("tools/list")[0] == 200, "other tokens go on"


def test_without_an_entry_for_anybody_he_is_refused(web, cordon, tmp_path, issuers):
    if not shutil.which("openssl"):
        pytest.skip("openssl is not there")
    places = [cordon.parent / "cordon-oauth", cordon.parent / "../libexec/cordon/cordon-oauth"]
    if not any(place.exists() for place in places):
        pytest.skip("cordon was built without libcjose")
    keys = write(tmp_path / "keys", key_set(issuers[0]))
    oauth = {"issuer": ISSUER, "audience": AUDIENCE, "keys": str(keys)}
    server = web("--config", configured(tmp_path, http={"oauth": oauth}))
    status, headers, _ = Asker(server, issuers[0].token("x")).ask("tools/list")
    assert status == 401 and "nobody here is its subject" in headers["www-authenticate"]
