# SPDX-License-Identifier: Apache-2.0
"""What a server has counted, in a format that others read."""

import itertools

import exposition
import support
from jobs import ALONE, IN_DIR

URI = "cordon://metrics"


def metrics_of(client, number):
    reply = client.request(number, "resources/read", uri=URI)
    (content,) = reply["result"]["contents"]
    assert content["mimeType"] == "text/plain; version=0.0.4; charset=utf-8"
    return exposition.parse(content["text"])


def test_runs_are_counted_by_tool_policy_and_end(serve, tmp_path):
    client = serve()
    nothing = metrics_of(client, 1)
    assert "cordon_runs_total" not in nothing
    assert nothing["cordon_run_wall_seconds"]["cordon_run_wall_seconds_count", ()] == 0

    in_dir = {"directory": str(tmp_path)}
    for number, code in enumerate(("print('123')", "raise SystemExit(1)"), 10):
        client.call(number, IN_DIR, script_content=code, **in_dir)
    client.call(12, IN_DIR, script_content="while True: pass", timeout_seconds=1, **in_dir)
    client.call(13, ALONE, script_content="pass", policy="strict")
    client.call(14, ALONE, script_content="pass", memory_mb=900000)
    client.call(15, ALONE, script_content="pass", policy='dra"gon\n', label="x")
    client.call(16, ALONE)

    after = metrics_of(client, 2)
    runs = {
        tuple(value.strip('"') for _, value in labels): count
        for (_, labels), count in after["cordon_runs_total"].items()
    }  # (end, policy, tool)
    assert runs == {
        ("exited", "default", IN_DIR): 2,
        ("wall", "default", IN_DIR): 1,
        ("exited", "strict", ALONE): 1,
        ("refused", "default", ALONE): 1,
    }
    refused = after["cordon_calls_refused_total"]
    assert sum(refused.values()) == 2
    wall = after["cordon_run_wall_seconds"]
    assert wall["cordon_run_wall_seconds_count", ()] == 4
    assert wall["cordon_run_wall_seconds_sum", ()] >= 1
    queue = after["cordon_run_queue_seconds"]
    assert queue["cordon_run_queue_seconds_count", ()] == 5
    memory = after["cordon_run_peak_memory_bytes"]
    assert memory["cordon_run_peak_memory_bytes_sum", ()] > 4 * 1024 * 1024
    output = after["cordon_output_bytes_total"]
    assert output["cordon_output_bytes_total", (("stream", '"stdout"'),)] == 4
    assert "dra" not in str(after)


def gauges(client, number):
    now = metrics_of(client, number)
    names = ("cordon_runs_running", "cordon_runs_pending")
    return tuple(now[name][name, ()] for name in names)


def test_what_runs_now_is_a_gauge(serve, tmp_path):
    client = serve()
    assert gauges(client, 2) == (0, 0)
    client.call(
        1,
        IN_DIR,
        directory=str(tmp_path),
        script_content="import time; time.sleep(600)",
        async_mode=True,
    )
    numbers = itertools.count(3)
    assert sum(gauges(client, next(numbers))) == 1  # it may wait for its turn first
    support.soon(lambda: gauges(client, next(numbers)) == (1, 0))


def test_it_is_listed_and_takes_no_parameters(serve):
    client = serve()
    listed = client.request(1, "resources/list")["result"]["resources"]
    assert URI in {resource["uri"] for resource in listed}
    for number, uri in enumerate((URI + "?a=b", URI + "/x", URI + "s"), 10):
        assert "error" in client.request(number, "resources/read", uri=uri)
