# SPDX-License-Identifier: Apache-2.0
"""The only way out: what a policy lets out gets out, and nothing else does, whatever it is called."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import textwrap
from pathlib import Path

import pytest
import support
import world as small_internet

# Each of these leads back into somebody's own network, and each would answer.
INWARD = [
    "loopback.test",
    "loopback6.test",
    "mapped.test",
    "own.test",
    "neighbour.test",
    "zero.test",
    "metadata.test",
    "metadata6.test",
    "private.test",
    "private6.test",
    "shared.test",
    "nat64.test",
    "filed-inward.test",
    "localhost",
]

# What scripts in the tests have to begin with: a look at an address, and a plain word to the proxy.
PRELUDE = """
import socket, sys, urllib.error, urllib.request

def look(url, timeout=60, **more):
    try:
        return urllib.request.urlopen(url, timeout=timeout, **more).read().decode()
    except urllib.error.HTTPError as error:
        return f"{error.code} {error.read().decode().strip()}"
    except OSError as error:
        return f"failed: {error}"

def say(text, end=True):
    with socket.create_connection(("127.0.0.1", 3128), 60) as proxy:
        proxy.sendall(text.encode())
        if end:
            proxy.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: proxy.recv(65536), b""))

def tunnel(to):
    proxy = socket.create_connection(("127.0.0.1", 3128), 60)
    proxy.sendall(f"CONNECT {to} HTTP/1.1\\r\\nHost: {to}\\r\\n\\r\\n".encode())
    head = b""
    while not head.endswith(b"\\r\\n\\r\\n"):
        piece = proxy.recv(1)
        if not piece:
            break
        head += piece
    return proxy, head.decode()
