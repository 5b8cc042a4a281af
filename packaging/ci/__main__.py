# SPDX-License-Identifier: Apache-2.0
"""The CI step: one script or command of a contribution in a box, and what there is to say of it.

`python3 -IB packaging/ci` with the inputs in the environment (inputs.py); packaging/github and
packaging/gitlab set them. -I: a contribution that lies in the working directory lends this program
no module of its own.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile

import leaks
import program
import runners
import summary
from inputs import UNUSABLE, Inputs, Wrong, lies_in


def command(inputs, cordon, report, kept):
    words = [cordon, "exec" if inputs.command else "run", "--no-server"]
    words += ["--policy", inputs.policy, "--directory", inputs.directory, "--report", report]
    for option, value in inputs.options():
        words += [option, value]
    for path in kept:  # shown read-only, and so neither written, moved nor taken away
        words += ["--read", path]
    words.append("--")
    if inputs.command:
        return words + ["/bin/sh", "-e", "-c", inputs.command]
    return words + [inputs.script, *inputs.arguments]


def run(words, environment, directory):
    """The box's exit status. A runner that cancels signals this process alone, at any moment."""
    child, numbers = None, []

    def forward(number=None, _frame=None):
        if number:
            numbers.append(number)
        while child and numbers:
            child.send_signal(numbers.pop(0))

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, forward)
    child = subprocess.Popen(words, env=environment, cwd=directory, stdin=subprocess.DEVNULL)
    forward()
    status = child.wait()
    return status if status >= 0 else 128 - status


def read_report(path):
    """The result object; None where cordon had no box to tell of."""
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError):
        return None


def explain(cordon, inputs, environment):
    """No box could be built: cordon itself knows what this host lacks, and what to do about it."""
    print("What this host can enforce (cordon check):", flush=True)
    words = [cordon, "check", "--policy", inputs.policy]
    subprocess.run(words, env=environment, cwd=inputs.directory, check=False)


def step(runner, work):
    inputs = Inputs(os.environ, runner.workspace)
    if lies_in(work, inputs.directory):
        raise Wrong(f"the temporary directory {work} lies in what the script can change; set TMPDIR")
    leaks.refuse(inputs.directory, runner.remedy)
    environment = leaks.environment(os.environ, inputs.env, inputs.directory)
    cordon = program.find(inputs, runner, work)
    environment["CORDON_STATE"] = os.path.join(work, "state")
    report = os.path.join(work, "report.json")
    runner.place(inputs.report)
    kept = [path for path in runner.kept() if lies_in(path, inputs.directory)]

    with runner.quoting():
        status = run(command(inputs, cordon, report, kept), environment, inputs.directory)
    result = read_report(report)
    if result is not None and result["end"] == "fault":
        explain(cordon, inputs, environment)
    for sentence in summary.denials(result, inputs.policy):
        runner.warn(sentence)
    if status != 0:
        runner.fail(summary.verdict(result, status))
    runner.tell(summary.text(inputs.title(), result, status))
    runner.hand_on(status, result, report, inputs.report)
    return status


def main():
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    runner = runners.here(os.environ)
    try:
        runner.begin()
        if not sys.platform.startswith("linux"):
            raise Wrong("cordon needs a runner with Linux")
        with tempfile.TemporaryDirectory(prefix="cordon-step-", dir=runner.temporary) as work:
            return step(runner, work)
    except Wrong as wrong:
        runner.fail(str(wrong))
        runner.tell_outputs(UNUSABLE, None)
        return UNUSABLE
    finally:
        runner.end()


if __name__ == "__main__":
    sys.exit(main())
