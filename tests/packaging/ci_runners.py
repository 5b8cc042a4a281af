# SPDX-License-Identifier: Apache-2.0
"""CI systems as a step sees them: directories, variables, tokens, and who listens to the log.

GitHub takes packaging/github/action.yml apart as a runner does, GitLab packaging/gitlab/cordon.yml. What
neither may do, such as an expression in a script's text, fails here.
"""

import json
import re
import shutil
import subprocess
from dataclasses import dataclass, field

import support
import yaml

# What a job knows and nobody else may: each is a string that stands nowhere by chance.
JOB_TOKEN = "ghs_jobtokenjobtokenjobtokenjobtoken"
RUNTIME_TOKEN = "eyJhbGciOiJydW50aW1ldG9rZW4.runtime"
OWN_SECRET = "secret-of-the-repository-1234"
SECONDS = 120


@dataclass
class Done:
    exit: int
    log: str
    annotations: list = field(default_factory=list)  # (level, text)
    outputs: dict = field(default_factory=dict)
    summary: str = ""

    def report(self):
        with open(self.outputs["report"], encoding="utf-8") as file:
            return json.load(file)


def write_files(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def run_process(words, env, cwd):
    done = subprocess.run(
        [str(word) for word in words],
        env=env,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=SECONDS,
        check=False,
    )
    return done.returncode, done.stdout.decode(errors="replace")


# --- GitHub ---------------------------------------------------------------------------------------


class GitHub:
    """A hosted runner's directories, with one repository checked out."""

    def __init__(self, root):
        self.workspace = root / "work/sample/sample"
        self.temporary = root / "work/_temp"
        commands = self.temporary / "_runner_file_commands"
        action = root / "work/_actions/owner/cordon/0123456789abcdef"
        for directory in (self.workspace, commands):
            directory.mkdir(parents=True)
        for part in ("ci", "github"):
            shutil.copytree(support.SOURCE / "packaging" / part, action / "packaging" / part)
        self.action = action / "packaging/github"
        self.files = {name: commands / name.lower() for name in ("OUTPUT", "STEP_SUMMARY", "ENV", "PATH")}
        self.home = root / "home"
        self.home.mkdir()

    def checkout(self, files, persist=False):
        """As actions/checkout leaves it."""
        write_files(self.workspace, files)
        config = "[core]\n\tbare = false\n[remote \"origin\"]\n\turl = https://github.com/owner/sample\n"
        if persist:
            config += (
                '[http "https://github.com/"]\n'
                f"\textraheader = AUTHORIZATION: basic {JOB_TOKEN}\n"
            )
        write_files(self.workspace, {".git/config": config, ".git/HEAD": "ref: refs/heads/main\n"})

    def environment(self, env=None):
        """Of a step: what the runner sets, and what a careless workflow adds to it."""
        own = {f"GITHUB_{name}": str(path) for name, path in self.files.items()}
        own |= {
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTION_PATH": str(self.action),
            "GITHUB_ACTION_REPOSITORY": "owner/cordon",
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_WORKSPACE": str(self.workspace),
            "RUNNER_TEMP": str(self.temporary),
            "HOME": str(self.home),
            "GITHUB_TOKEN": JOB_TOKEN,
            "ACTIONS_RUNTIME_TOKEN": RUNTIME_TOKEN,
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": RUNTIME_TOKEN,
            "DEPLOY_KEY": OWN_SECRET,
        }
        return support.clean_environment(**own, **(env or {}))

    def step(self, inputs):
        """The action's one step: its script as a file, and its own variables."""
        action = yaml.safe_load((self.action / "action.yml").read_text())
        assert set(inputs) <= set(action["inputs"]), "an input that the action does not have"
        [step] = action["runs"]["steps"]
        assert "${{" not in step["run"], "an expression in a script's text"
        given = {name: inputs.get(name, row.get("default", "")) for name, row in action["inputs"].items()}
        variables = {}
        for name, text in step["env"].items():
            wanted = re.fullmatch(r"\$\{\{ inputs\.([a-z0-9-]+) \}\}", text)
            variables[name] = given.pop(wanted[1])
        assert not given, f"inputs that nobody reads: {given}"
        script = self.temporary / "step.sh"
        script.write_text(step["run"])
        words = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", script]
        return words, variables, action["outputs"], step["id"]

    def run(self, inputs, env=None, through=None):
        """`through`: runs (words, environment) elsewhere, and returns exit status and log."""
        for path in self.files.values():
            path.write_text("")
        words, variables, outputs, step_id = self.step(inputs)
        environment = self.environment(env) | variables
        if through:
            status, log = through(words, environment, self.workspace)
        else:
            status, log = run_process(words, environment, self.workspace)
        done = Done(status, log, hear(log), summary=self.files["STEP_SUMMARY"].read_text())
        told = outputs_in(self.files["OUTPUT"].read_text())
        for name, row in outputs.items():
            wanted = re.fullmatch(r"\$\{\{ steps\.([a-z]+)\.outputs\.([a-z-]+) \}\}", row["value"])
            assert wanted[1] == step_id
            done.outputs[name] = told.get(wanted[2], "")
        assert self.files["ENV"].read_text() == self.files["PATH"].read_text() == ""
        return done


def outputs_in(text):
    """NAME=VALUE, or NAME<<WORD and lines until that word; the last of a name counts."""
    told, lines = {}, iter(text.splitlines())
    for line in lines:
        name, equals, value = line.partition("=")
        if "<<" in name or not equals:
            name, word = line.split("<<", 1)
            value = "\n".join(iter(lambda word=word: next(lines, word), word))
        told[name] = value
    return told


def hear(log):
    """The annotations that GitHub's runner makes of a log, with its rule for stopped commands."""
    found, stopped = [], None
    for line in log.splitlines():
        match = re.match(r"::([^ :]+)(?: [^:]*)?::(.*)", line.lstrip())
        if not match:
            continue
        name, text = match.groups()
        if stopped:
            stopped = None if name == stopped else stopped
        elif name == "stop-commands":
            stopped = text
        elif name in ("error", "warning", "notice", "set-output", "add-mask", "save-state"):
            found.append((name, text.replace("%25", "%")))
    assert stopped is None, "commands are still stopped after the step"
    return found


# --- GitLab ---------------------------------------------------------------------------------------


class GitLab:
    def __init__(self, root):
        self.project = root / "builds/group/sample"
        self.project.mkdir(parents=True)
        self.home = root / "home"
        self.home.mkdir()

    def checkout(self, files, token_in_url=False):
        write_files(self.project, files)
        who = f"gitlab-ci-token:{JOB_TOKEN}@" if token_in_url else ""
        url = f"https://{who}gitlab.example/group/sample.git"
        write_files(self.project, {".git/config": f'[remote "origin"]\n\turl = {url}\n'})

    def job(self, inputs):
        text = (support.SOURCE / "packaging/gitlab/cordon.yml").read_text()
        spec, jobs = yaml.safe_load_all(text)
        rows = spec["spec"]["inputs"]
        assert set(inputs) <= set(rows), "an input that the component does not have"
        given = {name: inputs.get(name, row["default"]) for name, row in rows.items()}

        def fill(node):
            if isinstance(node, dict):
                return {fill(name): fill(value) for name, value in node.items()}
            if isinstance(node, list):
                return [fill(value) for value in node]
            if isinstance(node, str):
                return re.sub(r"\$\[\[ inputs\.([a-z0-9]+) \]\]", lambda m: given[m[1]], node)
            return node

        assert "$[[" not in "".join(jobs["$[[ inputs.job ]]"]["script"]), "an input in a script's text"
        return fill(jobs)

    def run(self, inputs):
        [job] = self.job(inputs).values()
        variables = {"CI": "true", "GITLAB_CI": "true", "CI_PROJECT_DIR": str(self.project)}
        variables |= {"CI_JOB_TOKEN": JOB_TOKEN, "DEPLOY_KEY": OWN_SECRET, "HOME": str(self.home)}
        for name, value in job["variables"].items():
            if isinstance(value, dict):
                assert value["expand"] is False
                value = value["value"]
            variables[name] = value
        script = "set -eo pipefail\n" + "\n".join(job.get("before_script", []) + job["script"])
        environment = support.clean_environment(**variables)
        status, log = run_process(["bash", "-c", script], environment, self.project)
        done = Done(status, log)
        summary = self.project / "cordon-summary.md"
        dotenv = self.project / "cordon.env"
        if dotenv.exists():
            done.outputs = dict(line.split("=", 1) for line in dotenv.read_text().splitlines())
            done.outputs["report"] = str(self.project / "cordon-report.json")
        if summary.exists():
            done.summary = summary.read_text()
        return done
