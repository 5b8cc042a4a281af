# SPDX-License-Identifier: Apache-2.0
"""Two servers and the command line on one state directory, and one of them dies."""

import itertools
import json
import os
import threading

import support

ALONE = "py_run_script_with_dependencies"
BY_SERVER, BY_COMMAND_LINE = (80, 40) if os.environ.get("FULL") else (40, 20)
IN_FLIGHT = 12
LOST = "server stopped while job was running", "server or command stopped before job began"


def script(word, seconds=0.2):
    return (
        f"import time\nprint({word!r}, flush=True)\n"
        f"time.sleep({seconds})\nprint('end of', {word!r})"
    )


class Starter:
    """Starts jobs at one server, a few at a time, and remembers which were acknowledged. Those
    that a mortal one starts in the middle do not end before it does."""

    def __init__(self, client, name, mortal=False):
        self.client, self.name, self.mortal = client, name, mortal
        self.jobs, self.answered = {}, threading.Event()

    def run(self, count):
        for first in range(0, count, IN_FLIGHT):
            try:
                self.batch(range(first, min(first + IN_FLIGHT, count)), first > count // 2)
            except (AssertionError, OSError):
                if self.client.ended:
                    return
                raise

    def batch(self, numbers, is_in_the_middle):
        for number in numbers:
            word = f"{self.name}-{number}"
            code = script(word, 600) if self.mortal and is_in_the_middle else script(word)
            self.client.start_call(100 + number, ALONE, script_content=code, async_mode=True)
        ids = []
        for number in numbers:
            result = self.client.reply(100 + number)["result"]
            assert not result["isError"], result
            ids.append(result["structuredContent"]["job_id"])
            self.jobs[ids[-1]] = f"{self.name}-{number}"
        if is_in_the_middle:
            self.answered.set()
        for number, job_id in zip(numbers, ids, strict=True):
            settled(self.client, job_id, 10_000 * (number + 1))


def at_the_command_line(start, into, state):
    for number in range(BY_COMMAND_LINE):
        word = f"line-{number}"
        result = support.finish(
            start("run", "--state", state, "--no-uv", "--job", "--json", "-c", script(word))
        )
        assert result.exit == 0, result.err
        into[result.json()["job_id"]] = word


def what_is_kept(client, job_id, number):
    record = client.call(number, "py_job_status", job_id=job_id)
    assert not record["isError"], record
    return record["structuredContent"]["job"]


def settled(client, job_id, number):
    numbers = itertools.count(number)

    def over():
        job = what_is_kept(client, job_id, next(numbers))
        return job["status"] not in ("pending", "running")

    assert support.eventually(over, 120) is not None
    return what_is_kept(client, job_id, next(numbers))


def test_every_job_is_in_the_store_with_its_end_and_its_output(serve, start, tmp_path):
    place = tmp_path / "shared"
    place.mkdir(mode=0o700)
    survivor = Starter(serve("--state", place), "survivor")
    mortal = Starter(serve("--state", place), "mortal", mortal=True)
    by_line = {}
    threads = [
        threading.Thread(target=survivor.run, args=(BY_SERVER,)),
        threading.Thread(target=mortal.run, args=(BY_SERVER,)),
        threading.Thread(target=at_the_command_line, args=(start, by_line, place)),
    ]
    for thread in threads:
        thread.start()
    assert mortal.answered.wait(120)
    os.kill(mortal.client.pid, 9)
    for thread in threads:
        thread.join(300)
        assert not thread.is_alive()

    assert len(survivor.jobs) == BY_SERVER and len(by_line) == BY_COMMAND_LINE
    client = survivor.client
    for number, (job_id, word) in enumerate({**survivor.jobs, **by_line}.items(), 1):
        job = settled(client, job_id, 10_000_000 + 1000 * number)
        assert job["status"] == "completed", job
        assert job["result"]["stdout"] == f"{word}\nend of {word}\n"
    lost = 0
    for number, (job_id, word) in enumerate(mortal.jobs.items(), 1001):
        job = settled(client, job_id, 10_000_000 + 1000 * number)
        text = client.request(
            number, "resources/read", uri=f"job-stream://{job_id}?stream=stdout"
        )["result"]["contents"][0]["text"]
        if job["status"] == "completed":
            assert f"end of {word}\n" in text, json.dumps(job)
        else:
            lost += 1
            assert job["status"] == "failed" and job["error"] == LOST[job["started_at"] is None], job
            assert text.replace("---STDOUT---\n", "").strip() in ("", word, f"{word}\nend of {word}")
    assert 0 < lost < len(mortal.jobs)
    total = client.call(9000, "py_list_jobs", limit=500)["structuredContent"]["total"]
    assert total >= BY_SERVER + BY_COMMAND_LINE + len(mortal.jobs)
