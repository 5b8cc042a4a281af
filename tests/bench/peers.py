# SPDX-License-Identifier: Apache-2.0
"""What cordon is measured beside: other launchers of boxes, and Python runners with real CPython
and isolation by the operating system.

Each is given a box as close to the promised one as it can make: namespaces of its own, /usr
read-only, proc, dev and a tmpfs, no network. None of them has all that cordon's has; what each leaves
open is not what this file is about. One that is not here, or cannot work here, is named with the
reason: find() raises Missing.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import timing

HERE = Path(__file__).resolve().parent
ROOT = os.getuid() == 0
CODE, ANSWER = "print(7000021 * 6)", "42000126"  # which no message of a failure holds


class Missing(Exception):
    """Why a peer is not measured."""


def tool(name):
    # What is not in the system's directories is named by an operator, who built or fetched it.
    given = os.environ.get("CORDON_BENCH_PEERS", "")
    found = shutil.which(name, path=f"{given}:{os.environ['PATH']}:/usr/sbin:/sbin")
    if not found:
        raise Missing("not installed")
    return found


# --- launchers: a box around one command ------------------------------------------------------


def bubblewrap(place, inner):
    words = f"""{tool("bwrap")} --unshare-all --ro-bind /usr /usr --symlink usr/bin /bin
        --symlink usr/lib /lib --symlink usr/lib64 /lib64 --proc /proc --dev /dev --tmpfs /tmp"""
    return [*words.split(), *inner]


def nsjail(place, inner):
    words = f"""{tool("nsjail")} -Mo -Q -R /usr -s usr/bin:/bin -s usr/lib:/lib -s usr/lib64:/lib64
        -R /dev/null -R /dev/urandom -T /tmp --"""
    return [*words.split(), *inner]


def isolate(place, inner):
    program = tool("isolate")
    setuid = os.stat(program).st_mode & 0o4000
    if not ROOT and not setuid:
        raise Missing("works setuid root only, and is not")
    quietly([program, "--cleanup"])
    quietly([program, "--init"])
    return [program, "--silent", "--run", "--", *inner]


def quietly(words, cwd=None):
    done = subprocess.run(words, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        raise Missing(done.stdout.decode(errors="replace").strip().split("\n")[-1][:120])


def bundle(program, place, inner):
    """A directory as the OCI runtimes take it, with their own default configuration changed."""
    where = Path(tempfile.mkdtemp(prefix=Path(program).name, dir=place))
    (where / "rootfs" / "usr").mkdir(parents=True)
    for link in ("bin", "lib", "lib64"):
        (where / "rootfs" / link).symlink_to(f"usr/{link}")
    for directory in ("proc", "dev", "sys", "tmp"):
        (where / "rootfs" / directory).mkdir()
    quietly([program, "spec", *([] if ROOT else ["--rootless"])], where)
    config = json.loads((where / "config.json").read_text())
    config["process"].update(args=inner, terminal=False)
    config["root"]["readonly"] = True
    config["mounts"] = [
        {"destination": "/proc", "type": "proc", "source": "proc"},
        {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["mode=755"]},
        {"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "nodev"]},
        {"destination": "/usr", "type": "none", "source": "/usr", "options": ["rbind", "ro"]},
    ]
    (where / "config.json").write_text(json.dumps(config))
    return where


def crun(place, inner):
    program = tool("crun")
    where = bundle(program, place, inner)
    # Its groups are left out: on a host with both versions it refuses them.
    state = ["--root", f"{place}/crun-state", "--cgroup-manager=disabled"]
    return [program, *state, "run", "--bundle", str(where), where.name]


def runc(place, inner):
    program = tool("runc")
    where = bundle(program, place, inner)
    state = ["--root", f"{place}/runc-state"]
    return [program, *state, "run", "--bundle", str(where), where.name]


def firejail(place, inner):
    words = f"""{tool("firejail")} --quiet --noprofile --net=none --private-tmp --private-dev
        --caps.drop=all --nonewprivs --seccomp --"""
    return [*words.split(), *inner]


def systemd_run(place, inner):
    program = tool("systemd-run")
    if not Path("/run/systemd/system").is_dir():
        raise Missing("this system was not started by systemd")
    scope = [] if ROOT else ["--user"]
    words = f"""--quiet --wait --collect --pipe -p PrivateTmp=yes -p PrivateNetwork=yes
        -p PrivateDevices=yes -p ProtectSystem=strict -p ProtectHome=yes -p NoNewPrivileges=yes"""
    return [program, *scope, *words.split(), *inner]


LAUNCHERS = [
    ("bubblewrap", bubblewrap),
    ("nsjail", nsjail),
    ("isolate", isolate),
    ("crun", crun),
    ("runc", runc),
    ("firejail", firejail),
    ("systemd-run", systemd_run),
]


def launcher(name, find, place, inner, environment):
    """The peer around that command, tried once; raises Missing."""
    thing = timing.Command(name, find(place, inner), environment, heard=False)
    try:
        thing.once()
    except (timing.Broken, OSError) as problem:
        words = subprocess.run(
            thing.words, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, check=False,
        ).stderr.decode(errors="replace")  # fmt: skip
        why = words.strip().split("\n")[-1][:120] or str(problem)[-120:]
        raise Missing(f"does not work here: {why}") from None
    return thing


# --- Python runners ---------------------------------------------------------------------------


def python_of_peers(package):
    """An interpreter that has the package: one of the environments made for them."""
    given = os.environ.get("CORDON_BENCH_VENVS", "")
    for python in filter(None, given.split(":")):
        program = Path(python, "bin", "python")
        asked = [program, "-c", f"import importlib.util as u; u.find_spec({package!r}) or exit(1)"]
        try:
            if subprocess.run(asked, stderr=subprocess.DEVNULL, check=False).returncode == 0:
                return str(program)
        except OSError:
            continue
    raise Missing("not installed from PyPI")


def resident(package):
    """A library, called again and again from one process that has it loaded: its best case."""

    def find(environment, interpreter, place):
        python = python_of_peers(package)
        words = [python, str(HERE / "peer_library.py"), package, interpreter]
        server = timing.Server(words, environment, place)
        return timing.Call(package, server, "run", {"code": CODE}, judge_text)

    return find


def mcp_server(package, program, options, tool_name, member):
    """A server that speaks MCP over stdio, called as cordon is."""

    def find(environment, interpreter, place):
        python = python_of_peers(package)
        script = str(Path(python).parent / program)
        words = [python, script, *(option.format(place=place) for option in options)]
        # It looks for uv and its own programs along the path.
        path = f"{Path(python).parent}:{Path(environment['CORDON_UV']).parent}:{environment['PATH']}"
        server = timing.Server(words, {**environment, "PATH": path}, place).begin()
        return timing.Call(program, server, tool_name, {member: CODE}, judge_text)

    return find


def judge_text(result):
    text = "".join(part.get("text", "") for part in result["content"])
    if result.get("isError") or ANSWER not in text:
        raise timing.Broken(text[:200])


RUNNERS = [
    ("sandboxkit", resident("sandboxkit")),
    ("sandlock", resident("sandlock")),
    ("sandlock-mcp", mcp_server("sandlock", "sandlock-mcp", ["--workspace", "{place}"], "python", "code")),
    (
        "mcp-python-exec-sandbox",
        mcp_server(
            "mcp_python_exec_sandbox", "mcp-python-exec-sandbox",
            ["--python-version", f"{sys.version_info[0]}.{sys.version_info[1]}"],
            "execute_python", "script",
        ),
    ),
]  # fmt: skip


def runner(find, environment, interpreter, place):
    """The peer, tried once; raises Missing."""
    thing = None
    try:
        thing = find(environment, interpreter, place)
        thing.once()
    except (timing.Broken, OSError, KeyError, ValueError) as problem:
        if thing:
            thing.close()
        raise Missing(f"does not work here: {str(problem)[:160]}") from None
    return thing
