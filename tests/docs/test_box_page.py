# SPDX-License-Identifier: Apache-2.0
"""cordon-box(7) tells people who write scripts what they will find: a script looks whether it is so."""

import json

import support

LOOK = """
import getpass, json, os, resource, socket, subprocess, sys, time

def fails(what):
    try:
        what()
    except (OSError, EOFError) as problem:
        return type(problem).__name__
    return None

print(json.dumps({
    "cwd": os.getcwd(), "path": sys.path[0], "script": __file__,
    "user": getpass.getuser(), "uid": os.getuid(), "host": socket.gethostname(),
    "login": fails(os.getlogin), "setuid": fails(lambda: os.setuid(0)),
    "input": fails(input), "terminal": sys.stdout.isatty(),
    "proc": [name for name in ("meminfo", "cpuinfo", "stat") if os.path.exists("/proc/" + name)],
    "home": os.path.exists("/home"), "usr": fails(lambda: open("/usr/new", "w")),
    "setuid_file": fails(lambda: (open("/tmp/new", "w").close(), os.chmod("/tmp/new", 0o4755))),
    "network": fails(lambda: socket.create_connection(("192.0.2.1", 80), 60)),
    "name": fails(lambda: socket.getaddrinfo("example.org", 80)),
    "loopback": fails(lambda: socket.create_server(("127.0.0.1", 0)).close()),
    "child": subprocess.run(["/bin/true"]).returncode, "files": resource.getrlimit(resource.RLIMIT_NOFILE)[0],
    "scratch": os.statvfs("/tmp").f_blocks * os.statvfs("/tmp").f_frsize >> 20,
    "boot": time.clock_gettime(time.CLOCK_BOOTTIME), "monotonic": time.monotonic(),
    "names": sorted(name for name in os.environ if name not in ("CORDON_PROGRESS",)),
    "unbuffered": os.environ["PYTHONUNBUFFERED"], "lang": os.environ["LANG"], "home_at": os.environ["HOME"],
}))
"""


def test_the_box_is_as_its_page_says(run):
    found = run("run", "--no-uv", "--no-server", "-c", LOOK, env={"TZ": "UTC"}, input=b"").json()
    boot, monotonic = found.pop("boot"), found.pop("monotonic")
    assert 0 <= boot < 600 and 0 <= monotonic < 600
    assert found == {
        "cwd": "/box/home", "path": "/box/home", "script": "/box/script.py",
        "user": "user", "uid": 1000, "host": "box",
        "login": "OSError", "setuid": "OSError",
        "input": "EOFError", "terminal": False,
        "proc": [], "home": False, "usr": "OSError",
        "setuid_file": "PermissionError", "network": "OSError", "name": "gaierror", "loopback": None,
        "child": 0, "files": 512, "scratch": 512,
        "names": [
            "HOME", "LANG", "LOGNAME", "PATH", "PYTHONPATH", "PYTHONUNBUFFERED", "TMPDIR", "TZ", "USER"
        ],
        "unbuffered": "1", "lang": "C.UTF-8", "home_at": "/box/home",
    }


def test_its_figures_are_those_of_the_policies():
    default, data = (
        json.loads((support.SOURCE / f"policies/{name}.json").read_text())["limits"]
        for name in ("default", "data")
    )
    assert (default["wall"], default["cpu"], default["memory"]) == ("300s", "300s", "1G")
    assert (default["pids"], default["open_files"], default["scratch"]) == (128, 512, "512M")
    assert (data["wall"], data["cpu"], data["memory"], default["output"]) == ("30m", "4h", "4G", "64M")
