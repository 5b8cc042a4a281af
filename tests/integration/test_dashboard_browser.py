# SPDX-License-Identifier: Apache-2.0
"""The dashboard in a browser, with a real server behind it. A browser is needed for that:
`./dev test --full` sees to one."""

import hashlib
import json
import os

import browser
import pytest
import support
from test_dashboard import RUN, call, state
from test_page import luminance
from web import Connection

pytestmark = [
    pytest.mark.skipif(not os.environ.get("FULL"), reason="with FULL=1 only"),
    pytest.mark.skipif(not browser.found(), reason="there is no chromium"),
]

IN_DIR = "py_run_script_in_dir"
WAIT = "import os, time\ndef wait(name):\n    while not os.path.exists(name): time.sleep(.01)\n"
__all__ = ["state"]  # a fixture of its own for each test here too
TOKEN = "dashboard-0123456789abcdef"

HEADED = "[...document.querySelectorAll('main :is(h1, h2)')].some(e => e.checkVisibility() && e.textContent)"


class Page:
    """The dashboard of a server, as a person has it before him."""

    def __init__(self, server, **look):
        self.server, self.base = server, server.url.removesuffix("mcp")
        self.shown = browser.Browser(**{"width": 1280, "height": 860, **look})

    def open(self, place="#/runs"):
        self.shown.go(self.base + place)
        return self

    def text(self, selector):
        return self.shown.run(f"document.querySelector({selector!r})?.textContent")

    def seen(self, selector):
        return self.shown.run(f"document.querySelector({selector!r})?.checkVisibility() ?? false")

    def until_seen(self, selector):
        self.shown.until(f"document.querySelector({selector!r})?.checkVisibility()")

    def until_text(self, selector, text):
        self.shown.until(f"document.querySelector({selector!r})?.textContent.includes({json.dumps(text)})")

    def state(self):
        return self.text("#run-state")


@pytest.fixture
def page(web, workspace):
    """page(*ARGUMENTS, width=, height=, dark=) -> the page of a server of its own. Nothing may be
    complained of, nor asked for elsewhere."""
    pages = []

    def page(*arguments, server=None, **look):
        pages.append(Page(server or web("--root", workspace, *arguments), **look))
        return pages[-1]

    yield page
    for one in pages:
        one.shown.close()
        assert one.shown.complaints == []
        assert {url for url in one.shown.asked if not url.startswith((one.base, "data:", "blob:"))} == set()


def begin(page, code, **more):
    return call(page.server, RUN, script_content=code, async_mode=True, **more)["job_id"]


def ended(page, job):
    def status():
        return call(page.server, "py_job_status", job_id=job)["job"]["status"]

    support.soon(lambda: status() not in ("pending", "running"))


# --- runs -----------------------------------------------------------------------------------------


def filled(page):
    """How much of the bar of phases has a colour; the gaps between them have none."""
    return page.shown.run(
        "(() => { const bar = document.querySelector('#run-phases .phases');"
        " const widths = [...bar.children].map((part) => part.getBoundingClientRect().width);"
        " return widths.reduce((a, b) => a + b, 0) / bar.getBoundingClientRect().width; })()"
    )


def test_the_bar_of_a_short_run_is_filled(page):
    page = page()
    job = begin(page, "pass")
    page.open(f"#/runs/{job}")
    page.until_seen("#run-phases")
    assert filled(page) > 0.9


def test_a_run_is_watched_from_the_list_to_its_end(page, workspace):
    page = page().open()
    page.until_text("#runs-empty", "Nothing has run yet")
    code = WAIT + (
        "import sys\nprint('to be seen', flush=True)\nprint('aside', file=sys.stderr, flush=True)\n"
        "block = bytearray(40_000_000)\nwait('go')\nprint('last')\nraise SystemExit(3)\n"
    )
    arguments = {"directory": str(workspace), "script_content": code, "job_label": "the one"}
    job = call(page.server, IN_DIR, async_mode=True, **arguments)["job_id"]
    page.until_text("#runs-list", "the one")
    page.shown.click("#runs-list a")
    page.until_text("#run-pane", "to be seen")
    assert page.shown.run("location.hash") == f"#/runs/{job}"
    assert page.text("#run-title") == "the one" and page.state().startswith("running")
    page.until_seen("#run-charts")
    page.until_text("#run-meters", "of 1024 MB")
    assert "cores" in page.text("#run-charts .cpu output")
    assert page.text("#runs-count").startswith("1 running")
    (workspace / "go").touch()
    page.until_text("#run-state", "ended, exit 3")
    page.until_text("#run-pane", "last")
    page.until_seen("#run-phases")
    assert "script" in page.text("#run-phases") and not page.seen("#run-cancel")
    assert "the rest" in page.text("#run-phases")
    assert filled(page) > 0.9
    page.until_text("#runs-list", "ended, exit 3")
    page.shown.click("#run-streams [data-value=stderr]")
    page.until_text("#run-pane", "aside")
    page.shown.click("#run-more summary")
    assert "seccomp" in page.text("#run-more dl")


