# SPDX-License-Identifier: Apache-2.0
"""What a job writes, as clients read it while it runs and afterwards; and how far it says it is."""

import base64
import json
import random
import uuid

import pytest

import support
from jobs import ALONE, IN_DIR, WAIT, JobClient

REPLY_MAX = 128 * 1024


@pytest.fixture
def client(serve):
    client = JobClient(serve())
    yield client
    assert client.raw.garbage == []


@pytest.fixture
def steps(tmp_path):
    """steps(N): lets the script in the workspace go on from its wait("N")."""
    return lambda number: (tmp_path / str(number)).touch()


def told(client, job, stream, wanted, **more):
    """Reads what is new until it is `wanted`, exactly; returns the last record."""
    text = ""
    last = {}

    def all_there():
        nonlocal text
        last.update(client.status(job, **more))
        if "cursor" in more:
            more["cursor"] = last["cursor"]
        text += last[f"new_{stream}"]
        assert wanted.startswith(text), (text[-80:], wanted[:80])
        return text == wanted

    support.soon(all_there, 60)
    return last


# --- what is new --------------------------------------------------------------------------------


def test_what_is_new_is_told_once_and_whole(client, tmp_path, steps):
    code = WAIT + (
        "import sys\n"
        "for i in range(5):\n"
        "    print('out', i); print('err', i, file=sys.stderr); wait(str(i))\n"
    )
    job = client.start(code, IN_DIR, directory=str(tmp_path))
    for number in range(5):
        told(client, job, "stdout", f"out {number}\n")
        record = client.status(job)
        assert record["new_stdout"] == ""
        steps(number)
    record = client.ended(job)
    assert record["new_stdout"] == "".join(f"out {i}\n" for i in range(5))
    assert record["new_stderr"] == "".join(f"err {i}\n" for i in range(5))
    assert "partial_stdout" not in record


def test_any_number_of_readers_each_read_everything(client, tmp_path, steps):
    code = WAIT + "print('a', end=''); wait('1'); print('b', end=''); wait('2'); print('c', end='')"
    job = client.start(code, IN_DIR, directory=str(tmp_path))
    slow = told(client, job, "stdout", "a", cursor="0.0")["cursor"]
    steps(1)
    fast = told(client, job, "stdout", "b", cursor=slow)["cursor"]
    steps(2)
    client.ended(job)
    assert client.status(job, cursor=fast)["new_stdout"] == "c"
    assert client.status(job, cursor=slow)["new_stdout"] == "bc"
    assert client.status(job, cursor="0.0")["new_stdout"] == "abc"
    assert client.status(job, incremental=False)["new_stdout"] == "abc"
    # Nobody has read the way of `incremental` so far.
    assert client.status(job)["new_stdout"] == "abc"
    assert client.status(job)["new_stdout"] == ""
    # To read again from the same place gives the same.
    assert client.status(job, cursor=slow) == client.status(job, cursor=slow)


def test_a_cursor_that_nobody_gave_out_is_refused(client):
    job = client.call(ALONE, script_content="print(1)")["job_id"]
    for cursor in ["", "1", "1.", ".1", "-1.0", "1.1.1", "3.0", "0.1", "9" * 30 + ".0", "0x1.0"]:
        assert "cursor must be one" in client.error("py_job_status", job_id=job, cursor=cursor)
    assert client.status(job, cursor="2.0")["new_stdout"] == ""


def test_characters_come_whole_however_they_were_written(client, tmp_path, steps):
    """Bytes of one character that are written one by one, with a poll between."""
    text = "aé€😀\n"
    code = WAIT + (
        "import sys\n"
        f"for i, byte in enumerate({text.encode()!r}):\n"
        "    sys.stdout.buffer.write(bytes([byte])); sys.stdout.flush()\n"
        "    wait(str(i))\n"
    )
    job = client.start(code, IN_DIR, directory=str(tmp_path))
    seen = ""
    for number in range(len(text.encode())):
        uri = f"job-stream://{job}?stream=stdout&offset={number}"
        support.soon(lambda uri=uri: client.read(uri)["contents"][0]["_meta"]["length"])
        seen += client.status(job)["new_stdout"]
        assert text.startswith(seen)
        assert "\ufffd" not in seen
        steps(number)
    client.ended(job)
    assert seen + client.status(job)["new_stdout"] == text


