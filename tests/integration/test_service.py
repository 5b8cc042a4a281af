# SPDX-License-Identifier: Apache-2.0
"""`cordon serve` as a service: sockets that were passed, who is told, and one server after the other."""

import fcntl
import json
import os
import pty
import shutil
import signal
import socket
import subprocess
import sys
import termios
import threading
from pathlib import Path

import pytest
import support
import web as http
from web import Connection, modern, session

IN_DIR = "py_run_script_in_dir"
# Runs until it may end; says that it runs, and that it has ended by itself.
PATIENT = """
import os, time
open('running', 'w').close()
while not os.path.exists('go'):
    time.sleep(0.02)
print('to the end')
"""
# As systemd does it: the socket is descriptor 3, and the variables name the process.
PASSING = """
import os, sys
count, *command = sys.argv[1:]
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=count)
os.execv(command[0], command)
"""


def ask(server, method="tools/list", number=1, **params):
    with Connection(server) as connection:
        connection.modern(number, method, **params)
        return connection.answer(number)


def call(connection, directory, code, number=1, **more):
    arguments = {"directory": str(directory), "script_content": code} | more
    connection.modern(number, "tools/call", name=IN_DIR, arguments=arguments)


def tool(server, name, **arguments):
    return ask(server, "tools/call", name=name, arguments=arguments)["result"]["structuredContent"]


def configure(path, **keys):
    path.write_text(json.dumps(keys))
    path.chmod(0o644)
    return path


def events(server, name):
    return server.log.count(f"event={name} ".encode()) + server.log.count(f"event={name}\n".encode())


@pytest.fixture
def configuration(tmp_path):
    return configure(tmp_path / "config.json", client_policies=["default"])


@pytest.fixture
def other(configuration):
    """What has the configuration changed, and is seen: clients may name one policy more."""
    return lambda: configure(configuration, client_policies=["default", "strict"])


def policies(server):
    text = ask(server, "resources/read", uri="cordon://policies")["result"]["contents"][0]["text"]
    return {policy["name"] for policy in json.loads(text)["policies"]}


def hang_up(server):
    server.process.send_signal(signal.SIGHUP)


# --- sockets that were passed -------------------------------------------------------------------


@pytest.fixture
def passed(cordon, state, tmp_path):
    """passed(SOCKET, *ARGUMENTS) -> a server that was started with it."""
    running = []

    def start(listener, *arguments, count=1, server=http.Server, **env):
        def before():
            os.dup2(listener.fileno(), 3)
            os.set_inheritable(3, True)

        command = [sys.executable, "-c", PASSING, str(count), str(cordon), "serve", *arguments]
        own = {"CORDON_STATE": str(state), "ASAN_OPTIONS": "detect_leaks=0", **env}
        running.append(
            server(
                command,
                support.clean_environment(**own),
                tmp_path,
                preexec_fn=before,
                close_fds=False,
            )
        )
        return running[-1]

    yield start
    for server in running:
        server.stop()


def test_a_tcp_socket_that_was_passed_is_served(passed):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = passed(listener)
        assert server.address == listener.getsockname()
        assert "result" in ask(server)