def test_a_limit_and_what_was_denied_are_said(page):
    page = page()
    code = "import ctypes\nctypes.CDLL(None).syscall(321, 0, 0, 0)\nwhile True: pass"
    job = begin(page, code, timeout_seconds=1)
    page.open(f"#/runs/{job}")
    page.until_text("#run-state", "time limit reached")
    page.until_text("#run-denied", "bpf")
    assert "wall limit" in page.text("#run-error")
    assert page.shown.run("document.querySelectorAll('#run-meters [data-full]').length") == 1


def test_cancelling_is_asked_twice(page):
    page = page()
    job = begin(page, "import time; time.sleep(600)", job_label="long")
    page.open(f"#/runs/{job}")
    page.shown.click("#run-cancel")
    page.until_text("#sure-what", "long and all its processes end")
    page.shown.press("Escape")
    page.shown.until("!document.querySelector('#sure').open")
    page.shown.click("#run-cancel")
    page.shown.press("Enter")  # what has the focus keeps it running
    page.shown.until("!document.querySelector('#sure').open")
    assert call(page.server, "py_job_status", job_id=job)["job"]["status"] in ("pending", "running")
    page.shown.click("#run-cancel")
    page.shown.click("#sure [value=yes]")
    page.until_text("#run-state", "cancelled")
    assert call(page.server, "py_job_status", job_id=job)["job"]["status"] == "cancelled"


HOSTILE = (
    "import sys\n"
    "print('\\x1b[31mred\\x1b[0m <b>bold</b><script>document.title = 1</script><img src=x>')\n"
    "print('ab\\u202ecd\\u2066ef', 'over\\rwritten', 'nul\\0bell\\a')\n"
    "print('x' * 300000)\n"
    "sys.stdout.flush()\n"
    "sys.stdout.buffer.write(b'\\xff\\xfe end')\n"
)


def test_hostile_text_is_text(page):
    page = page()
    label = "<img src=x onerror=alert(1)>\u202egnp.exe\x1b[2J"
    job = begin(page, HOSTILE, job_label=label)
    ended(page, job)
    page.open(f"#/runs/{job}")
    page.until_text("#run-pane", " end")
    page.shown.click("#run-earlier")
    page.until_text("#run-pane", "red <b>bold</b><script>document.title = 1</script><img src=x>")
    said = page.text("#run-pane")
    assert "ab⟨U+202E⟩cd⟨U+2066⟩ef over\nwritten nul␀bell␇\n" in said
    assert "\ufffd\ufffd end" in said
    assert page.text("#run-title") == "<img src=x onerror=alert(1)>⟨U+202E⟩gnp.exe"
    made = "document.querySelectorAll('main b b, #run-pane :not(div), h1 *, main script, main img').length"
    assert page.shown.run(made) == 0
    assert page.shown.run("document.documentElement.scrollWidth <= innerWidth")