def test_bytes_that_are_no_text_are_shown_as_such_and_kept(client):
    data = bytes(range(256)) * 4 + b"\xf0\x9f\x98"
    code = f"import sys; sys.stdout.buffer.write({data!r})"
    job = client.start(code)
    record = client.ended(job)
    assert record["status"] == "completed"
    assert record["new_stdout"] == data.decode(errors="replace")
    assert record["result"]["stdout"] == data.decode(errors="replace")
    (content,) = client.read(f"job-stream://{job}?stream=stdout")["contents"]
    assert base64.b64decode(content["blob"]) == data


def test_long_lines_and_much_output_are_read_in_bounded_parts(client):
    seed = random.Random(7)
    text = "".join(seed.choice("xé€\"\\\n😀\t") for _ in range(300_000))
    code = (
        "import random, sys\n"
        "seed = random.Random(7)\n"
        "sys.stdout.reconfigure(write_through=False)\n"
        "sys.stdout.write(''.join(seed.choice('xé€\"\\\\\\n😀\\t') for _ in range(300_000)))\n"
        "sys.stderr.write('y' * 10**6)\n"
    )
    job = client.start(code)
    record = client.ended(job)
    assert record["status"] == "completed"
    assert record["result"]["output"]["stdout_bytes"] == len(text.encode())
    seen = {"stdout": "", "stderr": ""}
    cursor, before = "0.0", None
    while cursor != before:
        before = cursor
        record = client.status(job, cursor=cursor)
        assert len(client.raw.lines[-1]) <= REPLY_MAX
        cursor = record["cursor"]
        for stream in seen:
            seen[stream] += record[f"new_{stream}"]
    assert seen == {"stdout": text, "stderr": "y" * 10**6}
    assert f"job-stream://{job}" in record["result"]["stdout"]


def test_a_running_job_shows_the_beginning_and_the_end_of_what_there_is(client, tmp_path, steps):
    code = WAIT + "print('<' + 'x' * 10**6 + '>', end='', flush=True); wait('1')"
    job = client.start(code, IN_DIR, directory=str(tmp_path))
    support.soon(lambda: client.status(job)["partial_stdout"].endswith(">"))
    partial = client.status(job)["partial_stdout"]
    assert partial.startswith("<xxx")
    assert len(client.raw.lines[-1]) <= REPLY_MAX
    assert f"bytes left out; the whole is job-stream://{job}?stream=stdout" in partial
    steps(1)
    client.ended(job)


def test_a_flood_in_the_background_costs_the_server_nothing(client):
    def memory():
        return int(support.status(client.raw.pid)["VmHWM"].split()[0]) * 1024

    client.call(ALONE, script_content="print(1)")
    before = memory()
    code = "import sys\nfor i in range(100): sys.stdout.write('x' * 10**6)"
    job = client.start(code)
    answered = 0
    while client.status(job)["status"] in ("pending", "running"):
        client.raw.request(str(uuid.uuid4()), "ping")
        answered += 1
    record = client.ended(job)
    assert record["result"]["output"]["stdout_bytes"] == 10**8
    assert answered >= 3  # who waits for the flood's end is answered once
    meta = client.read(f"job-stream://{job}?stream=stdout&length=1")["contents"][0]["_meta"]
    cap = 64 * 2**20  # the policy's
    assert meta == {"offset": 0, "length": 1, "total": cap, "dropped": 10**8 - cap}
    assert memory() - before < 8 * 2**20 or b"cage-off" in client.raw.log


