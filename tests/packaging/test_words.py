# SPDX-License-Identifier: Apache-2.0
"""What packages say of themselves, held against the programs that are in them."""

import json
import re
import subprocess
from pathlib import Path

import making
import support

common, server_json = making.module("common"), making.module("server_json")
PACKAGING = support.SOURCE / "packaging"
VERSION = (support.SOURCE / "VERSION").read_text().strip()


def manifest():
    return json.loads(common.filled("mcpb/manifest.json"))


def asked(cordon, state, *requests):
    """A server's answers to requests over standard input, in their order."""
    hello = {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    }
    lines = [("initialize", hello), *((request, {}) for request in requests)]
    text = "".join(
        json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}) + "\n"
        for number, (method, params) in enumerate(lines)
    )
    ran = subprocess.run(
        [*cordon, "--state", str(state)],
        input=text,
        capture_output=True,
        text=True,
        env=support.clean_environment(),
        timeout=120,
    )
    answers = {answer["id"]: answer for answer in map(json.loads, ran.stdout.splitlines())}
    return [answers[number]["result"] for number in range(len(lines))]


def test_a_bundle_names_the_tools_that_its_server_has(cordon, tmp_path):
    offered = asked([str(cordon), "serve"], tmp_path / "state", "tools/list")[1]["tools"]
    assert {tool["name"] for tool in manifest()["tools"]} == {tool["name"] for tool in offered}


def test_a_bundle_asks_for_every_setting_that_its_command_takes():
    server = manifest()["server"]
    taken = re.findall(r"\$\{user_config\.(\w+)\}", json.dumps(server))
    assert sorted(taken) == sorted(manifest()["user_config"])
    assert server["mcp_config"]["command"] == "${__dirname}/" + server["entry_point"]


def test_the_version_stands_in_one_place():
    """A package's changelog tells of versions; everything else is told by VERSION."""
    written = re.compile(rf"(?<![\d.]){re.escape(VERSION)}(?![\d.])")
    for path in PACKAGING.rglob("*"):
        if path.is_file() and path.suffix != ".pyc" and path.name != "changelog":
            assert not written.search(path.read_text()), path
    assert manifest()["version"] == VERSION


def test_the_registry_is_told_of_bundles_only_where_they_can_be_had(tmp_path):
    name = f"cordon-{VERSION}-linux-x86_64.mcpb"
    (tmp_path / name).write_bytes(b"")
    (tmp_path / "cordon-0.0.1-linux-x86_64.mcpb").write_bytes(b"of an older version")
    without = server_json.server_of(tmp_path, None)
    assert [package["registryType"] for package in without["packages"]] == ["pypi"]
    told = server_json.server_of(tmp_path, "https://downloads.example/x/")["packages"][1:]
    assert [(package["identifier"], package["fileSha256"][:8]) for package in told] == [
        (f"https://downloads.example/x/{name}", "e3b0c442")
    ]


def test_the_registry_finds_its_name_in_the_wheel():
    """It looks for "mcp-name:" in a package's description to know that both are of one owner."""
    server = server_json.server_of(Path("/nonexistent"), None)
    assert f"mcp-name: {server['name']} " in common.filled("wheel/description.md")
    assert re.fullmatch(r"[a-zA-Z0-9.-]+/[a-zA-Z0-9._-]+", server["name"])
    assert len(server["description"]) <= 100, "as long as the registry takes"
    assert {package["version"] for package in server["packages"]} == {server["version"]}


def dev(*words):
    return subprocess.run(
        [support.SOURCE / "dev", "package", *words], capture_output=True, text=True, timeout=60
    )


def test_a_package_that_is_not_known_is_refused_before_anything_is_built():
    told = dev("tar", "floppy")
    assert told.returncode == 1
    assert "no such package: floppy" in told.stderr
    assert "builds" not in told.stderr.replace("builds into", "")


def test_every_package_is_listed_and_can_be_made():
    text = (PACKAGING / "commands").read_text()
    listed = re.findall(r"^  (\w+) +\|", dev().stderr, re.MULTILINE)
    assert {"tar", "wheel", "deb", "oci", "mcpb"} <= set(listed)
    for what in listed:
        assert re.search(rf"^package_{what}\(\) \{{", text, re.MULTILINE), what
