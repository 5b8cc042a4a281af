# SPDX-License-Identifier: Apache-2.0
"""What the Python suites share: a clean environment, processes as the host sees them, a client."""

import json
import os
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = os.getuid() == 0
SOURCE = Path(__file__).resolve().parent.parent
SYSTEM_PYTHON = "/usr/bin/python3"

# The operator's settings: what uv may need to reach its index from this machine.
SETTINGS = ("UV_", "SSL_CERT_", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


def clean_environment(**more):
    """What a program needs, and nothing that hides a mistake of ours (PYTHONUNBUFFERED, ...)."""
    environment = {
        name: value for name, value in os.environ.items() if name.upper().startswith(SETTINGS)
    }
    environment.update(
        PATH="/usr/local/bin:/usr/bin:/bin",
        HOME=os.environ.get("HOME", "/"),
        LANG="C.UTF-8",
        CORDON_UV=os.environ["CORDON_UV"],
    )
    environment.update(more)
    return environment


def sandbox_of(cordon):
    """cordon-sandbox, where cordon itself looks for it: built or installed."""
    beside = cordon.parent / "cordon-sandbox"
    return beside if beside.exists() else cordon.parent.parent / "libexec/cordon/cordon-sandbox"


def policy_file(directory, name, source="default", **changes):
    """A shipped policy with other values, as a file there that cordon takes; its path."""
    text = json.loads((SOURCE / f"policies/{source}.json").read_text())
    text.update(name=name, **changes)
    path = Path(directory, f"{name}.json")
    path.write_text(json.dumps(text))
    path.chmod(0o644)
    return path


@dataclass
class Result:
    exit: int
    out: str
    err: str

    def json(self):
        return json.loads(self.out)


def finish(process, given=None, timeout=120):
    """communicate(), as a Result; a program that hangs is killed and fails the test."""
    try:
        out, err = process.communicate(given, timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        raise AssertionError(f"did not end within {timeout} s; stderr: {err[-2000:]!r}") from None
    return Result(process.returncode, out.decode(errors="replace"), err.decode(errors="replace"))


def eventually(true, seconds, interval=0.002):
    """Polls until true() is; returns how long that took, or None after so many seconds."""
    start = time.monotonic()
    while True:
        if true():
            return time.monotonic() - start
        if time.monotonic() - start > seconds:
            return None
        time.sleep(interval)


def soon(true, seconds=60, what=""):
    """The same for a step of a test that must happen: how long it takes is not what is tested."""
    assert eventually(true, seconds) is not None, f"did not happen within {seconds} s: {what}"


def limited(attempt, begun):
    """(seconds, result) of attempt(seconds) with the first time limit that was enough to begin:
    how much of it a script needs for that is the machine's business."""
    for seconds in (1, 5, 25):
        result = attempt(seconds)
        if begun(result):
            break
    return seconds, result


# --- processes, as the host sees them -----------------------------------------------------------


def processes():
    """pid -> command line of every process there is."""
    found = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                found[int(entry)] = (
                    Path("/proc", entry, "cmdline")
                    .read_bytes()
                    .replace(b"\0", b" ")
                    .decode(errors="replace")
                )
            except OSError:
                pass  # gone meanwhile
    return found


# A variable that is read at an interpreter's start makes one that waited start again: so the
# arguments of a run stand in its command line, where alive() looks, however it was started.
IN_COMMAND_LINE = {"PYTHONHASHSEED": "0"}


def alive(marker):
    """The pids whose command line holds the marker; a zombie's line is empty."""
    return [pid for pid, line in processes().items() if marker in line and pid != os.getpid()]


def status(pid):
    text = Path("/proc", str(pid), "status").read_text(errors="replace")
    return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)


def parents():
    """pid -> its parent's, of every process there is."""
    found = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                # After the name, which may hold anything: the state, the parent.
                text = Path("/proc", entry, "stat").read_text(errors="replace")
                found[int(entry)] = int(text.rpartition(")")[2].split()[1])
            except OSError:
                pass  # gone meanwhile
    return found


def children(pid):
    return [child for child, parent in parents().items() if parent == pid]


def descendants(pid):
    of = parents()
    found = [pid]
    for one in found:
        found += [child for child, parent in of.items() if parent == one]
    return found[1:]


# --- a client that shows every byte -------------------------------------------------------------


class RawClient:
    """Speaks lines of JSON-RPC to `cordon serve`; a thread keeps the replies by id."""

    def __init__(self, command, environment, cwd):
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            cwd=cwd,
        )
        self.pid = self.process.pid
        self.replies = {}
        self.lines = []
        self.garbage = []  # lines on standard output that are not JSON: there must be none
        self.ended = False
        self.log = b""
        self.changed = threading.Condition()
        self.threads = [
            threading.Thread(target=reader, daemon=True) for reader in (self._read, self._read_log)
        ]
        for thread in self.threads:
            thread.start()

    def _read(self):
        for line in self.process.stdout:
            with self.changed:
                self.lines.append(line)
                try:
                    message = json.loads(line)
                except ValueError:
                    self.garbage.append(line)
                    continue
                if "id" in message and "method" not in message:
                    self.replies[message["id"]] = message
                self.changed.notify_all()
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def _read_log(self):
        for line in self.process.stderr:
            self.log += line

    def send(self, **message):
        self.send_bytes(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")

    def send_bytes(self, line):
        self.process.stdin.write(line)
        self.process.stdin.flush()

    def reply(self, number, timeout=120):
        with self.changed:
            self.changed.wait_for(lambda: number in self.replies or self.ended, timeout)
            why = "the server ended" if self.ended else f"nothing within {timeout} s"
            assert number in self.replies, (
                f"no reply to {number}: {why}; log: {self.log[-2000:]!r}, {self.garbage[:3]!r}"
            )
            return self.replies[number]

    def request(self, number, method, timeout=120, **params):
        self.send(id=number, method=method, params=params)
        return self.reply(number, timeout)

    def initialize(self, version="2025-11-25"):
        reply = self.request(
            0,
            "initialize",
            protocolVersion=version,
            capabilities={},
            clientInfo={"name": "raw", "version": "1"},
        )
        self.send(method="notifications/initialized")
        return reply

    def call(self, number, tool, timeout=120, **arguments):
        return self.request(number, "tools/call", timeout, name=tool, arguments=arguments)["result"]

    def start_call(self, number, tool, **arguments):
        self.send(id=number, method="tools/call", params={"name": tool, "arguments": arguments})

    def close(self, timeout=60):
        if not self.process.stdin.closed:
            self.process.stdin.close()
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError("the server did not end at the end of its input") from None
        finally:
            for thread in self.threads:
                thread.join(5)