def test_what_was_dropped_is_said_wherever_the_output_is_read(client, run):
    job = client.start("print('x' * 299_999)", max_output_bytes=102_400)
    record = client.ended(job)
    dropped = 300_000 - 102_400
    assert record["dropped"] == {"stdout": dropped}
    line = f"[... {dropped} bytes after this are not kept: output limit reached ...]\n"
    text = client.text(f"job-stream://{job}")
    assert text.count("are not kept") == 1
    assert text.endswith(f"{line}---STDERR---\n")
    shown = run("jobs", "output", job, "--stream", "stdout")
    assert (shown.exit, len(shown.out)) == (0, 102_400)
    rest = f"{dropped} bytes of its standard output after this are not kept: output limit reached"
    assert shown.err == f"cordon: {rest}\n"
    whole = client.start("print(1)")
    assert "dropped" not in client.ended(whole)
    assert run("jobs", "output", whole).err == ""


# --- job-stream:// and its relatives ------------------------------------------------------------


def test_the_stream_of_a_job_is_read_while_it_runs_and_afterwards(client, tmp_path, steps):
    code = WAIT + "import sys; print('one'); print('two', file=sys.stderr); wait('1'); print('end')"
    job = client.start(code, IN_DIR, directory=str(tmp_path))
    uri = f"job-stream://{job}"
    support.soon(lambda: client.text(uri) == "---STDOUT---\none\n---STDERR---\ntwo\n")
    steps(1)
    client.ended(job)
    assert client.text(uri) == "---STDOUT---\none\nend\n---STDERR---\ntwo\n"
    for query, wanted in {
        "stream=stdout": "one\nend\n",
        "stream=stderr": "two\n",
        "stream=stdout&offset=4": "end\n",
        "stream=stdout&offset=4&length=2": "en",
        "offset=1&length=2": "ne",
        "length=3&stream=stderr&offset=1": "wo\n",
        "stream=stdout&offset=8": "",
        "stream=stdout&offset=999999999999": "",
        "stream=stdout&length=0": "",
        "stream=st%64out&offset=%34": "end\n",
    }.items():
        assert client.text(f"{uri}?{query}") == wanted, query
    assert job in str(client.raw.request("list", "resources/list")["result"])
    assert json.loads(client.text(f"cordon://jobs/{job}"))["job"]["status"] == "completed"


BAD_ADDRESSES = {
    "job-stream://00000000-0000-4000-8000-000000000000": -32002,
    "job-stream://": -32002,
    "job-stream://../../jobs.db": -32002,
    "job-stream://%2e%2e%2fjobs.db": -32002,
    "cordon://jobs/nope": -32002,
    "cordon://nothing": -32002,
    "file:///etc/passwd": -32002,
    "": -32002,
    "job-stream://JOB?stream=both": -32602,
    "job-stream://JOB?stream=stdout&offset=-1": -32602,
    "job-stream://JOB?stream=stdout&offset=1e3": -32602,
    "job-stream://JOB?stream=stdout&length=" + "9" * 30: -32602,
    "job-stream://JOB?stream=stdout&stream=stderr": -32602,
    "job-stream://JOB?lines=5": -32602,
    "job-stream://JOB?stream": -32602,
    "job-stream://JOB?stream=%zz": -32602,
    "job-stream://JOB%00": -32602,
    "job-stream://" + "x" * 5000: -32602,
}


def test_an_address_of_nothing_is_an_error_with_its_code(client):
    job = client.call(ALONE, script_content="print(1)")["job_id"]
    for address, code in BAD_ADDRESSES.items():
        error = client.read(address.replace("JOB", job))
        assert error.get("code") == code, (address, error)
        assert len(error["message"]) < 300
    reply = client.raw.request("no uri", "resources/read")
    assert reply["error"]["code"] == -32602
    assert client.text(f"job-stream://{job}?stream=stdout") == "1\n"


