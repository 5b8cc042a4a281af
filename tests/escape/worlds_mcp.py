# SPDX-License-Identifier: Apache-2.0
"""Through MCP: the program travels in a script, which unpacks it and becomes it.

A box may stand before its run comes, or be forked (a policy's `start`). Then every call of an
attack must have had such a box, or the attack is tried again: with what it finds in a fresh one it
has been tried already.
"""

import base64
import copy
import itertools
import json
import tempfile
import zlib
from pathlib import Path

import heads
import support
import worlds

POLICIES = ("default", "strict")
# The ways in which a box may come to be; and what `layers` says of a box that came so.
STARTS = {"spawn": "", "pool": "on", "fork": "on"}

# Whoever waits does not do so for long, and a busy machine makes nothing ahead.
WARM_WITHIN = 60
# A box that stands may be in another's way, and go; or it is not there yet when the call comes.
WARM_TRIES = 5
CROWD = 4

LAUNCHER = """
import base64, os, sys, zlib
os.makedirs("/tmp/programs")
for name, packed in FILES:
    with open("/tmp/programs/" + name, "wb") as file:
        file.write(zlib.decompress(base64.b64decode(packed)))
    os.chmod("/tmp/programs/" + name, 0o755)
program = "/tmp/programs/" + FILES[0][0]
if not program.endswith(".py"):
    os.execv(program, [program] + ARGUMENTS)
# In the very process that may have waited: what it was given is still there, if anything is.
sys.argv, sys.dont_write_bytecode = [program] + ARGUMENTS, True
sys.path.insert(0, "/tmp/programs")
exec(compile(open(program).read(), program, "exec"), globals())
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


def derived_name(base, limits, start):
    """A name for that policy with other limits, started so: at most 31 letters."""
    return f"{base}-{start}-{zlib.crc32(limits.encode()):08x}"


class TooCold(AssertionError):
    """No box was waiting for the attack."""


class Mcp(worlds.Cordon):
    def __init__(self, host, cordon, state, start="spawn"):
        super().__init__(host, cordon, state, "default")
        self.started = start
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
        names = []
        for base in POLICIES:
            for limits in {attack.for_limits for attack in heads.all_attacks()} | {""}:
                names.append(derived_name(base, limits, self.started))
                into = Path(self.place.name, names[-1] + ".json")
                worlds.derived_policy(
                    *(self.cordon, base, limits, into, names[-1]), start=self.started
                )
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

    def run(self, attack):
        for _ in range(WARM_TRIES):
            try:
                return super().run(attack)
            except TooCold as problem:
                kept = problem
        raise kept

    def run_once(self, attack, names):
        if attack.for_parties:
            self.call(attack, names, "send")
            return self.call(attack, names, "receive")
        return self.call(attack, names)

    def ask(self, tool, call):
        """(reply, result or None)"""
        number = next(self.numbers)
        self.client.start_call(number, tool, **call)
        reply = self.client.reply(number, worlds.PATIENCE)
        return reply, reply.get("result", {}).get("structuredContent")

    def warm(self, tool, call):
        """Until boxes like it wait, two of them: the one that is asked for, and its successor."""
        harmless = {**call, "script_content": "import base64, os, sys, zlib"}
        in_a_row = []
        # For each call that finds none one more is made: then two that are taken leave some.
        crowd = [next(self.numbers) for _ in range(CROWD)]
        for number in crowd:
            self.client.start_call(number, tool, **harmless)
        for number in crowd:
            self.client.reply(number, worlds.PATIENCE)

        def twice():
            _, result = self.ask(tool, harmless)
            in_a_row.append(bool(result) and result["layers"].get("start") == "on")
            # What is refused never waits, and the attack itself says so.
            return not result or result["end"] == "refused" or in_a_row[-2:] == [True, True]

        if not support.eventually(twice, WARM_WITHIN):
            raise TooCold("no box like it ever waits")

    def call(self, attack, names, role=None):
        arguments = worlds.fill(attack.for_arguments, names)
        arguments = [role, *arguments] if role else arguments
        call = {
            "script_content": self.script(attack, arguments),
            "policy": derived_name(self.policy, attack.for_limits, self.started),
        }
        tool = "py_run_script_with_dependencies"
        options = dict(zip(*[iter(worlds.fill(attack.for_options, names))] * 2, strict=True))
        if directory := options.get("--directory"):
            tool, call["directory"] = "py_run_script_in_dir", directory
        if memory := options.get("--memory"):
            call["memory_mb"] = int(memory.removesuffix("M"))
        if "--timeout" in options:
            call["timeout_seconds"] = 1
        if self.started != "spawn":
            self.warm(tool, call)
        reply, result = self.ask(tool, call)
        text = json.dumps(reply)
        if not result:
            return worlds.Seen(126, "", text, end="refused", delivered=len(text))
        start = result["layers"].get("start", "")
        if start != STARTS[self.started] and result["end"] != "refused":
            raise TooCold(f"{self.started}: {start!r}: {result['error']}")
        return worlds.Seen(
            *(result["exit_code"], result["stdout"], result["stderr"] + str(result["error"])),
            end=result["end"],
            reached=result["reached"],
            delivered=len(text),
            start=start,
        )

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
