# SPDX-License-Identifier: Apache-2.0
"""The slots of root's boxes, which all servers and command lines of a host share: who finds none waits."""

import os
import queue
import signal
import subprocess
import tempfile
import threading

import pytest

import support
from jobs import JobClient

pytestmark = pytest.mark.skipif(not support.ROOT, reason="only root's boxes take slots")

WAITS = "cordon: waiting for a free slot"
HOLD = "import sys; print('begun', flush=True); sys.stdin.read()"


def line_of(stream, seconds=100):
    """The next line; a command that says nothing fails the test instead of holding it."""
    got = queue.Queue()
    threading.Thread(target=lambda: got.put(stream.readline()), daemon=True).start()
    return got.get(timeout=seconds).decode().strip()


class Host:
    """Processes that see slots of their own: other boxes of the real host are not in the way."""

    def __init__(self, cordon, place, count):
        self.cordon, self.place, self.clients, self.processes = str(cordon), place, [], []
        self.slots = place / "run"
        self.slots.mkdir()
        config = place / "config.json"
        config.write_text(f'{{"slots": {{"count": {count}}}}}')
        config.chmod(0o644)
        self.environment = support.clean_environment(
            CORDON_STATE=str(place / "state"),
            CORDON_CONFIG=str(config),
            SMART_ASYNC_TIMEOUT_SECONDS="0",
            ASAN_OPTIONS="detect_leaks=0",
        )

    def command(self, *words):
        inside = 'mkdir -p /run/cordon && mount --bind "$0" /run/cordon && exec "$@"'
        return ["unshare", "-m", "sh", "-c", inside, str(self.slots), self.cordon, *words]

    def serve(self):
        client = support.RawClient(self.command("serve"), self.environment, self.place)
        self.clients.append(client)
        client.initialize()
        return JobClient(client)

    def start(self, code, *options):
        process = subprocess.Popen(
            self.command("run", "--no-uv", *options, "-c", code),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self.environment,
            cwd="/",
        )
        self.processes.append(process)
        return process

    def hold(self):
        """A run that has a slot until its input ends."""
        process = self.start(HOLD)
        assert line_of(process.stdout) == "begun", process.stderr.read()
        if not (self.slots / "slots/0").exists():
            pytest.skip("this root has no ids to give away")
        return process

    def wait(self, code, *options):
        """A run that has said that it waits."""
        process = self.start(code, *options)
        assert line_of(process.stderr) == WAITS
        return process

    def end(self):
        for client in self.clients:
            client.process.kill()
            client.process.wait()
        for process in self.processes:
            if process.poll() is None:
                process.kill()
                process.communicate()


@pytest.fixture
def host(cordon):
    with tempfile.TemporaryDirectory(prefix="slots-") as place:
        made = []

        def host(count):
            made.append(Host(cordon, support.Path(place), count))
            return made[-1]

        yield host
        for one in made:
            one.end()


def is_waiting(client, job):
    record = client.status(job)
    message = (record["progress"] or {}).get("message")
    return (record["status"], record["started_at"], message) == ("pending", None, WAITS.partition(": ")[2])


def test_jobs_of_two_servers_and_runs_wait_for_a_slot_and_all_get_one(host):
    host = host(1)
    holder, first, second = host.hold(), host.serve(), host.serve()
    jobs = [(client, client.start(f"print({number})")) for number, client in enumerate((first, second))]
    for client, job in jobs:
        support.soon(lambda client=client, job=job: is_waiting(client, job))
    run = host.wait("print('run')", "--json")
    quiet = host.start("print('quiet')", "--quiet")
    # It stands in line, which is a process of its own.
    support.soon(lambda: len(support.descendants(quiet.pid)) == 2)
    holder.stdin.close()
    for number, (client, job) in enumerate(jobs):
        record = client.ended(job)
        assert record["result"]["stdout"] == f"{number}\n"
        assert record["result"]["usage"]["phases"]["queue"] > 0
        assert record["created_at"] < record["started_at"]
    result = support.finish(run)
    assert (result.json()["stdout"], result.exit) == ("run\n", 0)
    assert result.json()["usage"]["phases"]["queue"] > 0
    assert support.finish(quiet) == support.Result(0, "quiet\n", "")
    assert holder.wait(60) == 0


def test_who_waits_can_be_cancelled_and_is_in_nobodys_way_when_it_dies(host):
    host = host(1)
    holder, client = host.hold(), host.serve()
    head, job, killed = host.wait("print('head')"), client.start("1"), host.wait("1")
    last = host.wait("print('last')")
    support.soon(lambda: is_waiting(client, job))
    assert client.call("py_cancel_job", job_id=job)["status"] == "cancelled"
    assert client.status(job)["started_at"] is None
    killed.kill()
    head.send_signal(signal.SIGINT)
    result = support.finish(head)
    assert (result.exit, result.out) == (130, "")
    holder.stdin.close()
    result = support.finish(last)
    assert (result.exit, result.out) == (0, "last\n")
    support.soon(lambda: support.descendants(client.raw.pid) == [support.children(client.raw.pid)[0]])


def test_the_slot_of_one_who_was_killed_is_given_on(host):
    host = host(1)
    holder = host.hold()
    last = host.wait("print('last')")
    (supervisor,) = support.children(holder.pid)
    os.kill(supervisor, signal.SIGKILL)
    result = support.finish(last)
    assert (result.exit, result.out) == (0, "last\n")


def test_many_who_wait_all_get_on(host):
    host = host(2)
    holders = [host.hold(), host.hold()]
    runs = [host.wait(f"print({number})") for number in range(8)]
    for holder in holders:
        holder.stdin.close()
    for number, run in enumerate(runs):
        result = support.finish(run)
        assert (result.exit, result.out) == (0, f"{number}\n"), result


def test_a_command_that_waits_says_it_once_and_all_of_it_is_its_queue(host):
    host = host(1)
    holder = host.hold()
    # Another state: every interpreter is asked what it is, in a box of its own.
    run = host.wait("print('run')", "--json", "--state", str(host.place / "fresh"))
    bench = subprocess.Popen(
        host.command("bench", "--job", "--runs", "1", "--no-uv", "--json", "-c", "print('run')"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=host.environment,
        cwd="/",
    )
    host.processes.append(bench)
    job = line_of(bench.stderr).split()[-1]
    assert line_of(bench.stderr) == WAITS
    pending = subprocess.run(
        host.command("jobs", "list", "--json"), stdout=subprocess.PIPE, env=host.environment, check=True
    )
    assert b'"pending"' in pending.stdout and job.encode() in pending.stdout, pending.stdout
    holder.stdin.close()
    result = support.finish(run)
    assert (result.exit, result.err) == (0, ""), result
    phases = result.json()["usage"]["phases"]
    assert phases["queue"] > 0
    measured = support.finish(bench)
    assert (measured.exit, measured.err) == (0, ""), measured
    told = subprocess.run(
        host.command("jobs", "output", job),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=host.environment,
    )
    assert b"in the result alone" in told.stderr, told
