# SPDX-License-Identifier: Apache-2.0
"""usage: fuzz.py RESULTS.tsv BUILD CACHE [RUNS]. PyPI `mcp-fuzzer` at a server, over stdio.

Whether an answer is right other tests say, and better: the fuzzer calls each result of a valid
request malformed. What is judged here is the server: that it lives to the end, that whatever it
wrote is protocol, that no sanitizer spoke (give it build/dev), and that no run is left.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import matrix

SECONDS_MAX = 900
NAMES = ("sent", "answered", "log")


def recorded(directory, cordon):
    """A program that is `cordon serve`, and keeps what went in, what came out and what was logged."""
    program = directory / "recorded"
    sent, answered, log = (directory / name for name in NAMES)
    program.write_text(
        f'#!/bin/sh\ntee -a "{sent}" | "{cordon}" serve 2>>"{log}" | tee -a "{answered}"\n'
    )
    program.chmod(0o755)
    return program


def fuzz(python, directory, program, runs):
    command = [Path(python).parent / "mcp-fuzzer", "--protocol", "stdio", "--endpoint", program]
    command += ["--mode", "all", "--phase", "both", "--protocol-phase", "aggressive"]
    command += ["--runs", runs, "--runs-per-type", runs, "--timeout", "20", "--no-corpus"]
    command += ["--no-network", "--fs-root", directory / "files", "--output-dir", directory / "out"]
    environment = {**os.environ, "HOME": str(directory), "CORDON_STATE": str(directory / "state")}
    environment["ASAN_OPTIONS"] = "detect_leaks=0"  # the cage forbids what a leak checker does
    with open(directory / "fuzzer.log", "wb") as file:
        subprocess.run(
            list(map(str, command)), env=environment, stdin=subprocess.DEVNULL, stdout=file,
            stderr=file, timeout=SECONDS_MAX, check=True,
        )


def not_protocol(line):
    try:
        return json.loads(line).get("jsonrpc") != "2.0"
    except (ValueError, AttributeError):
        return True


def problems(directory, cordon):
    sent, answered, log = ((directory / name).read_text(errors="replace") for name in NAMES)
    strange = [line for line in answered.splitlines() if not_protocol(line)]
    jobs = subprocess.run(
        [cordon, "jobs", "list", "--state", directory / "state"], stdout=subprocess.PIPE, check=True
    ).stdout.decode()
    return [
        word
        for word, bad in {
            f"only {len(sent.splitlines())} messages were sent": len(sent.splitlines()) < 200,
            f"began {log.count('event=serving')} times": log.count("event=serving") != 1,
            "did not end as it should": "event=ending" not in log,  # the fuzzer keeps the status
            f"not protocol: {strange[:1]}": strange,
            "a sanitizer spoke": "Sanitizer" in log or "runtime error" in log,
            "a job runs still": " running " in jobs or " pending " in jobs,
        }.items()
        if bad
    ], f"{len(sent.splitlines())} messages, {len(answered.splitlines())} answers"


def main(results, build, cache, runs):
    name = "mcp-fuzzer stdio"
    try:
        python = matrix.python(cache, "mcp-fuzzer==0.7.0")
    except matrix.Missing as why:
        results.write_text(f"skipped\t{name}\t{why}\n")
        return 0
    with tempfile.TemporaryDirectory() as directory:
        directory = Path(directory)
        try:
            fuzz(python, directory, recorded(directory, build / "cordon"), runs)
            wrong, figures = problems(directory, build / "cordon")
        except subprocess.SubprocessError as problem:
            wrong, figures = [f"the fuzzer did not come to its end: {problem}"], ""
        if wrong:
            print((directory / "log").read_text(errors="replace")[-4000:], file=sys.stderr)
            print((directory / "fuzzer.log").read_text(errors="replace")[-2000:], file=sys.stderr)
    print(f"{name}: {figures}: {', '.join(wrong) or 'no complaint'}")
    results.write_text(f"{'failed' if wrong else 'passed'}\t{name}\t{', '.join(wrong)}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    results, build, cache = (Path(word).resolve() for word in sys.argv[1:4])
    cache.mkdir(parents=True, exist_ok=True)
    sys.exit(main(results, build, cache, sys.argv[4] if len(sys.argv) > 4 else "10"))
