# SPDX-License-Identifier: Apache-2.0
"""What the step is asked for: variables CORDON_STEP_NAME, empty where nothing was said."""

import os
import re

# Handed on as they are; cordon judges the values.
OPTIONS = {
    "TIMEOUT": "--timeout",
    "CPU": "--cpu",
    "MEMORY": "--memory",
}
HOST = re.compile(r"[A-Za-z0-9.*\[\]:_-]+")
UNUSABLE = 125  # cordon's own exit code where there is no box
LINKS_MAX = 40  # as the kernel
REQUIREMENT = re.compile(r"[^-\s]\S*( [^-\s]\S*)*")


class Wrong(Exception):
    """One sentence for whoever wrote the pipeline."""


def beneath(path, directory):
    """By their names alone."""
    return path == directory or path.startswith(directory.rstrip("/") + "/")


def lies_in(path, directory):
    """Both as they really are."""
    return beneath(os.path.realpath(path), os.path.realpath(directory))


def ways(path):
    """Every place that an absolute path leads through, its links followed one by one."""
    left, at, links = path.split("/")[::-1], "/", 0
    while left:
        name = left.pop()
        if name == "..":
            at = os.path.dirname(at)
        elif name not in ("", "."):
            at = os.path.join(at, name)
            yield at
            if os.path.islink(at) and links < LINKS_MAX:
                target, links = os.readlink(at), links + 1
                left += target.split("/")[::-1]
                at = "/" if target.startswith("/") else os.path.dirname(at)


def leads_through(path, directory):
    """A link in the directory counts too: whoever writes there chooses what it names."""
    directory = os.path.realpath(directory)
    return any(beneath(place, directory) for place in ways(path))


def below(path, *roots):
    """(root, the way down from it) of the first root that a path names a place in; or None."""
    for root in filter(None, roots):
        for name in (os.path.abspath(root), os.path.realpath(root)):
            whole = os.path.normpath(os.path.join(name, path))
            if beneath(whole, name):
                return os.path.realpath(root), os.path.relpath(whole, name)
    return None


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
        self.workspace = os.path.abspath(workspace)
        self.directory = self._directory(workspace)
        self.policy = self._own_file("POLICY") or "ci"
        self.python = self._own_file("PYTHON")
        self.program = self._own_file("PROGRAM")
        self.hosts = self._hosts()
        self.requirements = lines(self._get("WITH"))
        self.env = lines(self._get("ENV"))
        self.report = self._get("REPORT")
        self.archive = self._get("ARCHIVE")
        self.sha256 = self._get("SHA256").lower()
        for requirement in self.requirements:
            if not REQUIREMENT.fullmatch(requirement):
                raise Wrong(f"with: {requirement!r} is no requirement")

    def _get(self, name):
        value = self.given.get("CORDON_STEP_" + name, "").strip()
        several = name in ("WITH", "ENV", "HOSTS")
        if "\0" in value or (not several and re.search(r"[\x00-\x1f\x7f\x85\u2028\u2029]", value)):
            raise Wrong(f"{name.lower()} is one line, without control characters")
        return value

    def _directory(self, workspace):
        """Only what lies in the workspace: beside it lie the runner's own files, and its tokens."""
        given = self._get("DIRECTORY")
        found = below(given or ".", workspace)
        if not found:
            raise Wrong(f"directory: {given} is not in the workspace {workspace}")
        path = os.path.normpath(os.path.join(*found))
        if os.path.realpath(path) != path:
            raise Wrong(f"directory: {given} leads through a link, which a contribution can turn elsewhere")
        if not os.path.isdir(path):
            raise Wrong(f"directory: {path} is no directory")
        return path

    def _own_file(self, name):
        """A name as it is. A file, which is looked for in the workspace, as the one path that is judged
        and used: what the contribution brings along is no judge of it."""
        value = self._get(name)
        if "/" not in value and not value.endswith(".json"):
            return value
        path = os.path.join(self.workspace, value)
        if leads_through(path, self.directory):
            what = name.lower()
            raise Wrong(f"{what}: {value} lies in what the contribution can change; keep it elsewhere")
        return path

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
            ("--python", [self.python] if self.python else []),
            ("--allow-host", self.hosts),
            ("--with", self.requirements),
            ("--env", self.env),
        ):
            for value in values:
                yield option, value

    def title(self):
        return self.script or self.command.strip().splitlines()[0]