"""


@pytest.fixture(scope="module")
def world():
    try:
        world = small_internet.World()
    except (OSError, small_internet.Unavailable) as error:
        pytest.skip(f"no network namespaces to be had here: {error}")
    yield world
    world.close()


@pytest.fixture(scope="module")
def shipped(tmp_path_factory):
    """The shipped policies as files of our own: root's are nobody's in a namespace without root."""
    directory = tmp_path_factory.mktemp("policies")
    for path in (support.SOURCE / "policies").glob("*.json"):
        shutil.copy(path, directory)
    return directory


@pytest.fixture
def policy(tmp_path):
    """policy(HOST..., private=False) -> file of a policy that is the default one but for that."""

    def make(*hosts, private=False, name="out"):
        text = json.loads((support.SOURCE / "policies/default.json").read_text())
        text["name"] = name
        text["network"] = {"hosts": list(hosts), "private": private, "why": "the tests' own hosts"}
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps(text))
        path.chmod(0o644)
        return path

    return make


@pytest.fixture
def out(world, cordon, state, shipped):
    """out(CODE, *OPTIONS) -> the result object of that code, run in the small Internet."""

    def run(code, *options):
        script = PRELUDE + textwrap.dedent(code)
        words = [cordon, "run", "--policies", shipped, "--json", *options, "-c", script]
        env = support.clean_environment(CORDON_STATE=str(state))
        _, out, err = world.run(words, env)
        assert out, err
        result = json.loads(out)
        assert result["end"] == "exited", result["error"]
        assert "egress-died" not in err, err
        return result

    return run


def denied(result):
    return {row["name"]: row["count"] for row in result["denied"] if row["what"] == "host"}


# --- who gets out ---------------------------------------------------------------------------------


def test_an_allowed_host_answers_and_another_does_not(out, policy, world):
    world.hits()
    result = out(
        """
        print(look("http://web.test/allowed"))
        print(look("http://other.test/refused"))
        print(look("http://other.test/refused"))
        """,
        "--policy",
        policy("web.test"),
    )
    lines = result["stdout"].splitlines()
    assert lines[0] == "hello from 203.0.113.80"
    assert lines[1].startswith("403 cordon: other.test is not among the hosts")
    assert denied(result) == {"other.test": 2}
    assert world.hits() == ["203.0.113.80 /allowed"]
    assert result["layers"]["egress"] == "on"


def test_a_tunnel_carries_bytes_both_ways_to_their_end(out, policy):
    result = out(
        """
        proxy, head = tunnel("web.test:443")
        print(head.splitlines()[0])
        proxy.sendall(b"there and back")
        proxy.shutdown(socket.SHUT_WR)
        print(b"".join(iter(lambda: proxy.recv(100), b"")))
        print(tunnel("other.test:443")[1].splitlines()[0])
        """,
        "--policy",
        policy("web.test"),
    )
    assert result["stdout"].splitlines() == [
        "HTTP/1.1 200 Connection established",
        "b'there and back'",
        "HTTP/1.1 403 Forbidden by policy out",
    ]
    assert denied(result) == {"other.test": 1}


def test_a_wildcard_is_all_below_and_not_the_name_itself(out, policy):
    result = out(
        """
        for name in ("sub.web.test", "deep.sub.web.test", "web.test", "evilweb.test"):
            print(look(f"http://{name}/").split()[0])
        """,
        "--policy",
        policy("*.web.test"),
    )
    assert result["stdout"].split() == ["hello", "hello", "403", "403"]


def test_ports_are_the_usual_two_or_the_one_that_is_named(out, policy):
    code = """
    for address in ("web.test", "web.test:8080"):
        print(look(f"http://{address}/").split()[0])
    """
    usual = out(code, "--policy", policy("web.test"))
    named = out(code, "--policy", policy("web.test:8080"))
    assert usual["stdout"].split() == ["hello", "403"]
    assert named["stdout"].split() == ["403", "hello"]
    assert denied(usual) == {"web.test:8080": 1}


def test_an_address_counts_only_where_it_is_listed_itself(out, policy):
    code = 'print(look("http://203.0.113.80/")); print(look("http://[2a00:9::80]/"))'
    by_name = out(code, "--policy", policy("web.test", "six.test"))
    listed = out(code, "--policy", policy("203.0.113.80", "[2a00:9::80]"))
    assert [line[:3] for line in by_name["stdout"].splitlines()] == ["403", "403"]
    assert denied(by_name) == {"203.0.113.80": 1, "[2a00:9::80]": 1}
    assert listed["stdout"].splitlines() == ["hello from 203.0.113.80", "hello from 2a00:9::80"]


def test_names_lead_to_either_family_and_past_dead_addresses(out, policy):
    names = ["six.test", "both.test", "dead.test", "filed.test"]
    result = out(
        f"for name in {names}: print(look(f'http://{{name}}/'))", "--policy", policy(*names)
    )
    assert result["stdout"].splitlines() == [
        "hello from 2a00:9::80",
        "hello from 203.0.113.80",
        "hello from 203.0.113.80",
        "hello from 203.0.113.80",
    ]


def test_pip_finds_its_way(out, policy):
    """A client of the kind that people use: urllib3's idea of a proxy."""
    if subprocess.run([support.SYSTEM_PYTHON, "-c", "import pip"], capture_output=True).returncode:
        pytest.skip("no pip on this machine")
    result = out(
        """
        from pip._vendor import requests
        print(requests.get("http://web.test/pip").text)
        print(requests.get("http://other.test/pip").status_code)
        try:
            requests.get("https://other.test/pip")
        except requests.exceptions.ProxyError as error:
            print("403 Forbidden by policy out" in str(error))
        """,
        "--python",
        support.SYSTEM_PYTHON,
        "--policy",
        policy("web.test"),
    )
    assert result["stdout"].splitlines() == ["hello from 203.0.113.80", "403", "True"]


# --- who does not -----------------------------------------------------------------------------------


def test_without_a_box_every_inward_address_answers(world):
    """Else the next tests would prove nothing."""
    names = [name for name in INWARD if name not in ("nat64.test", "mapped.test")]
    code = PRELUDE + f"print([look(f'http://{{name}}/', 5)[:5] for name in {names}])"
    answer = world.run([support.SYSTEM_PYTHON, "-c", code], support.clean_environment())
    assert answer[1].strip() == str(["hello"] * len(names)), answer


