# SPDX-License-Identifier: Apache-2.0
"""Through MCP: the program travels in a script, which unpacks it and becomes it."""

import base64
import copy
import itertools
import json
import tempfile
import time
import zlib
from pathlib import Path

import heads
import support
import worlds

POLICIES = ("default", "strict")

LAUNCHER = """
import base64, os, sys, zlib
os.makedirs("/tmp/programs")
for name, packed in FILES:
    with open("/tmp/programs/" + name, "wb") as file:
        file.write(zlib.decompress(base64.b64decode(packed)))
    os.chmod("/tmp/programs/" + name, 0o755)
command = [sys.executable, "-B"] if FILES[0][0].endswith(".py") else []
command.append("/tmp/programs/" + FILES[0][0])
os.execv(command[0], command + ARGUMENTS)
"""


def not_for_clients(attack):
    """Why no client can try it; '' if one can."""
    if "--read" in attack.for_options:
        return "only the operator shows a box more of the host"
    if attack.for_caller:
        return "only a process has descriptors and variables to give"
    if attack.for_outside == "net":
        return "the server would have to be started there"
    if attack.for_parties == "together" or attack.for_receiver:
        return "two boxes at the same time are tried through the command line"
    if attack.for_worked.startswith("planted"):
        return "its second half goes through MCP anyway"
    return ""


def derived_name(base, limits):
    """A name for that policy with other limits: at most 31 letters."""
    return f"{base}-{zlib.crc32(limits.encode()):08x}"


class Mcp(worlds.Cordon):
    def __init__(self, host, cordon, state, start="spawn"):
        super().__init__(host, cordon, state, "default")
        self.begins = start
        self.client, self.numbers = None, itertools.count(100)
        self.place = tempfile.TemporaryDirectory(prefix="mcp-", dir=host.base)

    def under(self, policy):
        """The same server, asked for that policy."""
        self.start()
        view = copy.copy(self)
        view.policy = policy
        return view

    def start(self):
        if self.client:
            return
        names = list(POLICIES)
        for base in POLICIES:
            into = Path(self.place.name, base + ".json")
            worlds.derived_policy(self.cordon, base, "", into)
            self.set_start(into)
            for limits in {attack.for_limits for attack in heads.all_attacks()} - {""}:
                names.append(derived_name(base, limits))
                into = Path(self.place.name, names[-1] + ".json")
                worlds.derived_policy(self.cordon, base, limits, into, names[-1])
                self.set_start(into)
        configuration = Path(self.place.name, "configuration")
        configuration.write_text(json.dumps({"client_policies": names}))
        self.client = support.RawClient(
            [
                *[str(self.cordon), "serve", "--root", str(self.host.base)],
                *["--config", str(configuration), "--policies", self.place.name],
            ],
            support.clean_environment(
                CORDON_STATE=str(self.state), SMART_ASYNC_TIMEOUT_SECONDS="0"
            ),
            self.host.base,
        )
        self.client.initialize()

    def set_start(self, file):
        policy = json.loads(file.read_text())
        policy["start"] = self.begins
        file.write_text(json.dumps(policy))

    def run_once(self, attack, names):
        if attack.for_parties:
            self.call(attack, names, "send")
            return self.call(attack, names, "receive")
        return self.call(attack, names)

    def call(self, attack, names, role=None):
        arguments = worlds.fill(attack.for_arguments, names)
        arguments = [role, *arguments] if role else arguments
        call = {"script_content": self.script(attack, arguments), "policy": self.policy}
        if attack.for_limits:
            call["policy"] = derived_name(self.policy, attack.for_limits)
        tool = "py_run_script_with_dependencies"
        options = dict(zip(*[iter(worlds.fill(attack.for_options, names))] * 2, strict=True))
        if directory := options.get("--directory"):
            tool, call["directory"] = "py_run_script_in_dir", directory
        if memory := options.get("--memory"):
            call["memory_mb"] = int(memory.removesuffix("M"))
        if "--timeout" in options:
            call["timeout_seconds"] = 1
        reply, text, result = self.ask_where_wanted(tool, call)
        if not result:
            return worlds.Seen(126, "", text, end="refused", delivered=len(text))
        return worlds.Seen(
            *(result["exit_code"], result["stdout"], result["stderr"] + str(result["error"])),
            end=result["end"],
            reached=result["reached"],
            delivered=len(text),
        )

    def ask(self, tool, call):
        number = next(self.numbers)
        self.client.start_call(number, tool, **call)
        reply = self.client.reply(number, worlds.PATIENCE)
        return reply, json.dumps(reply), reply.get("result", {}).get("structuredContent")

    def ask_where_wanted(self, tool, call):
        """In a box that was waiting; what found none has asked for one."""
        harmless = {**call, "script_content": "import base64, os, sys, zlib"}
        until = time.monotonic() + worlds.PATIENCE
        while True:
            if self.begins != "spawn":
                self.ask(tool, harmless)
            reply, text, result = self.ask(tool, call)
            if self.begins == "spawn" or not result or result["layers"].get("start") == "on":
                return reply, text, result
            assert time.monotonic() < until, f"no box was ever waiting: {result['layers']}"

    def script(self, attack, arguments):
        name = attack.name if attack.path.suffix == ".c" else attack.path.name
        names = [name] if attack.path.suffix == ".c" else [name, "attack.py"]
        files = [
            (name, base64.b64encode(zlib.compress((self.host.programs / name).read_bytes())))
            for name in names
        ]
        return f"FILES = {files!r}\nARGUMENTS = {arguments!r}\n" + LAUNCHER

    def close(self):
        if self.client:
            self.client.process.kill()
            self.client.process.wait()
        self.place.cleanup()
