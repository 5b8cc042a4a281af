# SPDX-License-Identifier: Apache-2.0
"""usage: fuzz.py RESULTS.tsv BUILD CACHE [RUNS]. PyPI `mcp-fuzzer` at a server, over stdio and HTTP.

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
SENT_MIN = 200  # messages: fewer, and the fuzzer did not get along with the server


def fuzz(python, directory, protocol, endpoint, runs):
    command = [Path(python).parent / "mcp-fuzzer", "--protocol", protocol, "--endpoint", endpoint]
    command += ["--mode", "all", "--phase", "both", "--protocol-phase", "aggressive"]
    command += ["--runs", runs, "--runs-per-type", runs, "--timeout", "5", "--no-corpus"]
    command += ["--no-network", "--fs-root", directory / "files", "--output-dir", directory / "out"]
    with open(directory / "fuzzer.log", "wb") as file:
        subprocess.run(
            list(map(str, command)), stdin=subprocess.DEVNULL, stdout=file, stderr=file,
            timeout=SECONDS_MAX, check=True,
        )


def not_protocol(line):
    try:
        return json.loads(line).get("jsonrpc") != "2.0"
    except (ValueError, AttributeError):
        return True


def over_stdio(python, directory, cordon, runs):
    """(problems, messages that were sent, the log)"""
    program = directory / "recorded"
    sent, answered, log = (directory / name for name in ("sent", "answered", "log"))
    program.write_text(
        f'#!/bin/sh\ntee -a "{sent}" | "{cordon}" serve 2>>"{log}" | tee -a "{answered}"\n'
    )
    program.chmod(0o755)
    fuzz(python, directory, "stdio", program, runs)
    log = log.read_text(errors="replace")
    strange = [line for line in answered.read_text().splitlines() if not_protocol(line)]
    wrong = {
        f"not protocol: {strange[:1]}": strange,
        f"began {log.count('event=serving')} times": log.count("event=serving") != 1,
        "did not end as it should": "event=ending" not in log,  # the fuzzer keeps the status
    }
    return wrong, len(sent.read_bytes().splitlines()), log


def over_http(python, directory, cordon, runs):
    way = matrix.Http(cordon, directory)
    try:
        fuzz(python, directory, "streamablehttp", way.target, runs)
        alive = way.server.poll() is None
    finally:
        status = way.close()
    sent, answered = way.said()
    wrong = {
        "did not live to the end": not alive,
        f"ended with {status}": status != 0,
        "a reply of 500": b"HTTP/1.1 500" in answered,
    }
    return wrong, sent.count(b"POST /mcp"), way.log.decode(errors="replace")


def left_over(cordon):
    jobs = subprocess.run([cordon, "jobs", "list"], stdout=subprocess.PIPE, check=True)
    return {"a job runs still": b" running " in jobs.stdout or b" pending " in jobs.stdout}


def one(name, how, python, cordon, runs):
    with tempfile.TemporaryDirectory() as directory:
        directory = Path(directory)
        os.environ.update(HOME=str(directory), CORDON_STATE=str(directory / "state"))
        try:
            wrong, count, log = how(python, directory, cordon, runs)
        except subprocess.SubprocessError as problem:
            wrong, count, log = {f"the fuzzer did not come to its end: {problem}": True}, 0, ""
        wrong |= left_over(cordon)
        wrong |= {"a sanitizer spoke": "Sanitizer" in log or "runtime error" in log}
        wrong |= {f"only {count} messages were sent": count < SENT_MIN}
        found = [word for word, bad in wrong.items() if bad]
        if found:
            print(log[-4000:], file=sys.stderr)
            fuzzer = directory / "fuzzer.log"
            print(fuzzer.read_text(errors="replace")[-2000:], file=sys.stderr)
    print(f"mcp-fuzzer {name}: {count} messages: {', '.join(found) or 'no complaint'}", flush=True)
    return f"{'failed' if found else 'passed'}\tmcp-fuzzer {name}\t{', '.join(found)}\n"


def main(results, build, cache, runs):
    try:
        python = matrix.python(cache, "mcp-fuzzer==0.7.0")
    except matrix.Missing as why:
        results.write_text(f"skipped\tmcp-fuzzer\t{why}\n")
        return 0
    os.environ["ASAN_OPTIONS"] = "detect_leaks=0"  # the cage forbids what a leak checker does
    lines = [
        one(name, how, python, build / "cordon", runs)
        for name, how in {"stdio": over_stdio, "http": over_http}.items()
    ]
    results.write_text("".join(lines))
    return any(line.startswith("failed") for line in lines)


if __name__ == "__main__":
    results, build, cache = (Path(word).resolve() for word in sys.argv[1:4])
    cache.mkdir(parents=True, exist_ok=True)
    sys.exit(main(results, build, cache, sys.argv[4] if len(sys.argv) > 4 else "10"))