def test_no_name_leads_back_inward(out, policy, world):
    world.hits()
    result = out(
        f"""
        for name in {INWARD}:
            print(say(f"GET http://{{name}}/ HTTP/1.1\\r\\n\\r\\n").decode().split("\\r\\n\\r\\n")[1].strip())
        """,
        "--policy",
        policy(*INWARD),
    )
    for name, line in zip(INWARD, result["stdout"].splitlines(), strict=True):
        assert line.startswith(f"cordon: {name} leads to a"), line
    assert denied(result) == dict.fromkeys(INWARD, 1)
    assert world.hits() == []


def test_of_many_addresses_only_the_public_ones_are_used(out, policy, world):
    world.hits()
    result = out('print(look("http://mixed.test/x"))', "--policy", policy("mixed.test"))
    assert result["stdout"].strip() == "hello from 203.0.113.80"
    assert world.hits() == ["203.0.113.80 /x"]


def test_a_redirect_is_judged_like_any_request(out, policy, world):
    world.hits()
    targets = ["http://169.254.169.254/latest", "http://127.0.0.1:8080/", "http://loopback.test/"]
    result = out(
        f"""
        # Without this the second would be the box's own loopback.
        urllib.request.install_opener(urllib.request.build_opener(
            urllib.request.ProxyHandler({{"http": "http://127.0.0.1:3128"}})))
        urllib.request.proxy_bypass = lambda host, *_: False
        for target in {targets}:
            print(look("http://web.test/redirect?" + urllib.request.quote(target)))
        """,
        "--policy",
        policy("web.test", "loopback.test"),
    )
    assert [line[:3] for line in result["stdout"].splitlines()] == ["403"] * 3, result
    assert denied(result) == {"169.254.169.254": 1, "127.0.0.1:8080": 1, "loopback.test": 1}
    assert all(hit.startswith("203.0.113.80 /redirect") for hit in world.hits())


def test_a_name_that_changes_its_mind_gains_nothing(out, policy, world):
    world.hits()
    result = out(
        'for _ in range(3): print(look("http://rebind.test/").split()[0])', "--policy", policy("rebind.test")
    )
    assert result["stdout"].splitlines() == ["hello", "403", "403"]
    assert world.hits() == ["203.0.113.80 /"]


def test_private_opens_private_networks_and_never_a_clouds_metadata(out, policy):
    names = ["private.test", "own.test", "loopback.test", "metadata.test", "metadata6.test"]
    result = out(
        f"for name in {names}: print(look(f'http://{{name}}/').split()[0])",
        "--policy",
        policy(*names, private=True),
    )
    assert result["stdout"].split() == ["hello", "hello", "hello", "403", "403"]


def test_requests_that_could_be_read_in_two_ways_go_nowhere(out, policy, world):
    world.hits()
    requests = [
        "GET http://web.test@127.0.0.1/ HTTP/1.1\r\n\r\n",
        "GET http://2130706433/ HTTP/1.1\r\n\r\n",
        "GET http://web.test/ HTTP/1.1\r\nA: b\n\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: web.test\r\n\r\n",
        "POST http://web.test/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "CONNECT web.test HTTP/1.1\r\n\r\n",
        "GET http://web.test/" + "a" * 9000 + " HTTP/1.1\r\n\r\n",
        "\x16\x03\x01\x00\x05hello\r\n\r\n",
    ]
    result = out(
        f"for text in {requests}: print(say(text).split()[1].decode())",
        "--policy",
        policy("web.test"),
    )
    assert result["stdout"].split() == ["400", "400", "400", "501", "411", "400", "431", "400"]
    assert world.hits() == []
    assert denied(result) == {}


