# SPDX-License-Identifier: Apache-2.0
"""Strangers' code in a box that waits: it gets no further and does no more than in a fresh one."""

import itertools
import json
import os
import textwrap

import package_index
import pytest
import support

FULL = bool(os.environ.get("FULL"))
ALONE, IN_DIR = "py_run_script_with_dependencies", "py_run_script_in_dir"
NONE_WAITED = "off: no box like it was waiting"
PATIENCE = 60

# What a package tries as the interpreter starts: by name, how it ended.
LOOK = """
    import ctypes, errno, os, socket

    libc = ctypes.CDLL(None, use_errno=True)

    def call(*arguments):
        ctypes.set_errno(0)
        if libc.syscall(*arguments) < 0:
            raise OSError(ctypes.get_errno(), "")

    def steal(number):
        pidfd = os.pidfd_open(1)
        try:
            call(438, pidfd, number, 0)  # pidfd_getfd
        finally:
            os.close(pidfd)

    def join(name):
        descriptor = os.open("/proc/1/ns/" + name, os.O_RDONLY)
        try:
            call(308, descriptor, 0)  # setns
        finally:
            os.close(descriptor)

    def end(number):
        os.kill(1, number)
        # As pid 1 of its namespace it ignores what it does not ask for; it goes on.
        os.kill(1, 0)

    def attempts():
        for name in ("environ", "mem", "maps", "root", "cwd", "exe", "auxv", "stack", "syscall"):
            yield "read " + name, lambda: open("/proc/1/" + name).read(1)
            yield "list " + name, lambda: os.listdir("/proc/1/" + name)
        yield "descriptors of pid 1", lambda: os.listdir("/proc/1/fd")
        for number in range(12):
            yield f"steal {number}", lambda: steal(number)
        for name in ("user", "mnt", "pid", "net", "ipc", "uts", "cgroup", "time"):
            yield "join " + name, lambda: join(name)
        for flag in (0x10000000, 0x20000, 0x20000000, 0x40000000, 0x8000000, 0x4000000, 0x2000000):
            yield f"leave {flag:#x}", lambda: call(272, flag)  # unshare
            yield f"clone {flag:#x}", lambda: call(56, flag | 17, 0, 0, 0, 0)
        yield "trace", lambda: call(101, 16, 1, 0, 0)  # PTRACE_ATTACH
        yield "seize", lambda: call(101, 0x4206, 1, 0, 0)
        yield "memory", lambda: call(310, 1, 0, 0, 0, 0, 0)  # process_vm_readv
        yield "kill", lambda: end(9)
        yield "stop", lambda: end(19)
        yield "mount", lambda: call(165, b"none", b"/tmp", b"tmpfs", 0, 0)
        yield "other filter", lambda: call(317, 1, 8, 0)  # SECCOMP_FILTER_FLAG_NEW_LISTENER
        for path in ("/box/script.py", "/box/new", "/usr/new", "/etc/passwd", "/proc/1/comm"):
            yield "write " + path, lambda: open(path, "a").close()
            yield "remove " + path, lambda: os.unlink(path)
            yield "rename " + path, lambda: os.rename(path, path + ".old")
        yield "wider", lambda: __import__("resource").setrlimit(7, (1 << 20, 1 << 20))
        yield "group", lambda: open("/sys/fs/cgroup/cgroup.procs").read()
        yield "abstract", lambda: socket.socket(socket.AF_UNIX).connect("\\0cordon")
        yield "others", lambda: [p for p in os.listdir("/proc") if p.isdigit() and int(p) > 999][0]

    def look():
        found = {}
        for name, attempt in attempts():
            try:
                attempt()
                found[name] = "done"
            except OSError as problem:
                found[name] = errno.errorcode.get(problem.errno, str(problem))
            except Exception as problem:
                found[name] = type(problem).__name__
        return found
"""
# It keeps what it finds, and whatever it can hold on to.
STARTS = """
    import atexit, os, signal, socket

    found, kept = None, {}

    def peek():
        channel = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET, 0, os.dup(9))
        try:
            return channel.recv(1 << 18, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return "nothing"

    if "CORDON_STANDING_LOAD" in os.environ:
        import nosy_look
        found = nosy_look.look()
        kept["order"] = peek()
        kept["script"] = open("/box/script.py").read()
        kept["secret"] = "SECRET" in str(dict(os.environ)) + open("/proc/self/environ").read()
        kept["argv"] = open("/proc/self/cmdline").read().count("an argument")
        kept["descriptors"] = sorted(os.listdir("/proc/self/fd"))[:-1]
        kept["output"], kept["channel"] = os.dup(1), os.dup(9)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGXCPU, signal.SIG_IGN)
        atexit.register(os.write, kept["output"], b"said at the end of another's run")
"""
# Loaded ahead, each does what it can to be taken for what it is not.
WAITS = """
    import os, sys

    def waits():
        file = getattr(sys.modules.get("sitecustomize"), "__file__", None)
        return "/standing/" in (file or "")
"""
MISCHIEF = {
    "ready_early": "os.write(9, b'r')",
    "ready_again": "[os.write(9, b'r') for _ in range(100)]",
    "taken_early": "os.write(9, b't')",
    "rubbish": "[os.write(9, bytes(range(n))) for n in range(1, 200)]",
    "hangs_up": "os.close(9)",
    "forks": "os.fork() or __import__('time').sleep(600)",
    "kills": "os.kill(os.getpid(), 9)",
    "ends": "os._exit(0)",
    "stops": "os.kill(os.getpid(), 19)",
    "spins": "__import__('threading').Thread(target=spin, daemon=True).start()",
    "prints": "[os.write(n, b'x' * 4096) for _ in range(64) for n in (1, 2)]",
    "raises": "sys.exit(3)",
}
# What is done quickly; the others wait for somebody's patience to end.
QUICK = ("ready_early", "ready_again", "taken_early", "kills")