def test_a_passed_socket_goes_before_the_configured_address(passed, tmp_path):
    path = tmp_path / "passed.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(16)
        # Who waits in it already is served.
        early = socket.socket(socket.AF_UNIX)
        early.connect(str(path))
        early.sendall(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        server = passed(listener, "--http", "-")
        assert server.address == str(path)
        assert early.recv(4096).startswith(b"HTTP/1.1 200")
        early.close()


def refused(cordon, state, listener, count):
    def before():
        os.dup2(listener.fileno(), 3)
        os.set_inheritable(3, True)

    result = subprocess.run(
        [sys.executable, "-c", PASSING, count, str(cordon), "serve"],
        env=support.clean_environment(CORDON_STATE=str(state)),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        preexec_fn=before,
        close_fds=False,
    )
    assert result.returncode == 125, result
    assert result.stderr.startswith("cordon: serve: address: "), result.stderr
    return result.stderr


def test_what_was_passed_and_cannot_be_served_is_said(cordon, state):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as wrong:
        assert "none that listens for streams" in refused(cordon, state, wrong, "1")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert "2 sockets were passed, and one is served" in refused(cordon, state, listener, "2")


def test_a_socket_that_was_meant_for_another_process_is_not_taken(cordon, state):
    """An MCP client that is such a service itself starts cordon on its pipes."""
    environment = support.clean_environment(
        CORDON_STATE=str(state), LISTEN_PID="1", LISTEN_FDS="1", LISTEN_FDNAMES="x"
    )
    client = support.RawClient([str(cordon), "serve"], environment, "/")
    try:
        params = modern(1, "tools/list")[0]["params"]
        assert "tools" in client.request(1, "tools/list", **params)["result"]
    finally:
        client.process.kill()
        client.process.wait()


def test_other_machines_are_not_let_in_by_a_passed_socket_either(passed, tmp_path):
    class Refused(http.Server):
        def __init__(self, *arguments, **options):
            with pytest.raises(AssertionError, match="configure http.tokens or http.oauth"):
                super().__init__(*arguments, **options)

    with socket.create_server(("0.0.0.0", 0)) as listener:
        server = passed(listener, server=Refused)
        assert server.process.wait(60) == 125


# --- who is told --------------------------------------------------------------------------------


class Manager:
    """What systemd does with its end of NOTIFY_SOCKET."""

    def __init__(self, address):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.settimeout(120)
        self.socket.bind(address)

    def hears(self):
        lines = self.socket.recv(4096).decode().split("\n")
        return dict(line.split("=", 1) for line in lines)


@pytest.mark.parametrize("abstract", [False, True], ids=["path", "abstract"])
def test_the_service_manager_hears_of_ready_reloading_and_stopping(
    web, configuration, other, tmp_path, abstract
):
    name = f"cordon-test-{os.getpid()}-{tmp_path.name}"
    manager = Manager(f"\0{name}" if abstract else str(tmp_path / "notify"))
    where = f"@{name}" if abstract else str(tmp_path / "notify")
    server = web("--config", configuration, env={"NOTIFY_SOCKET": where})
    address = "127.0.0.1:%d" % server.address[1]
    assert manager.hears() == {"READY": "1", "STATUS": f"serving {address}"}
    for change in (lambda: None, other):  # the same, and the next server
        change()
        hang_up(server)
        said = manager.hears()
        assert said["RELOADING"] == "1" and int(said["MONOTONIC_USEC"]) > 0
        assert manager.hears()["READY"] == "1"
    server.process.terminate()
    assert manager.hears() == {"STOPPING": "1"}
    assert server.process.wait(60) == 0


def test_nobody_who_listens_is_no_fault(web, tmp_path):
    server = web(env={"NOTIFY_SOCKET": str(tmp_path / "nobody")})
    assert "result" in ask(server)


# --- the configuration --------------------------------------------------------------------------

SHIPPED = Path(__file__).parents[2] / "policies"
SCHEMA = json.loads((SHIPPED / "schema/config.schema.json").read_text())


def keys_of(schema, before=""):
    for name, value in schema.get("properties", {}).items():
        yield before + name
        yield from keys_of(value, f"{before}{name}.")


def checked(cordon, state, path, text):
    path.write_text(text)
    path.chmod(0o644)
    return subprocess.run(
        [str(cordon), "check", "--config", str(path)],
        env=support.clean_environment(CORDON_STATE=str(state)),
        capture_output=True,
        text=True,
        timeout=120,
    )


def refusal(cordon, state, path, text):
    done = checked(cordon, state, path, text)
    assert done.returncode == 125, done
    return done.stderr


def test_every_key_of_the_configuration_is_in_the_page_and_is_checked(cordon, state, tmp_path):
    page = (SHIPPED / "cordon-config.5.md").read_text().replace("\\_", "_")
    path = tmp_path / "config.json"
    said = refusal(cordon, state, path, '{\n"zzz": 1}')
    assert "line 2: zzz: no such key; allowed are " in said
    known = said.strip().partition("allowed are ")[2].split(", ")
    assert set(known) == set(SCHEMA["properties"])
    for key in keys_of(SCHEMA):
        assert f"**{key.rpartition('.')[2]}**" in page, key
        *sections, name = key.split(".")
        text = '{"%s": {"no": "such"}}' % name  # nothing takes an object with that in it
        for section in reversed(sections):
            text = '{"%s": %s}' % (section, text)
        assert key in refusal(cordon, state, path, text), key


NOT_THERE = {
    "a root": ({"roots": ["/nowhere"]}, "root /nowhere: No such file"),
    "a root that is a file": ({"roots": ["/etc/passwd"]}, "root /etc/passwd is not a directory"),
    "a principal's root": ({"principals": {"ann": {"roots": ["/nowhere"]}}}, "root /nowhere"),
    "a principal's policy": (
        {"principals": {"ann": {"policies": ["zzz"]}}},
        'principals.ann.policies: no policy is named "zzz"; there are: ',
    ),
    "a policy of clients": (
        {"client_policies": ["default", "zzz"]},
        'client_policies: no policy is named "zzz"; there are: ',
    ),
    "the default": ({"default_policy": "zzz"}, 'default_policy: no policy is named "zzz"'),
    "uv": ({"uv": {"path": "/nope/uv"}}, "uv.path names /nope/uv, which is not a program"),
    "tokens": (
        {"principals": {"ann": {}}, "http": {"tokens": "/nowhere"}},
        "http.tokens: open /nowhere: No such file",
    ),
    "TLS": (
        {"http": {"tls": {"certificate": "/nowhere", "key": "/nowhere"}}},
        "http.tls: ",
    ),
}


@pytest.mark.parametrize("what", NOT_THERE)
def test_what_a_configuration_names_and_is_not_there_is_found_before_the_server(
    cordon, state, tmp_path, what
):
    config, words = NOT_THERE[what]
    path = tmp_path / "config.json"
    said = refusal(cordon, state, path, json.dumps(config))
    assert said.startswith(f"cordon: {path}: ") and words in said
    assert said.count("\n") == 1


def test_tokens_that_are_none_are_found_before_the_server(cordon, state, tmp_path):
    tokens = tmp_path / "tokens"
    tokens.write_text("ann garbage\n")
    tokens.chmod(0o600)
    config = {"principals": {"ann": {}}, "http": {"tokens": str(tokens)}}
    said = refusal(cordon, state, tmp_path / "config.json", json.dumps(config))
    assert "http.tokens: " in said and f"{tokens}" in said and "line 1" in said
    assert "garbage" not in said


def test_a_configuration_of_which_all_is_there_is_let_pass(cordon, state, tmp_path):
    tokens = tmp_path / "tokens"
    tokens.write_text(f"ann {'0' * 64}\n")
    tokens.chmod(0o600)
    config = {
        "roots": [str(tmp_path)],
        "principals": {"ann": {"policies": ["strict"], "roots": [str(tmp_path)]}},
        "client_policies": ["default", "web"],
        "http": {"tokens": str(tokens)},
    }
    done = checked(cordon, state, tmp_path / "config.json", json.dumps(config))
    assert done.returncode == 0, done
    assert done.stderr == "" and "holds here" in done.stdout


def test_a_server_says_at_its_start_which_policies_are_missing(web, tmp_path):
    config = configure(tmp_path / "config.json", client_policies=["default", "zzz"])
    server = web("--config", config)
    support.soon(lambda: events(server, "policy-missing") == 1)
    assert "result" in ask(server)


# --- one server after the other ------------------------------------------------------------------


def take_over(server):
    """HUP, and the next server serves."""
    before = server.front, events(server, "takeover")
    hang_up(server)
    support.soon(lambda: events(server, "takeover") > before[1])
    assert server.front != before[0]
    return before[0]


def test_a_reload_loses_no_run_and_takes_what_changed(web, workspace, configuration, other):
    server = web("--config", configuration)
    headers = session(server)
    with Connection(server) as modern_call, Connection(server) as legacy_call:
        with Connection(server) as idle, Connection(server) as listens:
            idle.modern(9, "ping")
            idle.reply()
            listens.modern(8, "subscriptions/listen", notifications={})
            assert listens.head() == 200
            call(modern_call, workspace, PATIENT)
            arguments = {"directory": str(workspace), "script_content": PATIENT}
            message = {
                "jsonrpc": "2.0",
                "id": 2,
                "method": "tools/call",
                "params": {"name": IN_DIR, "arguments": arguments},
            }
            legacy_call.post(message, **headers)
            support.soon((workspace / "running").exists)
            assert policies(server) == {"default"}
            other()
            old = take_over(server)
            # Who only waits or listens is told to go, and who comes is served by the next.
            assert idle.ended()
            assert listens.body().endswith(b"\n\n")
        assert policies(server) == {"default", "strict"}
        assert old in support.processes()
        (workspace / "go").touch()
        for connection, number in ((modern_call, 1), (legacy_call, 2)):
            result = connection.answer(number)["result"]["structuredContent"]
            assert (result["end"], result["stdout"]) == ("exited", "to the end\n")
    support.soon(lambda: old not in support.processes())
    support.soon(lambda: events(server, "retired") == 1)
    assert server.stop() == 0


def test_jobs_in_the_background_go_on_and_are_seen_and_cancelled_by_the_next(
    web, workspace, configuration, other
):
    server = web("--config", configuration)
    ids = []
    for number in range(2):
        with Connection(server) as connection:
            call(connection, workspace, PATIENT, number, async_mode=True)
            ids.append(connection.answer(number)["result"]["structuredContent"]["job_id"])
    def told():
        return [tool(server, "py_job_status", job_id=one)["job"]["status"] for one in ids]

    support.soon(lambda: told() == ["running"] * 2)
    other()
    old = take_over(server)
    assert told() == ["running"] * 2
    assert tool(server, "py_cancel_job", job_id=ids[0])["status"] == "cancelled"
    (workspace / "go").touch()
    support.soon(lambda: old not in support.processes())
    ended = [tool(server, "py_job_status", job_id=one)["job"] for one in ids]
    assert [job["status"] for job in ended] == ["cancelled", "completed"]
    assert ended[1]["result"]["stdout"] == "to the end\n"


def test_while_servers_change_nobody_is_refused(web, configuration):
    server = web("--config", configuration)
    replies, done = [], threading.Event()

    def ask_on():
        while not done.is_set():
            with Connection(server) as connection:
                connection.modern(1, "tools/list")
                try:
                    replies.append(connection.reply()[0])
                except EOFError as error:
                    replies.append(str(error))

    def keep_on():
        """A connection for many, as clients do; one that ends between two requests is made anew."""
        connection = Connection(server)
        while not done.is_set():
            try:
                connection.modern(1, "tools/list")
                replies.append(connection.reply()[0])
            except (EOFError, OSError):
                connection.close()
                connection = Connection(server)

    threads = [threading.Thread(target=work) for work in (ask_on, ask_on, keep_on)]
    for thread in threads:
        thread.start()
    try:
        for count in range(3):
            configure(configuration, client_policies=["default"], pool={"size": count + 1})
            take_over(server)
    finally:
        done.set()
        for thread in threads:
            thread.join()
    assert replies and set(replies) == {200}, server.log
    support.soon(lambda: events(server, "retired") == 3)


def test_a_configuration_that_cannot_be_used_changes_nothing(web, configuration):
    server = web("--config", configuration)
    front = server.front
    configuration.write_text('{"no": "such key"}')
    hang_up(server)
    support.soon(lambda: events(server, "reload-failed") == 1)
    assert b'unknown key "no"' in server.log or b"no" in server.log
    assert server.front == front and "result" in ask(server)
    assert events(server, "takeover") == 0


def test_nothing_changed_is_no_new_server(web, configuration):
    server = web("--config", configuration)
    headers, front = session(server), server.front
    for _ in range(3):
        hang_up(server)
    with Connection(server) as connection:
        connection.post({"jsonrpc": "2.0", "id": 1, "method": "ping"}, **headers)
        assert connection.reply()[0] == 200
    assert server.front == front and events(server, "takeover") == 0


def test_a_newer_program_takes_over(cordon, state, tmp_path, workspace):
    """Put in its place by a rename, as packages do."""
    programs = tmp_path / "bin"
    programs.mkdir()
    places = [cordon.parent, cordon.parent.parent / "libexec/cordon"]
    (sandbox,) = [place / "cordon-sandbox" for place in places if (place / "cordon-sandbox").exists()]
    for program in (cordon, sandbox):
        shutil.copy2(program, programs / program.name)
    shipped = Path(__file__).parents[2] / "policies"
    server = http.serve(programs / "cordon", state, tmp_path, "--policies", shipped)
    try:
        with Connection(server) as connection:
            call(connection, workspace, PATIENT)
            support.soon((workspace / "running").exists)
            for name in ("cordon", "cordon-sandbox"):
                shutil.copy2(programs / name, programs / ".new")
                (programs / ".new").rename(programs / name)
            take_over(server)
            if support.ROOT:  # whoever else may not look
                there = os.stat(f"/proc/{server.front}/exe")
                assert there.st_ino == (programs / "cordon").stat().st_ino
            assert "result" in ask(server)
            (workspace / "go").touch()
            assert connection.answer(1)["result"]["structuredContent"]["stdout"] == "to the end\n"
    finally:
        assert server.stop() == 0


def test_quit_lets_what_runs_end_and_takes_in_nobody(web, workspace):
    server = web()
    with Connection(server) as connection:
        call(connection, workspace, PATIENT)
        support.soon((workspace / "running").exists)
        server.process.send_signal(signal.SIGQUIT)
        support.soon(lambda: events(server, "retiring") == 1)
        with pytest.raises(ConnectionRefusedError):
            Connection(server)
        (workspace / "go").touch()
        assert connection.answer(1)["result"]["structuredContent"]["stdout"] == "to the end\n"
    assert server.process.wait(60) == 0


def test_the_steward_and_its_servers_end_together(web, workspace):
    for victim in ("steward", "front"):
        server = web()
        family = [server.process.pid, *support.descendants(server.process.pid)]
        os.kill(server.front if victim == "front" else server.process.pid, signal.SIGKILL)
        assert server.process.wait(60) != 0
        support.soon(lambda: not set(family) & set(support.processes()))


def test_a_terminal_that_closes_ends_the_server(cordon, state, tmp_path):
    ours, theirs = pty.openpty()

    def before():
        os.setsid()
        fcntl.ioctl(2, termios.TIOCSCTTY, 0)

    process = subprocess.Popen(
        [str(cordon), "serve", "--http", "127.0.0.1:0"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=tmp_path,
        env=support.clean_environment(CORDON_STATE=str(state), ASAN_OPTIONS="detect_leaks=0"),
        preexec_fn=before,
    )
    os.close(theirs)
    said = b""
    while b"event=serving" not in said:
        said += os.read(ours, 4096)
    os.close(ours)
    assert process.wait(60) == 0