def test_a_second_request_behind_the_first_is_not_sent_on(out, policy, world):
    world.hits()
    result = out(
        """
        print(say("GET http://web.test/first HTTP/1.1\\r\\n\\r\\n"
                  "GET /second HTTP/1.1\\r\\nHost: other.test\\r\\n\\r\\n").count(b"hello"))
        print(say("POST http://web.test/third HTTP/1.1\\r\\nContent-Length: 2\\r\\n\\r\\nab"
                  "GET /fourth HTTP/1.1\\r\\nHost: other.test\\r\\n\\r\\n")[-7:])
        """,
        "--policy",
        policy("web.test"),
    )
    assert result["stdout"].splitlines() == ["1", "b'2 bytes'"]
    assert world.hits() == ["203.0.113.80 /first"]


def test_headers_meant_for_a_proxy_stay_with_it(out, policy):
    result = out(
        """
        print(say("GET http://web.test/headers HTTP/1.1\\r\\nHost: other.test\\r\\nX-Mine: 1\\r\\n"
                  "Proxy-Authorization: Basic x\\r\\nProxy-Connection: close\\r\\n\\r\\n").decode())
        """,
        "--policy",
        policy("web.test"),
    )
    seen = result["stdout"]
    assert "Host: web.test" in seen and "X-Mine: 1" in seen and "other.test" not in seen
    assert "Proxy-" not in seen


# --- more than one box wants --------------------------------------------------------------------------


def test_ten_megabytes_pass_intact(out, policy):
    result = out(
        """
        import hashlib, os, threading
        body = urllib.request.urlopen("http://web.test/big").read()
        print(len(body), body == body[:1024] * (len(body) // 1024))
        print(look("http://web.test/", data=bytes(10485760)))
        proxy, _ = tunnel("web.test:443")
        block = os.urandom(65536)
        def send():
            for _ in range(160):
                proxy.sendall(block)
            proxy.shutdown(socket.SHUT_WR)
        threading.Thread(target=send).start()
        back = b"".join(iter(lambda: proxy.recv(65536), b""))
        print(back == block * 160)
        """,
        "--policy",
        policy("web.test"),
    )
    assert result["stdout"].splitlines() == ["10485760 True", "10485760 bytes", "True"], result


def test_a_reader_that_does_not_read_holds_only_its_own_writer(out, policy):
    result = out(
        """
        stuck = [socket.create_connection(("127.0.0.1", 3128)) for _ in range(20)]
        for sock in stuck:
            sock.sendall(b"GET http://web.test/big HTTP/1.1\\r\\n\\r\\n")
        print(look("http://web.test/"))
        """,
        "--policy",
        policy("web.test"),
    )
    assert result["stdout"].strip() == "hello from 203.0.113.80"


def test_those_who_drip_give_way_to_those_who_ask(out, policy):
    """And a name server that is silent is an answer too: ten seconds go to both at once."""
    result = out(
        """
        silent, *slow = [socket.create_connection(("127.0.0.1", 3128)) for _ in range(64)]
        silent.sendall(b"GET http://silent.test/ HTTP/1.1\\r\\n\\r\\n")
        for sock in slow:
            sock.sendall(b"GET http://web.test/ HTTP/1.1\\r\\n")
        print(look("http://web.test/", 60))
        print(slow[0].recv(100).split(b"\\r\\n")[0].decode())
        print(b"".join(iter(lambda: silent.recv(65536), b"")).decode())
        """,
        "--policy",
        policy("web.test", "silent.test"),
    )
    asked, dripped, *silent = result["stdout"].splitlines()
    assert (asked, dripped) == ("hello from 203.0.113.80", "HTTP/1.1 408 Request Timeout")
    assert re.match("HTTP/1.1 50[24] ", silent[0]), silent
    assert any(line.startswith("cordon: silent.test: ") for line in silent), silent
    assert denied(result) == {}


