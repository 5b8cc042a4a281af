# SPDX-License-Identifier: Apache-2.0
"""The page of a run (MCP Apps), in a browser, with a real server behind it. A browser is needed for
that: `./dev test --full` sees to one."""

import base64
import os
from pathlib import Path

import pytest

import browser
from jobs import ALONE, IN_DIR, WAIT, JobClient

pytestmark = [
    pytest.mark.skipif(not os.environ.get("FULL"), reason="with FULL=1 only"),
    pytest.mark.skipif(not browser.found(), reason="there is no chromium"),
]

PAGE = "ui://cordon/run"
HOST = {"hostInfo": {"name": "test", "version": "1"}, "protocolVersion": "2026-01-26"}
SHOWS_PAGES = {
    "extensions": {"io.modelcontextprotocol/ui": {"mimeTypes": ["text/html;profile=mcp-app"]}}
}


class Host:
    """What a client does for a page: it carries its calls to the server and tells it of the run."""

    def __init__(self, client, shown, **capabilities):
        self.client, self.shown, self.sizes, self.calls = client, shown, [], []
        self.shown.open(JobClient(client).text(PAGE))
        first = self.shown.hear()
        assert first["method"] == "ui/initialize"
        assert first["params"]["protocolVersion"] == HOST["protocolVersion"]
        answer = {**HOST, "hostCapabilities": capabilities, "hostContext": {"theme": "light"}}
        self.shown.post({"jsonrpc": "2.0", "id": first["id"], "result": answer})
        self.serve_until(lambda: self.last == "ui/notifications/initialized")

    def serve_one(self):
        message = self.shown.hear()
        self.last = message.get("method")
        if self.last == "tools/call":
            self.calls.append(message["params"]["name"])
            number = f"page {message['id']}"
            reply = self.client.request(number, "tools/call", **message["params"])
            self.shown.post({"jsonrpc": "2.0", "id": message["id"], "result": reply["result"]})
        elif self.last == "ui/notifications/size-changed":
            self.sizes.append(message["params"])

    def serve_until(self, true):
        while True:
            self.serve_one()
            if true():
                return

    def tell(self, what, **params):
        self.shown.post({"jsonrpc": "2.0", "method": f"ui/notifications/{what}", "params": params})

    def text(self, selector):
        return self.shown.inside(f"document.querySelector({selector!r}).textContent")

    def seen(self, selector):
        return self.shown.inside(f"!document.querySelector({selector!r}).closest('[hidden]')")

    def state(self):
        return self.text("#state")


@pytest.fixture
def client(serve):
    client = serve(initialize=False)
    client.request(
        0,
        "initialize",
        protocolVersion="2025-11-25",
        capabilities=SHOWS_PAGES,
        clientInfo={"name": "host", "version": "1"},
    )
    yield client
    assert client.close() == 0


@pytest.fixture
def shown():
    shown = browser.Browser()
    yield shown
    shown.close()


def begin(host, arguments, tool=ALONE):
    """The call, as a host makes it: the page is told what goes in and what came out."""
    host.tell("tool-input", arguments=arguments)
    result = host.client.request("run", "tools/call", name=tool, arguments=arguments)["result"]
    host.tell("tool-result", **result)
    return result


def test_a_run_is_shown_live_and_to_its_end(client, shown, workspace, tmp_path):
    host = Host(client, shown, serverTools={})
    code = WAIT + (
        "import sys\n"
        "print('\\x1b[31mred\\x1b[0m <b>bold</b>', flush=True)\n"
        "print('to the side', file=sys.stderr, flush=True)\n"
        "block = bytearray(40_000_000)\n"
        "wait('go')\n"
        "try: open('/etc/shadow')\n"
        "except OSError as e: print('no', e.errno)\n"
        "raise SystemExit(3)\n"
    )
    arguments = {"directory": str(workspace), "script_content": code, "async_mode": True}
    arguments["job_label"] = "a <i>label</i>"
    begin(host, arguments, IN_DIR)
    host.serve_until(lambda: host.seen("#charts") and host.seen("#stderr"))
    assert host.text("h1") == "a <i>label</i>"
    assert host.state().startswith("running")
    assert host.text("#stdout pre") == "red <b>bold</b>\n"
    assert host.text("#stderr pre") == "to the side\n"
    assert "of 1024 MB" in host.text("#meters")
    assert host.seen("#cancel")
    (workspace / "go").touch()
    host.serve_until(lambda: host.state() == "ended, exit 3")
    assert not host.seen("#cancel")
    assert host.text("#stdout pre").startswith("red <b>bold</b>\nno ")
    assert "default" in host.text("#more dl")
    assert host.sizes and all(size["height"] > 0 for size in host.sizes)