def files():
    mischief = """
        import os, sys
        from nosy_waits import waits

        def spin():
            while True:
                pass

        if waits():
            {}
    """
    modules = {name: mischief.format(line) for name, line in MISCHIEF.items()}
    modules.update(nosy_look=LOOK, nosy_starts=STARTS, nosy_waits=WAITS)
    made = {f"{name}.py": textwrap.dedent(text) for name, text in modules.items()}
    return {**made, "nosy.pth": "import nosy_starts\n"}


@pytest.fixture(scope="module")
def servers(cordon, tmp_path_factory):
    """servers(START) -> a client of a server whose policy starts runs so, and has the package."""
    base = tmp_path_factory.mktemp("before")
    base.chmod(0o755)
    made = {}
    with package_index.serving(package_index.wheel("nosy", files=files())) as index:

        def server(start):
            if start not in made:
                made[start] = Server(cordon, base, start, index)
            return made[start]

        yield server
        for one in made.values():
            one.client.close()


class Server:
    def __init__(self, cordon, base, start, index):
        policies, self.place = base / f"policies-{start}", base / f"place-{start}"
        policies.mkdir()
        self.place.mkdir()
        support.policy_file(policies, "it", start=start)
        configuration = base / f"{start}.json"
        configuration.write_text(json.dumps({"client_policies": ["it"]}))
        configuration.chmod(0o644)
        self.numbers = itertools.count(1)
        self.client = support.RawClient(
            [
                *[str(cordon), "serve", "--root", str(self.place), "--policies", str(policies)],
                *["--config", str(configuration)],
            ],
            support.clean_environment(CORDON_STATE=str(base / "state"), **index.env),
            self.place,
        )
        self.client.initialize()

    def run(self, code, tool=ALONE, **more):
        if tool == ALONE:
            more.setdefault("dependencies", ["nosy"])
        else:
            more.setdefault("directory", str(self.place))
        arguments = {"script_content": code, "policy": "it", **more}
        reply = self.client.call(next(self.numbers), tool, **arguments)
        return reply["structuredContent"]

    def until(self, wanted, code, **more):
        """The first result of which that is true; with how many calls it took."""
        kept = []

        def attempt():
            kept.append(self.run(code, **more))
            return wanted(kept[-1])

        assert support.eventually(attempt, PATIENCE), kept[-1]
        return kept[-1], len(kept)

    def warm(self, code, **more):
        return self.until(lambda result: result["layers"].get("start") == "on", code, **more)[0]


def test_a_package_gets_no_further_in_a_box_that_waits(servers):
    fresh = servers("spawn").run("import json, nosy_look; print(json.dumps(nosy_look.look()))")
    assert fresh["exit_code"] == 0, fresh
    waited = servers("pool").warm(
        "import json, nosy_starts as n; print(json.dumps([n.found, n.kept]))",
        env_vars={"SECRET": "s3cret"},
    )
    found, kept = json.loads(waited["stdout"])
    expected = json.loads(fresh["stdout"])
    assert found == expected
    assert [name for name, end in found.items() if end == "done"] == [
        name for name in expected if expected[name] == "done"
    ]
    assert not {"steal 0", "trace", "join user", "mount", "write /box/script.py"} & {
        name for name, end in found.items() if end == "done"
    }
    assert (kept["order"], kept["script"]) == ("nothing", "")
    assert (kept["secret"], kept["argv"]) == (False, 0)


