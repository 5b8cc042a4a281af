# SPDX-License-Identifier: Apache-2.0
"""The CI step's files as the tools of others read them (./dev test --full: the tools are fetched)."""

import json
import os
import shutil
import subprocess

import pytest
import support
import yaml

FULL = pytest.mark.skipif("FULL" not in os.environ, reason="the tools are fetched: ./dev test --full")
ACTIONLINT = "github.com/rhysd/actionlint/cmd/actionlint@v1.7.7"
SCHEMAS = "check-jsonschema==0.35.0"


def checked(*words, cwd=None, **env):
    done = subprocess.run(
        [str(word) for word in words],
        cwd=cwd,
        env=dict(os.environ, **env),
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def schema():
    def schema(name, path):
        checked(os.environ["CORDON_UV"], "tool", "run", "-q", SCHEMAS, "--builtin-schema", name, path)

    return schema


@FULL
def test_actionlint_has_nothing_to_say(tmp_path):
    """Of the example, and so of the inputs and outputs that it takes for granted."""
    go = shutil.which("go")
    if not go:
        pytest.skip("actionlint is built with go, which is not here")
    own = {"GOBIN": str(tmp_path), "GOPATH": str(tmp_path / "go"), "GOFLAGS": "-modcacherw"}
    checked(go, "install", ACTIONLINT, **own)
    project = tmp_path / "project"
    shutil.copytree(support.SOURCE / "packaging/github", project / "action")
    workflows = project / ".github/workflows"
    workflows.mkdir(parents=True)
    (project / ".git").mkdir()
    text = (project / "action/example.yml").read_text()
    used = "OWNER/cordon/packaging/github@" + "0" * 40
    assert used in text
    (workflows / "example.yml").write_text(text.replace(used, "./action"))
    assert checked(tmp_path / "actionlint", "-color", cwd=project) == ""
    # It does read the action: an input that is not there is an error.
    (workflows / "example.yml").write_text(text.replace(used, "./action").replace("memory:", "memori:"))
    with pytest.raises(AssertionError, match="memori"):
        checked(tmp_path / "actionlint", "-no-color", cwd=project)


@FULL
def test_the_action_is_as_its_schema_says(schema):
    schema("vendor.github-actions", support.SOURCE / "packaging/github/action.yml")


@FULL
def test_the_component_is_as_its_schema_says(schema, tmp_path):
    _, jobs = yaml.safe_load_all((support.SOURCE / "packaging/gitlab/cordon.yml").read_text())
    path = tmp_path / ".gitlab-ci.yml"
    path.write_text(json.dumps(jobs))
    schema("vendor.gitlab-ci", path)


def test_one_step_has_one_list_of_inputs():
    """What GitHub's action and GitLab's component take is the same but for what only one of them has."""
    action = yaml.safe_load((support.SOURCE / "packaging/github/action.yml").read_text())
    spec, _ = yaml.safe_load_all((support.SOURCE / "packaging/gitlab/cordon.yml").read_text())
    assert set(spec["spec"]["inputs"]) - {"job", "stage", "image"} == set(action["inputs"]) - {"report"}
