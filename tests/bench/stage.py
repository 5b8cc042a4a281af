# SPDX-License-Identifier: Apache-2.0
"""What every row of the benchmark needs: the programs, a state of its own, policies, interpreters."""

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import support
import timing

TOOL = "py_run_script_in_dir"
TOOL_WITH = "py_run_script_with_dependencies"
STARTS = ("spawn", "pool", "fork")
TRUE = "/bin/true"
PRINT = "print(1)"


class Stage:
    def __init__(self, build, table, quick, seconds):
        self.build = Path(build).resolve()
        self.cordon = str(self.build / "cordon")
        self.table, self.quick, self.seconds = table, quick, seconds
        self.place = tempfile.mkdtemp(prefix="cordon-bench-")
        self.work = self._directory("work")
        self.state = str(Path(self.place, "state"))
        self.policies = self._directory("policies")
        for start in STARTS:
            support.policy_file(self.policies, self.policy(start), start=start)
        self.config = str(Path(self.place, "config.json"))
        named = ["default", "strict", *map(self.policy, STARTS)]
        Path(self.config).write_text(json.dumps({"client_policies": named}))
        self.environment = support.clean_environment(CORDON_STATE=self.state)
        if "CORDON_CGROUP" in os.environ:
            self.environment["CORDON_CGROUP"] = os.environ["CORDON_CGROUP"]
        first = self.result("-c", "import os, sys; print(os.path.realpath(sys.executable))")
        if first["end"] != "exited":
            raise timing.Broken(f"no script can be run here: {first['error']}")
        self.python, self.layers = first["stdout"].strip(), first["layers"]

    def _directory(self, name):
        path = Path(self.place, name)
        path.mkdir()
        return str(path)

    def close(self):
        shutil.rmtree(self.place, ignore_errors=True)

    @staticmethod
    def policy(start):
        return f"bench-{start}"

    def leave_out(self, what, why):
        if what not in (known for known, _ in self.table.missing):
            self.table.leave_out(what, why)

    # --- things to be timed ---

    def command(self, name, *words):
        return timing.Command(name, list(words), self.environment)

    def bare(self, code="pass"):
        return self.command("python bare", self.python, "-c", code)

    def run_words(self, *words):
        return [self.cordon, "run", "--no-server", "--policies", self.policies, *words]

    def serve_words(self, *words):
        files = ["--config", self.config, "--policies", self.policies]
        return [self.cordon, "serve", *files, "--root", self.work, *words]

    def server(self):
        return timing.Server(self.serve_words(), self.environment, self.work)

    def call(self, name, server, tool=TOOL, code=PRINT, **arguments):
        if tool == TOOL:
            arguments["directory"] = self.work
        wanted, of_kind = arguments.get("policy", "").rpartition("-")[2], []

        def judge_call(result):
            judge(result)
            of_kind.append(is_started(result, wanted))

        call = timing.Call(name, server, tool, {"script_content": code, **arguments}, judge_call)
        call.of_kind = of_kind  # whether each box was started as the policy says
        return call

    # --- asking ---

    def result(self, *words):
        process = subprocess.run(
            self.run_words("--json", *words), env=self.environment, cwd=self.work,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
        )  # fmt: skip
        if not process.stdout:
            raise timing.Broken(process.stderr.decode(errors="replace")[-300:])
        return json.loads(process.stdout)

    def is_taken(self, words):
        """Does a server take this run of the command line?"""
        out = subprocess.run(
            words, env=self.environment, cwd=self.work, stdout=subprocess.PIPE, check=True
        ).stdout
        return "without a server" not in json.loads(out)["layers"].get("start", "")

    def alternate(self, things, turns, **more):
        """Warm, then in turns; in the quick form fewer and for a bounded time."""
        timing.warm_up(things, 2 if self.quick else 3)
        return timing.alternate(things, turns // 10 if self.quick else turns, self.seconds, **more)


def judge(result):
    found = result["structuredContent"]
    if result.get("isError") or found["end"] != "exited" or found["exit_code"] != 0:
        raise timing.Broken(f"{found['end']}: {found['error'] or found['stderr'][-300:]}")


def told_start(result):
    """What a result's layer `start` says, "on" where the box was started as its policy asks. None:
    nothing, as of policies that ask for a fresh one."""
    return result["structuredContent"]["layers"].get("start")


def is_started(result, start):
    return start == "spawn" or (told_start(result) or "").startswith("on")


def resident_mb(pid, what="VmRSS"):
    return int(support.status(pid)[what].split()[0]) / 1024


def server_pids(pid):
    """Front and gate, without the supervisors, which are forks of the gate."""
    return [pid, *support.children(pid)]


def cpu_seconds(pid):
    """Of all its threads, to the nanosecond; those that have ended are not in it."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9
