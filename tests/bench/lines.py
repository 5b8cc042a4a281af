# SPDX-License-Identifier: Apache-2.0
"""lines.py CORDON [JOBS [LINES]]: many jobs that print many lines each, at once, in one server.

Says what a line costs the server (CPU time of front and gate, without the boxes), how long a
ping waits meanwhile, and what the front's memory gains. Give it a release build.

Server and client are sessions of their own, because the kernel shares the processor out to
sessions; as root the client's comes first, so that the wait is the server's and not its own.
"""

import os
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import support  # noqa: E402

TOOL = "py_run_script_in_dir"


def cpu_seconds(pid):
    """Of all its threads, to the nanosecond."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def resident_kib(pid, what="VmRSS"):
    return int(support.status(pid)[what].split()[0])


def percentile(sorted_values, part):
    return sorted_values[min(len(sorted_values) - 1, int(len(sorted_values) * part))]


class Pinger(threading.Thread):
    """A ping every few milliseconds, until it is told to stop."""

    def __init__(self, client):
        super().__init__(daemon=True)
        self.client, self.waits, self.stopped = client, [], threading.Event()

    def run(self):
        number = 1_000_000
        while not self.stopped.wait(0.005):
            number += 1
            begun = time.perf_counter()
            self.client.request(number, "ping")
            self.waits.append(time.perf_counter() - begun)

    def stop(self):
        self.stopped.set()
        self.join()
        return sorted(self.waits)


def many(cordon, jobs, lines, place):
    environment = support.clean_environment(
        CORDON_STATE=f"{place}/state", SMART_ASYNC_TIMEOUT_SECONDS="0"
    )
    client = support.RawClient(["setsid", cordon, "serve", "--root", place], environment, place)
    client.initialize()
    code = f"for n in range({lines}): print('line', n)"
    client.call(1, TOOL, directory=place, script_content="print(1)")
    idle = Pinger(client)
    idle.start()
    time.sleep(1)
    idle = idle.stop()
    gate = support.children(client.pid)[0]
    before = cpu_seconds(client.pid), cpu_seconds(gate), resident_kib(client.pid)
    pings = Pinger(client)
    pings.start()
    begun = time.perf_counter()
    for number in range(jobs):
        client.start_call(100 + number, TOOL, directory=place, script_content=code)
    ends = []  # as they come, whichever is first
    for number in range(jobs):
        result = client.reply(100 + number, 600)["result"]["structuredContent"]
        ends.append((result["end"], result["output"]["stdout_bytes"]))
    took = time.perf_counter() - begun
    waits = pings.stop()
    front = cpu_seconds(client.pid) - before[0]
    figures = {
        "jobs": jobs,
        "lines": lines,
        "took": took,
        "front": front,
        "gate": cpu_seconds(gate) - before[1],
        "gained": resident_kib(client.pid, "VmHWM") - before[2],
        "ends": set(ends),
        "waits": waits,
        "idle": idle,
    }
    client.close()
    return figures


def come_first():
    if os.getsid(0) != os.getpid():
        os.setsid()
    try:
        Path("/proc/self/autogroup").write_text("-19")
    except OSError:
        print("the client waits for its own turns as well: they are in the figures of a ping")


def main():
    os.environ.setdefault("CORDON_UV", "uv")  # none of the scripts has a dependency
    cordon = Path(sys.argv[1]).resolve()
    jobs, lines = (int(word) for word in (sys.argv[2:] + ["50", "10000"][len(sys.argv) - 2 :]))
    come_first()
    with tempfile.TemporaryDirectory() as place:
        seen = many(cordon, jobs, lines, place)
    total = jobs * lines
    print(f"{jobs} jobs, {lines} lines each, in {seen['took']:.1f} s: {seen['ends']}")
    print(f"front, CPU for a line: {seen['front'] / total * 1e6:.2f} us")
    print(f"gate, CPU for a line: {seen['gate'] / total * 1e6:.2f} us")
    for name, waits in (("idle", seen["idle"]), ("meanwhile", seen["waits"])):
        print(
            f"a ping, {name}: {len(waits)} of them, median {percentile(waits, 0.5) * 1e3:.2f} ms, "
            f"p99 {percentile(waits, 0.99) * 1e3:.2f} ms, most {waits[-1] * 1e3:.2f} ms"
        )
    print(f"front, memory gained: {seen['gained']} KiB")


if __name__ == "__main__":
    main()