def test_of_much_output_the_end_is_shown_and_all_of_it_saved(page, tmp_path):
    page = page()
    code = "for i in range(100000): print(i, 'ä' * 10)"
    job = begin(page, code)
    ended(page, job)
    page.shown.ask("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    page.open(f"#/runs/{job}")
    page.until_text("#run-pane", "99999 ä")
    assert "\n50000 ä" not in page.text("#run-pane") and "\ufffd" not in page.text("#run-pane")
    before = len(page.text("#run-pane"))
    page.shown.click("#run-earlier")
    page.shown.until(f"document.querySelector('#run-pane').textContent.length > {before}")
    page.shown.click("#run-save")
    whole = "".join(f"{i} {'ä' * 10}\n" for i in range(100000)).encode()
    file = tmp_path / f"{job}.stdout"
    support.soon(lambda: file.exists() and file.stat().st_size == len(whole))
    assert file.read_bytes() == whole


def test_where_none_is_chosen_those_that_run_are_shown(page, workspace):
    page = page()
    ended(page, begin(page, "raise SystemExit(2)", job_label="gone"))
    page.open()
    page.until_text("#board-title", "Nothing is running")
    page.until_text("#board-tally", "1 not well")
    code = WAIT + "print('<i>words</i>', flush=True)\nblock = bytearray(30_000_000)\nwait('go')"
    arguments = {"directory": str(workspace), "script_content": code, "job_label": "on the wall"}
    call(page.server, IN_DIR, async_mode=True, **arguments)
    page.until_text("#board-now", "on the wall")
    page.until_text("#board-now .said", "<i>words</i>")
    page.until_seen("#board-now .charts .memory svg")
    page.until_text("#board-title", "One run now")
    (workspace / "go").touch()
    page.until_text("#board-title", "Nothing is running")
    page.until_text("#board-tally", "1 well, 1 not well")
    page.shown.click("#board-history a:first-child")
    page.until_text("#run-title", "gone")
    assert not page.seen("#board")


def test_runs_are_found_and_sorted_out(page):
    page = page()
    for label, code in (("alpha", "pass"), ("beta", "raise SystemExit(1)"), ("gamma", "pass")):
        ended(page, begin(page, code, job_label=label))
    page.open()
    page.until_text("#runs-list", "ended, exit 1")
    page.shown.click("#runs-filter [data-value=failed]")
    page.shown.until("document.querySelectorAll('#runs-list a').length == 1")
    assert "beta" in page.text("#runs-list")
    page.shown.click("#runs-filter [data-value='']")
    page.shown.click("#runs-find")
    page.shown.type("GAM")
    page.shown.until("document.querySelectorAll('#runs-list a').length == 1")
    assert "gamma" in page.text("#runs-list")
    page.shown.type("zzz")
    page.until_text("#runs-empty", "No run among the newest 3")


# --- the other views ----------------------------------------------------------------------------------


def test_a_saved_script_is_read_and_run(page):
    page = page()
    source = '"""Says what it is."""\nprint("<i>saved</i>")\n'
    call(page.server, "py_save_script", script_name="greeting", source=source)
    page.open("#/scripts")
    page.until_text("#scripts-list", "Says what it is.")
    page.shown.click("#scripts-list a")
    page.until_text("#script .pane", 'print("<i>saved</i>")')
    page.shown.click("#script-run")
    page.until_text("#run-pane", "<i>saved</i>")
    page.until_text("#run-state", "ended, exit 0")
    assert page.text("#run-title") == "greeting"


def test_policies_and_what_the_host_enforces_are_shown(page):
    page = page().open("#/policies")
    page.until_text("#policies-list", "strict")
    page.shown.click("#policies-list li:last-child a")
    page.until_text("#policy", "Pure computation")
    page.until_text("#policy .pane", '"version": 1')
    page.shown.click("#views a[href='#/host']")
    page.until_text("#host", "system calls")
    assert "enforced" in page.text("#host") and page.base + "mcp" in page.text("#host")
    page.shown.click("#host-again")
    page.shown.until("!document.querySelector('#host-again').disabled")


def test_it_is_used_by_keyboard_alone(page):
    page = page()
    for label in ("first", "second"):
        ended(page, begin(page, f"print('{label}')", job_label=label))
    page.open()
    page.until_text("#runs-list", "first")
    for key in ("j", "j", "k", "j"):
        page.shown.press(key)
    assert "first" in page.shown.run("document.activeElement.textContent")  # newest first
    page.shown.press("Enter")
    page.until_text("#run-pane", "first")
    page.shown.press("Escape")
    page.shown.until("location.hash == '#/runs'")
    page.shown.press("/")
    page.shown.type("second")
    page.shown.press("Escape")
    page.shown.press("j")
    page.shown.press("Enter")
    page.until_text("#run-pane", "second")
    page.shown.press("?")
    page.shown.until("document.querySelector('#keys').open")
    page.shown.press("Enter")
    page.shown.until("!document.querySelector('#keys').open")
    for key, view in (("2", "scripts"), ("3", "policies"), ("4", "host"), ("1", "runs")):
        page.shown.press(key)
        page.until_seen(f"#{view}")


# --- who asks ----------------------------------------------------------------------------------------------


def with_tokens(directory, **principal):
    tokens = directory / "tokens"
    tokens.write_text(f"ann {hashlib.sha256(TOKEN.encode()).hexdigest()}\n")
    config = directory / "config.json"
    config.write_text(json.dumps({"principals": {"ann": principal}, "http": {"tokens": str(tokens)}}))
    for file in (tokens, config):
        file.chmod(0o644)
    return "--config", config


def sign_in(page, token):
    page.until_seen("#token")
    page.shown.until("document.activeElement.id == 'token'")
    page.shown.type(token)
    page.shown.press("Enter")


def kept(page):
    return page.shown.run("JSON.stringify([location.href, document.cookie, {...localStorage}])")


def test_a_token_is_asked_for_and_stays_with_the_tab(page, tmp_path):
    page = page(*with_tokens(tmp_path)).open()
    sign_in(page, "wrong")
    page.until_text("#signin-error", "does not take this token")
    assert not page.seen("#runs") and not page.seen("#views")
    sign_in(page, TOKEN)
    page.until_text("#runs-empty", "Nothing has run yet")
    assert TOKEN not in kept(page)
    page.shown.ask("Page.reload")
    page.until_text("#runs-empty", "Nothing has run yet")
    page.shown.click("#leave")
    page.until_seen("#token")
    assert page.shown.run("sessionStorage.length") == 0
    page.shown.click("#keep")
    page.shown.click("#token")
    sign_in(page, TOKEN)
    page.until_text("#runs-empty", "Nothing has run yet")
    assert page.shown.run("sessionStorage.length") == 0
    page.shown.ask("Page.reload")
    page.until_seen("#token")


def test_what_a_token_is_not_good_for_is_said(page, tmp_path):
    page = page(*with_tokens(tmp_path, scopes=["run"])).open()
    sign_in(page, TOKEN)
    page.until_text("#runs-empty", "This token may not see that.")
    page.shown.press("2")
    page.until_text("#scripts-empty", "This token may not see that.")
    page.shown.press("3")
    page.until_text("#policies-list", "default")


def test_a_server_that_has_gone_is_missed_and_found_again(page, web, workspace):
    first = web("--root", workspace)
    page = page(server=first).open()
    page.until_text("#link", "live")
    host, port = first.address
    first.stop()
    page.until_text("#link", "no answer")
    web("--root", workspace, "--http", f"{host}:{port}")
    page.until_text("#link", "live")


# --- how it looks -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_nothing_is_wider_than_the_window(page, width):
    page = page(width=width, height=800)
    job = begin(page, "print('x' * 500, 'ö' * 500)", job_label="n" * 300)
    call(page.server, "py_save_script", script_name="s" * 60, source="print(1)" * 1)
    ended(page, job)
    for place in ("#/runs", f"#/runs/{job}", f"#/scripts/{'s' * 60}", "#/policies/default", "#/host"):
        page.open(place)
        page.until_text("#link", "live")
        page.shown.until(HEADED)
        assert page.shown.run("document.documentElement.scrollWidth") <= width, place


def test_a_phone_shows_the_list_or_what_is_chosen(page):
    page = page(width=390, height=844)
    ended(page, begin(page, "print('seen')", job_label="one"))
    page.open()
    page.until_seen("#runs-list a")
    assert not page.seen("#run")
    page.shown.click("#runs-list a")
    page.until_text("#run-pane", "seen")
    assert not page.seen("#runs-list")
    page.shown.click("#run .back")
    page.until_seen("#runs-list a")


def test_it_is_light_or_dark_as_the_system_or_its_user_has_it(page, tmp_path):
    page = page(dark=True).open()
    seen = []
    for _ in range(3):  # as the system, light, dark
        picture = tmp_path / "seen.png"
        page.shown.screenshot(picture)
        seen.append(luminance(picture))
        page.shown.click("#theme")
    code = "Promise.all([%s])" % ", ".join(seen)
    page.shown.ask("Page.navigate", url="about:blank")
    system, light, dark = page.shown.run(code)
    assert system < 60 and light > 200 and dark < 60


def test_every_control_has_a_name(page):
    page = page()
    ended(page, begin(page, "print(1)"))
    job = begin(page, "import time; time.sleep(600)")
    for place in (f"#/runs/{job}", "#/scripts", "#/policies/default", "#/host"):
        page.open(place)
        page.until_text("#link", "live")
        page.shown.until(HEADED)
        nodes = page.shown.ask("Accessibility.getFullAXTree")["nodes"]
        controls = {"button", "link", "textbox", "searchbox", "checkbox", "img", "table", "region", "log"}
        found = [n for n in nodes if not n["ignored"] and n["role"]["value"] in controls]
        assert len(found) > 8
        assert [n for n in found if not n.get("name", {}).get("value")] == []


def test_who_sees_nothing_of_it_is_asked_nothing(page):
    page = page().open()
    page.until_text("#link", "live")

    def asked():
        return sum(url.endswith("/mcp") for url in page.shown.asked)

    page.shown.run("Object.defineProperty(document, 'hidden', {get: () => true, configurable: true}); 0")
    page.shown.run("new Promise(done => setTimeout(done, 4000))")  # the one that was on its way
    before = asked()
    page.shown.run("new Promise(done => setTimeout(done, 4000))")
    assert asked() == before
    page.shown.run("delete document.hidden; document.dispatchEvent(new Event('visibilitychange')); 0")
    support.soon(lambda: asked() > before)