# --- standard input -----------------------------------------------------------------------------


def test_a_script_reads_the_text_it_is_given(client):
    text = "first é\n" + "x" * 10**6 + "\nlast, without an end"
    code = "import sys; t = sys.stdin.read(); print(len(t), t[:8], t[-20:])"
    result = client.call(ALONE, script_content=code, stdin=text)
    assert result["stdout"] == f"{len(text)} {text[:8]} {text[-20:]}\n"


@pytest.mark.parametrize("given", [{}, {"stdin": ""}, {"stdin": None}])
def test_without_text_there_is_nothing_to_read(client, given):
    code = "import sys; print(repr(sys.stdin.read()))"
    assert client.call(ALONE, script_content=code, **given)["stdout"] == "''\n"


def test_a_script_that_reads_nothing_ends_all_the_same(client):
    result = client.call(ALONE, script_content="print(1)", stdin="x" * 10**6)
    assert (result["stdout"], result["exit_code"]) == ("1\n", 0)
    job = client.start("import time; time.sleep(600)", stdin="y" * 10**6)
    assert client.call("py_cancel_job", job_id=job)["status"] == "cancelled"


# --- progress -----------------------------------------------------------------------------------

SAY = (
    "import os\n"
    "def say(text):\n"
    "    with open(os.environ['CORDON_PROGRESS'], 'a') as file: file.write(text)\n"
)


def test_progress_reaches_the_record(client, tmp_path, steps):
    code = WAIT + SAY + "say('1 4 quarter é\\n'); wait('1'); say('2 4\\n3 4 nearly\\n'); wait('2')"
    job = client.start(code, IN_DIR, directory=str(tmp_path))

    def is_at(current, message):
        wanted = {"current": current, "total": 4, "message": message}
        return lambda: client.status(job)["progress"] == wanted

    support.soon(is_at(1, "quarter é"))
    steps(1)
    support.soon(is_at(3, "nearly"))
    steps(2)
    assert client.ended(job)["progress"]["message"] == "nearly"
    (record,) = [record for record in client.jobs() if record["id"] == job]
    assert record["progress"]["current"] == 3


def test_the_last_word_of_a_short_script_counts(client):
    job = client.start(SAY + "say('7 7 done\\n')")
    assert client.ended(job)["progress"] == {"current": 7, "total": 7, "message": "done"}


@pytest.mark.parametrize(
    "hostile",
    [
        "os.symlink('/etc/passwd', os.environ['CORDON_PROGRESS'])",
        "os.mkfifo(os.environ['CORDON_PROGRESS'])",
        "os.mkdir(os.environ['CORDON_PROGRESS'])",
        "say('nan nan x\\n-1 5 x\\n1e999 1 x\\n\\x00\\x00\\nno numbers\\n')",
        "say('1 2 ' + 'x' * 10**6 + '\\n')",
        "say('x'); os.truncate(os.environ['CORDON_PROGRESS'], 10**8)",
    ],
)
def test_a_script_that_plays_with_the_file_is_not_listened_to(client, hostile):
    record = client.ended(client.start(SAY + "import time\n" + hostile + "\ntime.sleep(.3)"))
    assert (record["status"], record["progress"]) == ("completed", None)
    assert record["result"]["exit_code"] == 0


def notes(client, token):
    found = []
    for line in client.raw.lines:
        message = json.loads(line)
        if message.get("method") == "notifications/progress":
            assert "id" not in message
            if message["params"]["progressToken"] == token:
                found.append(message["params"])
    return found


def call_with_token(client, number, token, tool=ALONE, **arguments):
    client.raw.send(
        id=number,
        method="tools/call",
        params={"name": tool, "arguments": arguments, "_meta": {"progressToken": token}},
    )