def test_a_stranger_cannot_make_the_list_of_denials_long(out, policy):
    result = out(
        'for n in range(100): say(f"CONNECT n{n}.test:443 HTTP/1.1\\r\\n\\r\\n")',
        "--policy",
        policy("web.test"),
    )
    assert len(denied(result)) == 64
    assert result["denied_omitted"] == 36


# --- the command line -----------------------------------------------------------------------------------


def test_the_person_at_the_command_line_may_open_a_host(out):
    result = out(
        'print(look("http://web.test/")); print(look("http://other.test/")[:3])',
        "--allow-host",
        "WEB.test",
    )
    assert result["stdout"].splitlines() == ["hello from 203.0.113.80", "403"]
    assert result["policy"] == "default"


def test_an_address_that_was_typed_is_meant_and_a_name_is_not(out):
    code = """
    print(say("GET http://127.0.0.1:8080/ HTTP/1.1\\r\\n\\r\\n")[-9:])
    print(look("http://loopback.test:8080/")[:3])
    """
    result = out(code, "--allow-host", "127.0.0.1:8080", "--allow-host", "loopback.test:8080")
    assert result["stdout"].splitlines() == ["b'127.0.0.1'", "403"]


@pytest.mark.parametrize("host", ["", "http://a.b", "a..b", "*.org", "a.b:0", "1.2", "a b", "::1"])
def test_what_is_no_host_is_one_clear_line(run, host):
    result = run("exec", "--allow-host", host, "--", "/bin/true")
    assert result.exit == 125
    assert result.err.startswith("cordon: --allow-host") and result.err.count("\n") == 1


@pytest.mark.parametrize("name", ["HTTP_PROXY", "https_proxy", "ALL_PROXY", "no_proxy"])
@pytest.mark.parametrize("options", [[], ["--allow-host", "example.org"]], ids=["closed", "open"])
def test_the_names_of_the_proxy_are_cordons_own(run, name, options):
    result = run("exec", *options, "--env", f"{name}=http://evil.test", "--", "/bin/true")
    assert result.exit == 126
    assert "one of the names cordon sets for its proxy" in result.err


def test_a_box_without_hosts_has_neither_proxy_nor_process(start):
    process = start("exec", "--", "/bin/sh", "-c", "env; echo done; read x")
    lines = []
    while lines[-1:] != [b"done\n"]:
        lines.append(process.stdout.readline())
        assert lines[-1], process.stderr.read()
    assert not [line for line in lines if b"proxy" in line.lower()]
    assert not egress_processes(process.pid)
    process.communicate(b"\n")


def test_a_client_gets_the_policys_hosts_and_cannot_add_any(serve, shipped, policy, tmp_path):
    shutil.copy(policy("web.test"), shipped)
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"client_policies": ["default", "out"]}))
    config.chmod(0o600)
    client = serve("--policies", shipped, "--config", config)
    code = PRELUDE + 'print(tunnel("other.test:443")[1].splitlines()[0])'
    result = client.call(
        1, "py_run_script_in_dir", script_content=code, directory=str(tmp_path), policy="out"
    )["structuredContent"]
    assert result["stdout"] == "HTTP/1.1 403 Forbidden by policy out\n", result
    assert result["denied"] == [{"what": "host", "name": "other.test", "count": 1}]
    more = client.call(
        2,
        "py_run_script_in_dir",
        script_content=code,
        directory=str(tmp_path),
        policy="out",
        allow_host="other.test",
    )
    assert more["isError"] and "allow_host" in more["content"][0]["text"]


# --- the process and its cage ---------------------------------------------------------------------------


def egress_processes(beneath):
    return [pid for pid in support.descendants(beneath) if "egress" in support.processes().get(pid, "")]


@pytest.fixture
def open_box(start):
    """A box with a way out that waits; -> its cordon process, the egress process's pid."""

    def make():
        process = start("exec", "--allow-host", "example.org", "--", "/bin/sh", "-c", "echo up; read x")
        assert process.stdout.readline() == b"up\n", process.stderr.read()
        (pid,) = egress_processes(process.pid)
        return process, pid

    return make


