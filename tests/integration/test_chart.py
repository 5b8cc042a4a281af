# SPDX-License-Identifier: Apache-2.0
"""Pictures of benchmarks: what cordon-chart draws, and how `cordon bench` comes by it."""

import base64
import json
import os
import shutil
import struct
import subprocess
import xml.etree.ElementTree as ElementTree
import zlib
from pathlib import Path

import pytest

import support

ALARM = (0xC8, 0x40, 0x0A)  # src/chart/theme.c, light
SVG = "{http://www.w3.org/2000/svg}"


def measured(label="ramp.py", wall=1.03, peak=200.0, **more):
    """A benchmark of one run whose memory rises all the time."""
    steps = [step / 20 * wall for step in range(21)]
    return {
        "label": label,
        "end": "exited",
        "exit_code": 0,
        "usage": {
            "wall_seconds": wall,
            "cpu_user_seconds": wall * 0.8,
            "cpu_system_seconds": wall * 0.1,
            "peak_memory_mb": peak,
            "phases": {"queue": 0, "prepare": 0.002, "box": 0.004, "interpreter": wall / 4},
        },
        "limits": {"wall_seconds": 300, "memory_mb": 1024},
        "samples": [
            {"time_seconds": at, "cpu_seconds": at * 0.9, "memory_mb": peak * at / wall}
            for at in steps
        ],
        **more,
    }


def of_runs(label, seconds, count=12, bad=0):
    runs = [
        {"wall_seconds": seconds * (1 + run / 100), "peak_memory_mb": 20 + run, "end": "exited"}
        for run in range(count)
    ]
    for run in runs[:bad]:
        run.update(exit_code=1)
    return measured(label, runs=runs)


@pytest.fixture
def chart(cordon):
    """chart(DOCUMENT, *OPTIONS) -> the picture's bytes; with fails=True the one line it says."""
    program = support.sandbox_of(cordon).parent / "cordon-chart"

    def chart(document, *options, fails=False, wrapper=()):
        text = document if isinstance(document, bytes) else json.dumps(document).encode()
        done = subprocess.run(
            [*wrapper, program, *options], input=text, capture_output=True, timeout=120
        )
        if not fails:
            assert (done.returncode, done.stderr) == (0, b""), done.stderr
            return done.stdout
        assert (done.returncode, done.stdout) == (1, b"")
        line = done.stderr.decode()
        assert line.startswith("cordon-chart: ") and line.count("\n") == 1
        return line

    return chart


@pytest.fixture
def svg(chart):
    """svg(DOCUMENT) -> (the parsed picture, all of its texts)."""

    def svg(document, *options):
        root = ElementTree.fromstring(chart(document, "--format", "svg", *options))
        return root, [text.text for text in root.iter(SVG + "text")]

    return svg