@pytest.mark.parametrize("token", ["a token", 7, ""])
def test_a_client_that_asks_hears_of_progress_that_always_grows(client, token, tmp_path, steps):
    code = WAIT + SAY + (
        "for text in ['1 9 up', '5 9 higher', '2 9 down', '2 9 still', '0 0 nothing', '9 9 end']:\n"
        "    say(text + '\\n')\n"
        "    if text.split()[2] in ('up', 'down', 'end'): wait(text.split()[2])\n"
    )
    call_with_token(client, 1, token, IN_DIR, directory=str(tmp_path), script_content=code)
    for word in ("up", "down", "end"):
        support.soon(
            lambda word=word: word in {note["message"] for note in notes(client, token)}
        )
        steps(word)
    client.raw.reply(1)
    told = notes(client, token)
    values = [note["progress"] for note in told]
    assert values == sorted(set(values))
    assert told[-1]["progress"] == 9 and told[-1]["total"] == 9
    # It stops with the answer.
    assert json.loads(client.raw.lines[-1])["id"] == 1


def test_a_client_that_does_not_ask_hears_nothing(client):
    client.call(ALONE, script_content=SAY + "import time; say('1 2 x\\n'); time.sleep(.3)")
    assert b"notifications/progress" not in b"".join(client.raw.lines)


def test_a_script_that_floods_its_progress_is_told_now_and_then(client):
    code = SAY + (
        "import time\n"
        "end = time.monotonic() + 1.5\n"
        "i = 0\n"
        "while time.monotonic() < end:\n"
        "    i += 1; say(f'{i} 0 step {i}\\n')\n"
    )
    call_with_token(client, 1, "flood", script_content=code)
    result = client.raw.reply(1)["result"]["structuredContent"]
    assert 3 <= len(notes(client, "flood")) <= 25 * result["elapsed_seconds"]


def test_a_quiet_script_is_told_to_be_alive(client, tmp_path, steps):
    call_with_token(
        client, 1, "quiet", IN_DIR, directory=str(tmp_path), script_content=WAIT + "wait('1')"
    )
    # Every ten seconds is promised; the machine may be busy.
    assert support.eventually(lambda: notes(client, "quiet"), 20, 0.1) is not None
    steps(1)
    client.raw.reply(1)
    values = [note["progress"] for note in notes(client, "quiet")]
    assert values == sorted(set(values))


@pytest.mark.parametrize("token", [None, 1.5, True, [], {}, "x" * 2000])
def test_a_token_that_is_none_is_refused(client, token):
    call_with_token(client, 1, token, script_content="1")
    assert client.raw.reply(1)["error"]["code"] == -32602


# --- measuring ----------------------------------------------------------------------------------


def test_a_benchmark_measures_the_script_alone(client):
    code = (
        "import sys, time\n"
        "block = bytearray(64 << 20)\n"
        "end = time.process_time() + .5\n"
        "while time.process_time() < end: pass\n"
        "time.sleep(.3)\n"
        "print('done', file=sys.stderr)\n"
        "sys.stderr.write('x' * 10**6)\n"
    )
    result = client.call("py_benchmark_script", script_content=code, sample_interval=0.02)
    assert (result["status"], result["exit_code"], len(result["runs"])) == ("completed", 0, 1)
    assert result["stderr"].startswith("done\n")
    assert result["cpu_time_seconds"] >= 0.5
    assert result["wall_time_seconds"] >= result["usage"]["wall_seconds"] - 1e-5 >= 0.8
    assert 64 <= result["peak_rss_mb"] < 200
    samples = result["samples"]
    assert 5 <= len(samples) <= 300
    times = [sample["time_seconds"] for sample in samples]
    assert times == sorted(times)
    assert times[-1] <= result["wall_time_seconds"]
    cpu = [sample["cpu_seconds"] for sample in samples]
    assert cpu == sorted(cpu) and cpu[-1] >= 0.4
    assert max(sample["memory_mb"] for sample in samples) >= 60
    assert max(sample["processes"] for sample in samples) == 1  # 0 where it is on its way out


