# SPDX-License-Identifier: Apache-2.0
"""Chromium without a window, spoken to over two pipes (Chrome DevTools Protocol), and a host for
pages of MCP Apps: what the page posts comes here, and what is said here is posted to the page. It
opens pages of servers too, presses keys, and keeps what they asked the network for and complained of.

Nothing is downloaded and no port is opened: the browser is the distribution's."""

import base64
import fcntl
import json
import os
import queue
import shutil
import subprocess
import tempfile
import threading
from pathlib import Path

import support

FLAGS = """--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run
--disable-extensions --disable-background-networking --disable-component-update --mute-audio
--disable-sync --disable-features=IsolateSandboxedIframes --hide-scrollbars
--force-color-profile=srgb --remote-debugging-pipe""".split()

HOST = """<!DOCTYPE html><body style="margin:0"><iframe id=view sandbox="allow-scripts"
style="border:0;width:100%%;height:%dpx"></iframe><script>
addEventListener("message", event => {
    if (event.source === view.contentWindow) said(JSON.stringify(event.data));
});
</script></body>"""

# What a host puts before a page that declares no domains of its own.
CSP = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data:; connect-src 'none'"
)


# Of a status that is no success the network complains too; pages live with that.
COMPLAINTS = {"Runtime.exceptionThrown", "Log.entryAdded"}

KEYS = {"Enter": ("\r", 13), "Escape": ("", 27), "Tab": ("\t", 9), " ": (" ", 32)}


def pipe():
    """The browser knows its ends as 3 and 4: ours are higher."""
    ends = os.pipe()
    high = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 20) for end in ends]
    for end in ends:
        os.close(end)
    return high


def found():
    return shutil.which("chromium")


class Browser:
    def __init__(self, width=760, height=900, dark=False):
        self.size = width, height
        self.home = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        (commands, self.out), (self.into, replies) = pipe(), pipe()
        words = ["bash", "-c", f'exec "$0" "$@" 3<&{commands} 4>&{replies}', found(), *FLAGS]
        words += [f"--user-data-dir={self.home.name}", "about:blank"]
        self.process = subprocess.Popen(
            words,
            pass_fds=(commands, replies),
            env={**os.environ, "HOME": self.home.name},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(commands)
        os.close(replies)
        self.number, self.answers, self.heard = 0, {}, queue.Queue()
        self.asked, self.complaints = [], []  # addresses; exceptions and what a page's policy refused
        self.arrived = threading.Condition()
        self.session = None
        threading.Thread(target=self._read, daemon=True).start()
        page = next(t for t in self.ask("Target.getTargets")["targetInfos"] if t["type"] == "page")
        self.session = self.ask("Target.attachToTarget", targetId=page["targetId"], flatten=True)[
            "sessionId"
        ]
        self.ask("Runtime.enable")
        self.ask("Page.enable")
        self.ask("Runtime.addBinding", name="said")
        self.look(dark)

    def _read(self):
        pending = b""
        while data := os.read(self.into, 65536):
            *lines, pending = (pending + data).split(b"\0")
            for line in lines:
                message = json.loads(line)
                if message.get("method") == "Runtime.bindingCalled":
                    self.heard.put(json.loads(message["params"]["payload"]))
                elif message.get("method") == "Network.requestWillBeSent":
                    self.asked.append(message["params"]["request"]["url"])
                elif message.get("method") in COMPLAINTS:
                    self._complain(message["params"])
                elif "id" in message:
                    with self.arrived:
                        self.answers[message["id"]] = message
                        self.arrived.notify_all()

    def _complain(self, params):
        entry = params.get("entry")
        if not entry:
            self.complaints.append(params["exceptionDetails"])
        elif entry["level"] == "error" and entry["source"] != "network":
            self.complaints.append(entry["text"])

    def ask(self, method, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.out, json.dumps(message).encode() + b"\0")
        with self.arrived:
            came = self.arrived.wait_for(lambda: message["id"] in self.answers, timeout=120)
        assert came, f"the browser does not answer {method}"
        answer = self.answers.pop(message["id"])
        assert "error" not in answer, answer["error"]
        return answer["result"]

    def look(self, dark):
        width, height = self.size
        self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.ask("Emulation.setEmulatedMedia", features=[scheme])

    def open(self, page):
        """The page in a frame without an origin of its own, as hosts show it."""
        guarded = page.replace(
            "<head>", f'<head><meta http-equiv="Content-Security-Policy" content="{CSP}">', 1
        )
        assert guarded != page
        host = Path(self.home.name, "host.html")
        host.write_text(HOST % self.size[1])
        self.ask("Page.navigate", url=host.as_uri())
        self.until("typeof view === 'object' && document.readyState === 'complete'")
        self.run(f"view.srcdoc = {json.dumps(guarded)}; 0")

    def go(self, address):
        """Opens an address, and notes from then on what is asked for."""
        for domain in ("Network", "Log"):
            self.ask(f"{domain}.enable")
        self.ask("Page.navigate", url=address)
        self.until(f"location.href == {json.dumps(address)} && document.readyState === 'complete'")

    def _painted(self):
        """What is pressed before a page was painted for the first time the browser throws away."""
        self.until("performance.getEntriesByType('paint').length > 0")

    def press(self, key):
        self._painted()
        text, code = KEYS[key] if key in KEYS else (key, ord(key.upper()))
        same = {"key": key, "windowsVirtualKeyCode": code}
        self.ask("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", text=text, **same)
        self.ask("Input.dispatchKeyEvent", type="keyUp", **same)

    def type(self, text):
        self.ask("Input.insertText", text=text)

    def click(self, selector):
        """Where a person would: what lies above it would get the click."""
        self._painted()
        self.until(f"document.querySelector({selector!r})?.checkVisibility()")
        at = self.run(
            f"(() => {{ const e = document.querySelector({selector!r});"
            " e.scrollIntoView({block: 'center'}); const r = e.getBoundingClientRect();"
            " return [r.x + r.width / 2, r.y + r.height / 2] })()"
        )
        same = {"x": at[0], "y": at[1], "button": "left", "clickCount": 1}
        for kind in ("mousePressed", "mouseReleased"):
            self.ask("Input.dispatchMouseEvent", type=kind, **same)

    def run(self, code):
        answer = self.ask("Runtime.evaluate", expression=code, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def until(self, code):
        support.soon(lambda: self.run(code), 60, code)

    def inside(self, code):
        """In the page itself, which its host could not look into."""
        for _ in range(200):
            frames = self.ask("Page.getFrameTree")["frameTree"].get("childFrames", [])
            if frames:
                break
        world = self.ask("Page.createIsolatedWorld", frameId=frames[0]["frame"]["id"])
        answer = self.ask(
            "Runtime.evaluate",
            expression=code,
            contextId=world["executionContextId"],
            returnByValue=True,
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def until_inside(self, code):
        support.soon(lambda: self.inside(code), 60, code)

    def post(self, message):
        self.run(f"view.contentWindow.postMessage({json.dumps(message)}, '*'); 0")

    def hear(self, timeout=120):
        return self.heard.get(timeout=timeout)

    def screenshot(self, path):
        data = self.ask("Page.captureScreenshot", format="png")["data"]
        Path(path).write_bytes(base64.b64decode(data))

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.out)
        self.home.cleanup()