def test_a_run_is_found_while_its_call_still_waits(client, shown, workspace):
    host = Host(client, shown, serverTools={})
    code = WAIT + "print('begun', flush=True)\nwait('go')\nprint('done')"
    arguments = {"directory": str(workspace), "script_content": code}
    client.start_call("run", IN_DIR, **arguments)
    host.tell("tool-input", arguments=arguments)
    host.serve_until(lambda: host.text("#stdout pre") == "begun\n")
    assert host.calls[0] == "py_list_jobs" and host.state().startswith("running")
    (workspace / "go").touch()
    host.tell("tool-result", **client.reply("run")["result"])
    shown.until_inside("document.querySelector('#state').textContent == 'ended, exit 0'")
    assert host.text("#stdout pre") == "begun\ndone\n"


def test_its_button_cancels_the_run(client, shown):
    host = Host(client, shown, serverTools={})
    begin(host, {"script_content": "import time; time.sleep(600)", "async_mode": True})
    host.serve_until(lambda: host.seen("#cancel"))
    host.shown.inside("document.querySelector('#cancel').click()")
    host.serve_until(lambda: host.state() == "cancelled")
    assert "py_cancel_job" in host.calls


def test_an_end_at_a_limit_is_said_with_what_was_denied(client, shown):
    host = Host(client, shown)
    code = "import ctypes\nctypes.CDLL(None).syscall(321, 0, 0, 0)\nwhile True: pass"
    result = begin(host, {"script_content": code, "timeout_seconds": 1})["structuredContent"]
    assert result["end"] == "wall"
    shown.until_inside("document.querySelector('#state').textContent == 'time limit reached'")
    assert host.text("#error") == result["error"]
    assert [row["name"] for row in result["denied"]] == ["bpf"]
    assert "bpf" in host.text("#denied")
    assert host.calls == []  # who may ask nothing asks nothing


def test_without_the_right_to_ask_it_says_where_the_run_is(client, shown):
    host = Host(client, shown)
    result = begin(host, {"script_content": "print(1)", "async_mode": True})
    job = result["structuredContent"]["job_id"]
    shown.until_inside(f"document.querySelector('#state').textContent.includes({job!r})")
    assert not host.seen("#cancel") and host.calls == []


def test_a_benchmark_has_its_curves_and_its_picture(client, shown):
    host = Host(client, shown)
    code = "import time\nend = time.monotonic() + .5\nwhile time.monotonic() < end: pass"
    result = begin(host, {"script_content": code, "sample_interval": 0.02}, "py_benchmark_script")
    assert len(result["structuredContent"]["samples"]) > 2
    shown.until_inside("document.querySelector('#state').textContent == 'ended, exit 0'")
    assert host.seen("#charts")
    assert "cores" in host.text("#cpu output")
    pictures = sum(block["type"] == "image" for block in result["content"])
    assert shown.inside("document.querySelectorAll('#pictures img').length") == pictures


def luminance(picture):
    """Of the corner, which is the page's own: 0 black, 255 white."""
    code = """async () => {
        const image = new Image(); image.src = 'data:image/png;base64,%s'; await image.decode();
        const canvas = new OffscreenCanvas(1, 1).getContext('2d');
        canvas.drawImage(image, 0, 0);
        return canvas.getImageData(0, 0, 1, 1).data.slice(0, 3).reduce((a, b) => a + b) / 3; }"""
    return f"({code % base64.b64encode(Path(picture).read_bytes()).decode()})()"


def test_it_is_light_or_dark_as_its_host_is(client, shown, tmp_path):
    host = Host(client, shown)
    begin(host, {"script_content": "print('seen')"})
    shown.until_inside("document.querySelector('#state').textContent == 'ended, exit 0'")
    seen = {}
    for theme in ("light", "dark"):
        host.tell("host-context-changed", theme=theme)
        shown.until_inside(f"document.documentElement.style.colorScheme == {theme!r}")
        picture = tmp_path / f"{theme}.png"
        shown.screenshot(picture)
        seen[theme] = shown.run(luminance(picture))
    assert seen["light"] > 200 and seen["dark"] < 60