def test_a_long_benchmark_has_a_bounded_number_of_samples(client):
    result = client.call(
        "py_benchmark_script",
        script_content="import time; time.sleep(1.5)",
        sample_interval=0.001,
        timeout_seconds=20,
    )
    assert 32 <= len(result["samples"]) <= 300
    assert result["samples"][-1]["time_seconds"] == result["wall_time_seconds"] > 1
    assert len(client.raw.lines[-1]) <= REPLY_MAX


def test_a_benchmark_in_the_background_is_a_job_like_any_other(client):
    answer = client.call(
        "py_benchmark_script", script_content="print(1)", async_mode=True, job_label="bench"
    )
    record = client.ended(answer["job_id"])
    assert record["label"] == "bench"
    assert len(record["result"]["runs"]) == 1
    answer = client.call(
        "py_benchmark_script", script_content="print(1)", async_mode=True, runs=2, warmup=1
    )
    progress = client.ended(answer["job_id"])["progress"]
    assert (progress["current"], progress["total"]) == (3, 3)
    late = client.call(
        "py_benchmark_script", script_content="import time; time.sleep(60)", timeout_seconds=1
    )
    assert (late["status"], late["end"]) == ("failed", "wall")


@pytest.mark.parametrize("interval", [0, -1, 0.0001, 3601, 1e30, "fast", None, True, []])
def test_an_interval_that_is_none_is_refused(client, interval):
    error = client.error("py_benchmark_script", script_content="1", sample_interval=interval)
    assert "sample_interval must be" in error
    if type(interval) in (int, float):
        assert "must be from 0.001 to 3600, not" in error


def test_the_parameter_that_is_wrong_is_named(client, tmp_path):
    (tmp_path / "a.py").write_text("1")
    for directory in ("/etc", str(tmp_path / "none")):
        error = client.error("py_run_script_in_dir", directory=directory, script_path="a.py")
        assert error.startswith("directory: "), error
    error = client.error("py_run_script_in_dir", directory=str(tmp_path), script_path="b.py")
    assert error.startswith("script_path: "), error


# --- what the gate knows ------------------------------------------------------------------------


def test_policies_and_the_host_are_readable(client):
    addresses = [
        resource["uri"]
        for resource in client.raw.request("list", "resources/list")["result"]["resources"]
    ]
    assert {"cordon://check", "cordon://policies/default", "cordon://policies/strict"} <= set(
        addresses
    )
    policy = json.loads(client.text("cordon://policies/strict"))
    assert policy["name"] == "strict"
    verdict = json.loads(client.text("cordon://check"))
    result = client.call(ALONE, script_content="1")
    # How a run was started says nothing about the host.
    assert set(result["layers"]) - {"start"} <= set(verdict["layers"])
    assert verdict["policy"] == "default"


@pytest.mark.parametrize(
    "address",
    [
        "cordon://policies/fetch",  # nobody may name it
        "cordon://policies/data",  # no client may
        "cordon://policies/../default",
        "cordon://policies/",
        "cordon://policies/de%00fault",
        "cordon://checks",
        "cordon://check/x",
        "cordon://check?policy=fetch",
        "cordon://",
    ],
)
def test_what_no_client_may_know_is_not_there(client, address):
    assert client.read(address)["code"] in (-32002, -32602)
    assert client.call(ALONE, script_content="print(1)")["stdout"] == "1\n"


def test_questions_about_the_host_keep_no_call_waiting(client):
    for number in range(20):
        client.raw.send(
            id=f"check {number}", method="resources/read", params={"uri": "cordon://check"}
        )
    assert client.call(ALONE, script_content="print(1)")["stdout"] == "1\n"
    for number in range(20):
        reply = client.raw.reply(f"check {number}")
        assert "result" in reply or "too much" in reply["error"]["message"]