def test_the_process_stands_in_a_cage(open_box):
    process, pid = open_box()
    status = support.status(pid)
    assert {value for name, value in status.items() if name.startswith("Cap")} == {"0" * 16}
    assert status["NoNewPrivs"] == "1" and status["Seccomp"] == "2"
    assert status["Groups"].strip() == "" or not support.ROOT
    uids = set(status["Uid"].split())
    assert uids != {"0"} if support.ROOT else uids == {str(os.getuid())}
    if support.ROOT:
        init = next(p for p in support.descendants(process.pid) if p != pid and p != process.pid
                    and support.status(p).get("NSpid", "").split()[-1:] == ["1"])
        assert set(support.status(init)["Uid"].split()) == uids
        kinds = [os.readlink(f"/proc/{pid}/fd/{fd}").split(":")[0] for fd in os.listdir(f"/proc/{pid}/fd")]
        assert set(kinds) <= {"/dev/null", "socket", "anon_inode", "pipe"}, kinds
        assert Path(f"/proc/{pid}/environ").read_bytes() == b""
    else:
        with pytest.raises(PermissionError):  # undumpable
            os.listdir(f"/proc/{pid}/fd")
    process.communicate(b"\n")
    assert process.returncode == 0 and not Path(f"/proc/{pid}").exists()


@pytest.mark.parametrize("victim", ["cordon", "supervisor", "init", "egress"])
def test_whoever_is_killed_nothing_is_left(open_box, victim):
    process, egress = open_box()
    family = support.descendants(process.pid)
    init = next(p for p in family if support.status(p).get("NSpid", "").split()[-1:] == ["1"])
    supervisor = int(support.status(egress)["PPid"])
    os.kill({"cordon": process.pid, "supervisor": supervisor, "init": init, "egress": egress}[victim],
            signal.SIGKILL)
    if victim == "egress":
        process.stdin.write(b"\n")  # the run itself goes on
        process.stdin.flush()
    process.wait(60)
    if victim == "egress":
        assert process.returncode == 0
    support.soon(lambda: not [p for p in family if Path(f"/proc/{p}").exists()
                              and support.status(p)["State"][0] not in "ZX"])


def test_network_namespaces_go_with_their_boxes(cordon, shipped, tmp_path):
    """A listener or a connection that somebody still held would keep its namespace."""
    client = tmp_path / "client.py"
    client.write_text("import socket; socket.create_connection(('127.0.0.1', 3128)).send(b'G')")
    box = [cordon, "--state", tmp_path / "state", "exec", "--policies", shipped, "--quiet"]
    box += ["--allow-host", "example.org", "--read", client, "--", support.SYSTEM_PYTHON, client]
    script = textwrap.dedent(
        f"""
        echo 6 >/proc/sys/user/max_net_namespaces || exit 77
        exec unshare --user --map-user=1000 --map-group=1000 -- sh -c '
            failures=0 boxes=0
            while [ $boxes -lt 15 ] && [ $failures -lt 200 ]; do
                if {shlex.join(map(str, box))}
                then boxes=$((boxes + 1)); else failures=$((failures + 1)); sleep 0.1; fi
            done
            echo $boxes boxes'
        """
    )
    done = subprocess.run(["unshare", "--user", "--map-root-user", "sh", "-c", script],
                          env=support.clean_environment(), capture_output=True, text=True, timeout=300)
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip(f"no user namespaces to count in: {done.stderr[-200:]}")
    assert done.stdout == "15 boxes\n", (done.stdout, done.stderr[-1000:])


def test_many_boxes_have_each_their_own(out, policy):
    """Two at once, one after the other in their questions: neither sees the other's rules."""
    result = out('print(look("http://other.test/")[:3])', "--policy", policy("web.test", name="one"))
    other = out('print(look("http://other.test/")[:5])', "--policy", policy("other.test", name="two"))
    assert (result["stdout"].strip(), other["stdout"].strip()) == ("403", "hello")
