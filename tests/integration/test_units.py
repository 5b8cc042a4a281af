# SPDX-License-Identifier: Apache-2.0
"""packaging/systemd: the units are clean, say what they leave open, and boxes start under them."""

import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
import support
import web as http

TREE = Path(__file__).parents[2]
UNITS = TREE / "packaging/systemd"
ANALYZE = shutil.which("systemd-analyze")
SERVICE = UNITS / "system/cordon.service"
ACCOUNT = 1_900_000_000  # nobody's

pytestmark = pytest.mark.skipif(not UNITS.exists(), reason="packaging/ is not in this copy of the tree")
analyzed = pytest.mark.skipif(not ANALYZE, reason="no systemd-analyze here")


@analyzed
@pytest.mark.parametrize("kind", ["system", "user"])
def test_the_units_are_clean(cordon, tmp_path, kind):
    """But for the program and its pages, which are not installed here."""
    units = []
    for unit in sorted((UNITS / kind).iterdir()):
        text = unit.read_text().replace("=cordon serve", f"={cordon} serve")
        units.append(tmp_path / unit.name)
        units[-1].write_text(re.sub(r"(?m)^Documentation=.*\n", "", text))
    done = subprocess.run(
        [ANALYZE, "verify", *(["--user"] if kind == "user" else []), *units],
        env=dict(os.environ, XDG_RUNTIME_DIR=str(tmp_path)), capture_output=True, text=True,
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@analyzed
def test_the_service_is_exposed_little_and_names_what_it_leaves_open():
    done = subprocess.run(
        [ANALYZE, "security", "--offline=yes", "--no-pager", "--threshold=33", SERVICE],
        capture_output=True, text=True,
    )
    assert done.returncode == 0, done.stdout[-300:]
    left_open = re.findall(r"(?m)^✗ (\S+)", done.stdout)
    assert left_open
    reasons = SERVICE.read_text().partition("# What is left open")[2]
    for name in left_open:
        option, _, what = name.partition("~")
        named = option.split("/")[0]
        if option == "SystemCallFilter=":
            named = "~" + what
        assert named in reasons, name


def test_nothing_mounts_over_proc():
    """Where that was done the kernel lets no box have a /proc of its own."""
    for unit in UNITS.glob("*/cordon.service"):
        text = re.sub(r"(?m)^#.*", "", unit.read_text())
        for name in ("ProtectKernelTunables", "ProtectKernelLogs", "InaccessiblePaths=/proc"):
            assert name not in text, unit


@pytest.fixture
def apart(cordon):
    """A place that the account can read, with the programs and a state of its own."""
    if not support.ROOT:
        pytest.skip("only root can put a unit's settings on")
    top = Path(tempfile.mkdtemp(prefix="cordon-unit-"))
    top.chmod(0o755)
    for place in (cordon.parent, cordon.parent.parent / "libexec/cordon"):
        for name in ("cordon", "cordon-sandbox", "cordon-branch.so"):
            if (place / name).exists():
                shutil.copy2(place / name, top / name)
                (top / name).chmod(0o755)
    shutil.copytree(TREE / "policies", top / "policies")
    for path in (top / "policies").rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    (top / "policies").chmod(0o755)
    (top / "state").mkdir()
    os.chown(top / "state", ACCOUNT, ACCOUNT)
    yield top
    shutil.rmtree(top)


@pytest.fixture
def under_unit(apart):
    """under_unit(*WORDS) -> the command line of cordon under the settings, and its environment."""
    mounts = ["unshare", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"]
    if subprocess.run(mounts, capture_output=True).returncode:
        pytest.skip("this root may not mount")
    helper = Path(__file__).with_name("under_unit.py")
    before = ["/usr/bin/python3", helper, SERVICE, str(ACCOUNT), apart / "state", apart / "cordon"]
    own = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "CORDON_STATE": str(apart / "state")}
    return lambda *words: ([*map(str, before), *map(str, words)], own)


def test_boxes_start_under_the_units_settings(under_unit):
    command, own = under_unit("run", "--no-uv", "--no-server", "--json", "-c", "print(6 * 7)")
    done = subprocess.run(command, env=own, capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, (done.stdout, done.stderr)
    result = json.loads(done.stdout)
    assert (result["end"], result["stdout"]) == ("exited", "42\n")
    off = {name: said for name, said in result["layers"].items() if said.startswith("off")}
    assert set(off) <= {"egress", "start", "time"}, off


def test_boxes_wait_ready_under_the_units_settings(under_unit, apart):
    server = http.Server(*under_unit("serve", "--unix", apart / "state/mcp.sock"), "/")

    def starts():
        arguments = {"script_content": "print(6 * 7)"}
        with http.Connection(server) as connection:
            name = "py_run_script_with_dependencies"
            connection.modern(1, "tools/call", name=name, arguments=arguments)
            result = connection.answer(1)["result"]["structuredContent"]
        assert (result["end"], result["stdout"]) == ("exited", "42\n"), result
        return result["layers"]["start"]

    try:
        support.soon(lambda: starts() == "on")
    finally:
        server.stop()