def unfilter(kind, line, before):
    out = bytearray(line)
    for at in range(len(out)):
        left = out[at - 3] if at >= 3 else 0
        up, corner = before[at], before[at - 3] if at >= 3 else 0
        nearest = min((left, up, corner), key=lambda value: abs(left + up - corner - value))
        out[at] = (out[at] + (0, left, up, (left + up) // 2, nearest)[kind]) & 255
    return out


def rows_of(png, most=10000):
    """The first rows of pixels, each a list of (red, green, blue)."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    at, data = 8, b""
    while at < len(png):
        length, kind = struct.unpack_from(">I4s", png, at)
        body = png[at + 8 : at + 8 + length]
        if kind == b"IHDR":
            width, height, depth, colours = struct.unpack_from(">IIBB", body)
            assert (depth, colours) == (8, 2), "8 bits, red, green and blue"
        data += body if kind == b"IDAT" else b""
        at += 12 + length
    data, row = zlib.decompress(data), bytearray(3 * width)
    rows = []
    for y in range(min(height, most)):
        line = data[y * (3 * width + 1) : (y + 1) * (3 * width + 1)]
        row = unfilter(line[0], line[1:], row)
        rows.append([tuple(row[x : x + 3]) for x in range(0, 3 * width, 3)])
    return rows


# --- what is drawn ---------------------------------------------------------------------------------


def test_one_run_is_drawn_over_time_with_its_limit_and_its_end(svg):
    killed = measured(end="memory", exit_code=137, limits={"memory_mb": 200})
    root, texts = svg(killed)
    assert {"ramp.py", "memory", "(MB)", "CPU", "(cores in use)", "limit 200 MB"} <= set(texts)
    assert "ended by its memory limit of 200 MB at 1.03 s" in texts
    assert any(text.startswith("interpreter") for text in texts)
    dashed = [line for line in root.iter(SVG + "polyline") if line.get("stroke-dasharray")]
    (limit,) = dashed
    level = {point.split(",")[1] for point in limit.get("points").split()}
    assert len(level) == 1, "a level line"
    # The last sample reached the limit: the curve ends on that line.
    lines = [line.get("points").split() for line in root.iter(SVG + "polyline")]
    (curve,) = [points for points in lines if len(points) == 21]
    assert abs(float(curve[20].split(",")[1]) - float(level.pop())) <= 1
    _, texts = svg(measured())
    assert "limit 1 GB, off the scale" in texts and "limit 200 MB" not in texts


def test_the_peak_is_marked_where_no_reading_met_it_too(svg):
    _, texts = svg(measured())
    assert "peak 200 MB" in texts
    document = measured()
    document["usage"]["peak_memory_mb"] = 300
    _, texts = svg(document)
    assert "peak 300 MB, between two readings" in texts


def test_processes_are_told_apart(svg):
    document = measured()
    for sample in document["samples"]:
        sample["each"] = [
            {"pid": pid, "name": "worker", "cpu_seconds": 0.1, "memory_mb": pid} for pid in (4, 7)
        ]
    _, texts = svg(document)
    assert {"worker 4", "worker 7"} <= set(texts)


def test_a_run_without_samples_shows_where_its_time_went(svg):
    _, texts = svg(measured(samples=[]))
    assert {"prepare", "box", "interpreter", "2 ms", "4 ms"} <= set(texts)
    assert "ended before the first sample" in texts


def test_runs_are_drawn_each_and_failed_ones_apart(svg):
    root, texts = svg(of_runs("many.py", 0.5, count=30, bad=2))
    assert "2 runs failed (\u00d7)" in texts
    # 28 good ones: in wall time, in memory, and in their order.
    assert len(list(root.iter(SVG + "circle"))) == 3 * 28
    assert len(list(svg(of_runs("x", 0.5, count=500))[0].iter(SVG + "circle"))) == 500


def test_scripts_are_compared_in_words(svg):
    scripts = [of_runs("/srv/a.py", 0.2), of_runs("/srv/b.py", 0.4), of_runs("/srv/c.py", 0.2)]
    ratios = [
        {"label": "/srv/b.py", "against": "/srv/a.py", "ratio": 0.5, "low": 0.4, "high": 0.8},
        {"label": "/srv/c.py", "against": "/srv/a.py", "ratio": 1, "low": 0.9, "high": 1.1},
    ]
    _, texts = svg({"scripts": scripts, "comparison": ratios})
    assert {"3 scripts compared", "a.py", "b.py", "c.py"} <= set(texts)
    assert "a.py is 2.00 times as fast as b.py (95 % interval 1.25 to 2.50)" in texts
    assert any(text.startswith("no difference between c.py and a.py") for text in texts)


def test_what_the_marks_mean_and_what_was_warned_of_stands_below(svg):
    few, many = ({**of_runs("x.py", 0.5, count), "warnings": ["it was busy"]} for count in (4, 5))
    _, texts = svg(few)
    assert {"wall time", "peak memory", "it was busy"} <= set(texts)
    (key,) = [text for text in texts if "upright line: median" in text]
    assert "box" not in key, "of so few runs there is none"
    _, texts = svg({"scripts": [few, many]})
    assert {"2 scripts compared", "x.py: it was busy"} <= set(texts)
    assert any("box: the middle half of the runs" in text for text in texts)
    _, texts = svg({**measured(), "warnings": ["it was busy", 7, "\u202e" * 400]})
    assert "it was busy" in texts


def test_every_script_has_room(svg):
    scripts = [of_runs(f"{number}.py", 0.1 * (number + 1)) for number in range(20)]
    _, texts = svg({"scripts": scripts})
    assert {script["label"] for script in scripts} <= set(texts)
    _, texts = svg({"scripts": scripts}, "--height", "400")
    assert "more not shown" in " ".join(texts)


def test_a_profile_becomes_a_flame_graph(svg):
    frames = [{"stack": ["main", "slow"], "seconds": 3}, {"stack": ["main"], "seconds": 1}]
    root, texts = svg({"label": "p.py", "frames": frames}, "--flame")
    assert {"p.py", "main", "slow", "4 s in all"} <= set(texts)
    titles = [title.text for title in root.iter(SVG + "title")]
    assert {"main: 4 s, 100.0 %", "slow: 3 s, 75.0 %"} <= set(titles)
    widths = {
        group.find(SVG + "title").text[:4]: float(group.find(SVG + "rect").get("width"))
        for group in root.iter(SVG + "g")
    }
    assert abs(widths["slow"] / widths["main"] - 0.75) < 0.01


def test_a_png_has_its_size_its_limit_and_one_form(chart):
    killed = measured(end="memory", exit_code=137, limits={"memory_mb": 200})
    size = ("--width", "480", "--height", "320")
    png = chart(killed, "--format", "png", *size)
    assert struct.unpack_from(">II", png, 16) == (480, 320)
    rows = rows_of(png, 200)
    assert len(rows[0]) == 480 and rows[0][0] == (255, 255, 255)
    # A dashed line across the panel: of no other row is so much of that colour.
    assert max(sum(pixel == ALARM for pixel in row) for row in rows) > 150
    assert chart(killed, "--format", "png", *size) == png, "the same document, the same bytes"
    dark = chart(killed, "--format", "png", "--theme", "dark", *size)
    assert rows_of(dark, 1)[0][0] < (64,) * 3
    larger = chart(killed, "--format", "png", "--scale", "2", *size)
    assert struct.unpack_from(">II", larger, 16) == (960, 640)


# --- what a stranger sends ---------------------------------------------------------------------------


def test_what_a_stranger_names_stays_a_text(svg):
    label = '</text><script>alert(1)</script>&"\u202e\x1b[31m\ufffe\U0001f600' + "W" * 500
    each = [{"pid": 1e300, "name": label, "cpu_seconds": 1e300, "memory_mb": -5}] * 200
    document = measured(label, wall=1e11, peak=1e11)
    for sample in document["samples"]:
        sample["each"] = each + [{"pid": 3, "name": label, "memory_mb": 1}]
    document["comparison"] = [{"label": label, "against": label, "ratio": 1e12}] * 30
    many = {"scripts": [{**document, **of_runs(label, 1e9)}] * 100, **document}
    for odd in (document, many):
        root, texts = svg(odd)
        assert not list(root.iter(SVG + "script")) and not list(root.iter("script"))
        assert any(text.startswith("</text><script>") for text in texts)
        assert "\u202e" not in "".join(texts) and "\x1b" not in "".join(texts)
        for cut in range(4):
            svg(measured("x" * cut + "\u00e9\u20ac" * 100))
        for text in root.iter(SVG + "text"):
            assert float(text.get("textLength")) < 800


@pytest.mark.parametrize("odd", ["[]", "{", "\xff", "7", "", '{"a": 1, "a": 2}', "[" * 99])
def test_what_is_no_document_is_one_line(chart, odd):
    for more in ((), ("--flame",)):
        chart(odd.encode("latin-1"), "--format", "svg", *more, fails=True)


def test_words_that_are_wrong_are_one_line(chart):
    wrong = [[], ["--format", "gif"], ["--format", "svg", "--width", "9"], ["--other"]]
    wrong += [["--format", "svg", "--theme", "blue"], ["--format", "svg", "FILE"]]
    wrong += [["--format", "png", "--width", "4000", "--height", "4000", "--scale", "3"]]
    for words in wrong:
        chart({}, *words, fails=True)


def test_without_a_font_it_says_so(chart):
    away = ["bwrap", "--dev-bind", "/", "/", "--tmpfs", "/usr/share/fonts", "--"]
    assert "no font" in chart(measured(), "--format", "png", fails=True, wrapper=away)


def test_any_font_will_do(chart, tmp_path):
    """DejaVu under a name that nobody looks for: found by reading what there is."""
    fonts = tmp_path / "fonts/some/where"
    fonts.mkdir(parents=True)
    (source,) = Path("/usr/share/fonts").rglob("DejaVuSans-Bold.ttf")
    shutil.copy(source, fonts / "x.ttf")
    other = ["bwrap", "--dev-bind", "/", "/", "--bind", tmp_path / "fonts", "/usr/share/fonts", "--"]
    assert b"memory" in chart(measured(), "--format", "svg", wrapper=other)


# --- cordon bench --chart -------------------------------------------------------------------------------

WORK = "import time\nb = bytearray(8 << 20)\ntime.sleep(.1)\n"


def test_a_benchmark_leaves_its_picture(run, tmp_path):
    linked, picture = tmp_path / "linked", tmp_path / "picture.png"
    linked.write_text("kept")
    picture.symlink_to(linked)
    done = run("bench", "--runs", "1", "--json", "--chart", picture, "-c", WORK)
    assert done.exit == 0, done.err
    assert struct.unpack_from(">II", picture.read_bytes(), 16) == (1600, 1000)
    assert linked.read_text() == "kept" and not picture.is_symlink()
    done = run("bench", "--runs", "2", "--chart", "many.svg", "-c", WORK, cwd=tmp_path)
    assert done.exit == 0, done.err
    texts = [text.text for text in ElementTree.parse(tmp_path / "many.svg").iter(SVG + "text")]
    assert "import time ..." in texts and any(text.startswith("2 runs") for text in texts)
    assert {path.name for path in tmp_path.iterdir()} == {"linked", "picture.png", "many.svg"}


def test_where_no_picture_can_be_nothing_is_run(run, workspace):
    marker = "open('ran', 'w')"
    locked = workspace / "locked"
    locked.mkdir(mode=0o555)
    (workspace / "away").symlink_to("/tmp")
    (workspace / "taken.svg").mkdir()
    odd = ["x.jpg", "none/x.svg", "taken.svg", "away/x.svg", "/proc/x.png"]
    odd += [] if os.getuid() == 0 else ["locked/x.svg"]
    for name in odd:
        done = run("bench", "--directory", workspace, "--chart", name, "-c", marker, cwd=workspace)
        assert done.exit == 125 and done.err.startswith(f"cordon: --chart {name}: "), name
        assert done.err.count("\n") == 1
    assert not (workspace / "ran").exists()


def test_a_cordon_without_cordon_chart_says_so(cordon, state, tmp_path):
    shutil.copy(cordon, tmp_path / "cordon")
    shutil.copy(support.sandbox_of(cordon), tmp_path / "cordon-sandbox")
    words = [tmp_path / "cordon", "bench", "--chart", tmp_path / "x.svg", "-c", "1"]
    done = subprocess.run(
        words, env=support.clean_environment(CORDON_STATE=str(state)), capture_output=True
    )
    assert done.returncode == 125 and done.stderr.count(b"\n") == 1
    assert b"--chart: cordon was built without it" in done.stderr


# --- a picture in a chat -----------------------------------------------------------------------------------


def picture_of(reply):
    """The picture beside a result: bytes of a PNG."""
    text, image = reply["content"]
    assert json.loads(text["text"]) == reply["structuredContent"]
    assert (image["type"], image["mimeType"]) == ("image", "image/png")
    return base64.b64decode(image["data"], validate=True)


def test_a_chat_is_shown_the_picture_of_a_benchmark(serve):
    client = serve()
    reply = client.call(1, "py_benchmark_script", script_content=WORK, sample_interval=0.01)
    png = picture_of(reply)
    assert struct.unpack_from(">II", png, 16) == (800, 500)
    assert len({pixel for row in rows_of(png, 60) for pixel in row}) > 20, "not blank"
    reply = client.call(2, "py_benchmark_script", script_content="1/0", runs=3)
    assert reply["structuredContent"]["exit_code"] == 1 and picture_of(reply)
    # A much longer reply still has room for it, within the bound of all replies.
    code = "print('long ' * 100000)\nraise SystemExit('\"' * 100000)"
    reply = client.call(3, "py_benchmark_script", script_content=code)
    assert len(client.lines[-1]) <= 128 * 1024
    if len(reply["content"]) == 1:
        assert reply["structuredContent"]["warnings"][-1].startswith("no picture: ")
    for number, (tool, more) in enumerate(
        [
            ("py_run_script_with_dependencies", {}),
            ("py_benchmark_script", {"policy": "none"}),
            ("py_benchmark_script", {"async_mode": True}),
        ]
    ):
        reply = client.call(10 + number, tool, script_content="1", **more)
        assert [block["type"] for block in reply["content"]] == ["text"]
    assert client.close() == 0
    assert not client.garbage


def test_without_cordon_chart_the_result_says_why_there_is_no_picture(cordon, state, tmp_path):
    sandbox = support.sandbox_of(cordon)
    for program in (cordon, sandbox):
        shutil.copy(program, tmp_path / program.name)
    shipped = sandbox.parent / "policies", sandbox.parent.parent.parent / "share/cordon/policies"
    (policies,) = filter(Path.is_dir, shipped)
    environment = support.clean_environment(CORDON_STATE=str(state), ASAN_OPTIONS="detect_leaks=0")
    words = [tmp_path / "cordon", "--policies", policies, "serve"]
    client = support.RawClient(list(map(str, words)), environment, tmp_path)
    try:
        client.initialize()
        reply = client.call(1, "py_benchmark_script", script_content="print(1)")
        assert [block["type"] for block in reply["content"]] == ["text"]
        warning = reply["structuredContent"]["warnings"][-1]
        assert warning.startswith("no picture: cordon-chart is not installed")
        assert reply["structuredContent"]["stdout"] == "1\n"
    finally:
        client.close()


def test_nobody_waits_for_a_picture_but_its_own_call(serve):
    client = serve()
    for number in range(1, 13):
        tool = "py_benchmark_script" if number % 2 else "py_run_script_with_dependencies"
        client.start_call(number, tool, script_content=f"print({number})")
    client.send(method="notifications/cancelled", params={"requestId": 11})
    for number in range(1, 11):
        reply = client.reply(number)["result"]
        assert reply["structuredContent"]["stdout"] == f"{number}\n"
        assert len(reply["content"]) == 1 + number % 2
    assert client.close() == 0


# --- a picture of what went on in the background -------------------------------------------------------


def await_end(client, number, job):
    """Until the job has ended; its record."""
    asked = iter(range(number, number + 100_000))

    def ended():
        reply = client.call(next(asked), "py_job_status", job_id=job)
        return reply["structuredContent"]["job"]["completed_at"]

    assert support.eventually(ended, 100, 0.02) is not None


def read_chart(client, number, job):
    return client.request(number, "resources/read", uri=f"cordon://jobs/{job}/chart")


def test_a_benchmark_in_the_background_has_its_picture_too(serve):
    client = serve()
    asked = {"script_content": WORK, "sample_interval": 0.01, "job_label": "in the background"}
    started = client.call(1, "py_benchmark_script", async_mode=True, **asked)
    job = started["structuredContent"]["job_id"]
    await_end(client, 1000, job)
    (content,) = read_chart(client, 3, job)["result"]["contents"]
    assert content["mimeType"] == "image/png" and content["uri"].endswith(f"{job}/chart")
    png = base64.b64decode(content["blob"], validate=True)
    assert struct.unpack_from(">II", png, 16) == (800, 500)
    assert len({pixel for row in rows_of(png, 60) for pixel in row}) > 20, "not blank"
    assert len(client.lines[-1]) <= 128 * 1024
    templates = client.request(4, "resources/templates/list")["result"]["resourceTemplates"]
    assert "cordon://jobs/{job_id}/chart" in [row["uriTemplate"] for row in templates]
    record = client.request(5, "resources/read", uri=f"cordon://jobs/{job}")["result"]
    assert record["contents"][0]["mimeType"] == "application/json"
    assert client.close() == 0


def test_what_has_no_picture_says_why(serve):
    client = serve()
    waits = client.call(
        2, "py_run_script_with_dependencies", script_content="import time; time.sleep(60)", async_mode=True
    )["structuredContent"]["job_id"]
    error = read_chart(client, 3, waits)["error"]
    assert "has no picture yet: it is " in error["message"]
    error = read_chart(client, 4, "nobody")["error"]
    assert "Job nobody not found" in error["message"]
    client.call(5, "py_cancel_job", job_id=waits)
    assert "error" in client.request(6, "resources/read", uri="cordon://jobs/x/chart?y=1")
    assert "error" in client.request(7, "resources/read", uri="cordon://jobs//chart")
    assert client.close() == 0
