# SPDX-License-Identifier: Apache-2.0
"""What the step is asked for: variables CORDON_STEP_NAME, empty where nothing was said."""

import os
import re

# Handed on as they are; cordon judges the values.
OPTIONS = {
    "PYTHON": "--python",
    "TIMEOUT": "--timeout",
    "CPU": "--cpu",
    "MEMORY": "--memory",
}
HOST = re.compile(r"[A-Za-z0-9.*\[\]:_-]+")
REQUIREMENT = re.compile(r"[^-\s]\S*( [^-\s]\S*)*")


class Wrong(Exception):
    """One sentence for whoever wrote the pipeline."""


def lies_in(path, directory):
    """Both as they really are."""
    path, directory = os.path.realpath(path), os.path.realpath(directory)
    return path == directory or path.startswith(directory.rstrip("/") + "/")


def lines(text):
    return [line.strip() for line in text.splitlines() if line.strip()]


class Inputs:
    def __init__(self, environment, workspace):
        self.given = environment
        self.script = self._get("SCRIPT")
        self.command = environment.get("CORDON_STEP_COMMAND", "")
        if bool(self.script) == bool(self.command.strip()):
            raise Wrong("exactly one of script and command is to be given")
        self.arguments = environment.get("CORDON_STEP_ARGUMENTS", "").splitlines()
        self.policy = self._get("POLICY") or "ci"
        self.directory = self._directory(workspace)
        for name in ("POLICY", "PROGRAM"):
            self._not_the_contributions(name)
        self.hosts = self._hosts()
        self.requirements = lines(self._get("WITH"))
        self.env = lines(self._get("ENV"))
        self.report = self._get("REPORT")
        self.program = self._get("PROGRAM")
        self.archive = self._get("ARCHIVE")
        self.sha256 = self._get("SHA256").lower()
        for requirement in self.requirements:
            if not REQUIREMENT.fullmatch(requirement):
                raise Wrong(f"with: {requirement!r} is no requirement")

    def _get(self, name):
        value = self.given.get("CORDON_STEP_" + name, "").strip()
        if "\0" in value or (name not in ("WITH", "ENV", "HOSTS") and "\n" in value):
            raise Wrong(f"{name.lower()} is one line")
        return value

    def _directory(self, workspace):
        """Only what lies in the workspace: beside it lie the runner's own files, and its tokens."""
        root = os.path.realpath(workspace)
        path = os.path.realpath(os.path.join(root, self._get("DIRECTORY") or "."))
        if not lies_in(path, root):
            raise Wrong(f"directory: {path} is not in the workspace {root}")
        if not os.path.isdir(path):
            raise Wrong(f"directory: {path} is no directory")
        return path

    def _not_the_contributions(self, name):
        """A file that the contribution brings along is no judge of it."""
        value = self._get(name)
        is_file = "/" in value or value.endswith(".json")
        if is_file and lies_in(os.path.join(os.getcwd(), value), self.directory):
            what = name.lower()
            raise Wrong(f"{what}: {value} lies in what the contribution can change; keep it elsewhere")

    def _hosts(self):
        hosts = re.split(r"[\s,]+", self._get("HOSTS"))
        for host in filter(None, hosts):
            if not HOST.fullmatch(host):
                raise Wrong(f"hosts: {host!r} is no host; such as pypi.org or example.org:8080")
        return list(filter(None, hosts))

    def options(self):
        """(option, value) of cordon for all that was asked."""
        for name, option in OPTIONS.items():
            if self._get(name):
                yield option, self._get(name)
        for option, values in (
            ("--allow-host", self.hosts),
            ("--with", self.requirements),
            ("--env", self.env),
        ):
            for value in values:
                yield option, value

    def title(self):
        return self.script or self.command.strip().splitlines()[0]