def test_what_a_package_kept_from_before_the_order_leads_nowhere(servers):
    code = """
        import json, nosy_starts, os, signal, socket
        kept = nosy_starts.kept
        channel = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET, 0, kept["channel"])
        os.write(kept["output"], b"written where nobody listens")
        channel.send(b"t"), channel.send(b"r"), channel.send(b"x" * 1000)
        try:
            more = channel.recv(100, socket.MSG_DONTWAIT)
        except BlockingIOError:
            more = b"nothing"
        print(more.decode(), len(os.listdir("/proc/self/fd")))
    """
    result = servers("pool").warm(textwrap.dedent(code))
    assert (result["end"], result["exit_code"], result["stderr"]) == ("exited", 0, "")
    # Of three streams, a listing and what the package kept: nothing of another's.
    assert result["stdout"] in ("nothing 6\n", " 6\n")


@pytest.mark.parametrize("name", list(MISCHIEF) if FULL else QUICK)
def test_what_a_package_does_before_the_order_costs_nobody_a_run(servers, name):
    """Nor is there one that it could have had twice."""
    server = servers("pool")
    code = f"import {name}, os; print('said', os.environ['WORD'])"
    for number in range(4):
        result = server.run(code, env_vars={"WORD": f"word{number}"})
        assert (result["end"], result["exit_code"]) == ("exited", 0), result
        assert result["stdout"].endswith(f"said word{number}\n") and result["error"] is None
        assert result["stdout"].count("said") == 1


def test_a_box_with_a_second_process_is_not_used(servers):
    """Who was left in it by a package would have been in the run from its first moment."""
    seen = []

    def looked(result):
        seen.append(result["layers"]["start"])
        return seen[-1] != NONE_WAITED

    result, _ = servers("pool").until(looked, "import forks; print('said')")
    assert result["stdout"] == "said\n"
    assert result["layers"]["start"] == "off: the box that waited was not as it should be"
    assert "on" not in seen


@pytest.mark.parametrize("start", ["pool", "fork"])
def test_a_module_of_the_workspace_runs_in_calls_alone(servers, start):
    """`encodings` is what an interpreter imports before all else, from where PYTHONPATH says."""
    server = servers(start)
    mark, module = server.place / "ran", server.place / "encodings"
    server.warm("print(1)", tool=IN_DIR)
    module.mkdir()
    (module / "__init__.py").write_text(f"import _io\n_io.FileIO({str(mark)!r}, 'a').write(b'x')\n")
    try:
        # What stood already had not seen it.
        first = server.run("print(1)", tool=IN_DIR)
        _, calls = server.until(
            lambda result: result["layers"]["start"] == "on", "print(1)", tool=IN_DIR
        )
        ran = mark.read_text()
        assert first["exit_code"] != 0, "it is not what an interpreter imports"
        assert len(ran) == calls + 1
    finally:
        (module / "__init__.py").unlink()


@pytest.mark.parametrize("start", ["pool", "fork"])
def test_what_is_protected_now_is_protected_in_a_box_that_stood_before(servers, start):
    server = servers(start)
    hooks = server.place / ".git/hooks"
    server.warm("print(1)", tool=IN_DIR)
    hooks.mkdir(parents=True)
    plant = "open('.git/hooks/post-checkout', 'w').write('evil')"
    for _ in range(3):
        result = server.run(plant, tool=IN_DIR)
        assert "Read-only file system" in result["stderr"], result
        assert not list(hooks.iterdir())
    # And boxes stand again, made since.
    assert "Read-only file system" in server.warm(plant, tool=IN_DIR)["stderr"]


def test_no_package_waits_where_it_could_write_in_the_workspace(servers):
    """There it would bring what no run's result names, and no run's limit counts."""
    server = servers("pool")
    code = "# /// script\n# dependencies = ['nosy']\n# ///\nimport nosy_starts as n; print(n.found)"
    for _ in range(4):
        result = server.run(code, tool=IN_DIR)
        assert result["stdout"] == "None\n", result
        assert result["layers"]["start"] != "on"
