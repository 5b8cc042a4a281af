# SPDX-License-Identifier: Apache-2.0
"""A client of `cordon serve` that speaks of jobs, for the suites that test them."""

import itertools
import json

import support

ALONE = "py_run_script_with_dependencies"
IN_DIR = "py_run_script_in_dir"

# In a workspace: goes on once the test has made the file.
WAIT = """
import os, time
def wait(name):
    while not os.path.exists(name): time.sleep(.005)
"""


class JobClient:
    """Calls of one RawClient, with their structured results."""

    def __init__(self, raw):
        self.raw = raw
        self.numbers = itertools.count(1000)

    def reply(self, tool, **arguments):
        return self.raw.call(next(self.numbers), tool, **arguments)

    def call(self, tool, **arguments):
        result = self.reply(tool, **arguments)
        assert result["isError"] is False, result["content"][0]["text"]
        block, *pictures = result["content"]  # of a benchmark
        assert all(picture["type"] == "image" for picture in pictures)
        assert json.loads(block["text"]) == result["structuredContent"]
        return result["structuredContent"]

    def error(self, tool, **arguments):
        """The one clear line of a call that failed."""
        result = self.reply(tool, **arguments)
        assert result["isError"] is True, result
        text = result["content"][0]["text"]
        if "structuredContent" in result:
            text = result["structuredContent"]["error"]
        assert "\n" not in text
        return text

    def start(self, code, tool=ALONE, **more):
        """The id of a job that runs in the background."""
        answer = self.call(tool, script_content=code, async_mode=True, **more)
        assert set(answer) == {"job_id", "status"}
        assert answer["status"] == "pending"
        return answer["job_id"]

    def status(self, job, **more):
        return self.call("py_job_status", job_id=job, **more)["job"]

    def ended(self, job, seconds=120):
        """The record of a job once it has ended."""
        last = {}

        def over():
            last.clear()
            last.update(self.status(job, incremental=False))
            return last["status"] not in ("pending", "running")

        assert support.eventually(over, seconds, 0.01) is not None, last
        return last

    def jobs(self, **more):
        return self.call("py_list_jobs", **more)["jobs"]

    def read(self, uri):
        reply = self.raw.request(next(self.numbers), "resources/read", uri=uri)
        return reply.get("result") or reply["error"]

    def text(self, uri):
        (content,) = self.read(uri)["contents"]
        assert content["uri"] == uri
        return content["text"]
