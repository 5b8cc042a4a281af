# SPDX-License-Identifier: Apache-2.0
"""What differs between CI systems: where things are, and how one says something to a reader.

A contribution's output is quoted: GitHub takes lines that begin with "::" for commands, and whoever
can write them could forge annotations and outputs.
"""

import contextlib
import os
import secrets
import shutil
import sys

from inputs import Wrong, lies_in


def one_line(text):
    return " ".join(text.split())


def write_anew(path, data):
    """A file in the workspace, where the script may have left a link under that name."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
    except OSError as error:
        raise Wrong(f"{path} cannot be written: {error.strerror}") from None
    with open(fd, "wb") as file:
        file.write(data)


class Runner:
    """A shell, or a system that is not known here: everything is said in lines."""

    releases = None  # below this address lies vVERSION/ARCHIVE
    remedy = "remove it before this step"

    def __init__(self, environment):
        self.workspace = os.getcwd()
        self.temporary = environment.get("TMPDIR") or None

    def warn(self, text):
        print(f"cordon: {one_line(text)}", flush=True)

    def fail(self, text):
        print(f"cordon: {one_line(text)}", file=sys.stderr, flush=True)

    def tell(self, markdown):
        print(markdown, flush=True)

    @contextlib.contextmanager
    def quoting(self):
        sys.stdout.flush()
        yield

    def outputs(self, status, result):
        return {
            "exit-code": str(status),
            "end": result["end"] if result else "fault",
            "denied": str(sum(row["count"] for row in (result or {}).get("denied") or [])),
        }

    def hand_on(self, status, result, report, wanted):
        self._report(report, wanted)

    def _report(self, report, wanted):
        """The report at the path that was asked for, or where the runner keeps such things."""
        if not wanted or not os.path.exists(report):
            return None
        # The last part of the name may be anybody's; what leads there is followed now and judged.
        parent = os.path.realpath(os.path.join(self.workspace, os.path.dirname(wanted)))
        if not any(lies_in(parent, place) for place in (self.workspace, self.temporary) if place):
            raise Wrong(f"report: {wanted} is neither in the workspace nor in the temporary directory")
        path = os.path.join(parent, os.path.basename(wanted))
        with open(report, "rb") as file:
            write_anew(path, file.read())
        return path


class GitHub(Runner):
    remedy = "say persist-credentials: false at actions/checkout"

    def __init__(self, environment):
        super().__init__(environment)
        self.workspace = environment.get("GITHUB_WORKSPACE") or os.getcwd()
        self.temporary = environment.get("RUNNER_TEMP") or self.temporary
        self.environment = environment
        action = environment.get("GITHUB_ACTION_REPOSITORY")
        if action:
            server = environment.get("GITHUB_SERVER_URL", "https://github.com")
            self.releases = f"{server}/{action}/releases/download"

    @staticmethod
    def _command(name, text):
        escaped = one_line(text).replace("%", "%25")
        print(f"::{name} title=cordon::{escaped}", flush=True)

    def warn(self, text):
        self._command("warning", text)

    def fail(self, text):
        self._command("error", text)

    def tell(self, markdown):
        self._append("GITHUB_STEP_SUMMARY", markdown)

    @contextlib.contextmanager
    def quoting(self):
        """Commands count again only after a word that the script cannot know."""
        word = secrets.token_hex(32)
        print(f"::stop-commands::{word}", flush=True)
        try:
            yield
        finally:
            # On a line of its own, whatever was written last.
            print(f"\n::{word}::", flush=True)

    def _append(self, variable, text):
        path = self.environment.get(variable)
        if path:
            with open(path, "a", encoding="utf-8") as file:
                file.write(text + "\n")

    def hand_on(self, status, result, report, wanted):
        outputs = self.outputs(status, result)
        kept = self._report(report, wanted)
        if not kept and os.path.exists(report):
            kept = os.path.join(self.temporary or ".", f"cordon-report-{secrets.token_hex(4)}.json")
            shutil.copyfile(report, kept)
        outputs["report"] = kept or ""
        for name, value in outputs.items():
            self._append("GITHUB_OUTPUT", f"{name}={value}")


class GitLab(Runner):
    remedy = 'set the variable FF_GIT_URLS_WITHOUT_TOKENS: "true", or GIT_STRATEGY: none and fetch without it'

    def __init__(self, environment):
        super().__init__(environment)
        self.workspace = environment.get("CI_PROJECT_DIR") or os.getcwd()

    def warn(self, text):
        print(f"\033[33mcordon: {one_line(text)}\033[0m", flush=True)

    def fail(self, text):
        print(f"\033[31mcordon: {one_line(text)}\033[0m", flush=True)

    def tell(self, markdown):
        print(markdown, flush=True)
        write_anew(os.path.join(self.workspace, "cordon-summary.md"), markdown.encode() + b"\n")

    def hand_on(self, status, result, report, wanted):
        self._report(report, wanted or "cordon-report.json")
        rows = self.outputs(status, result)
        text = "".join(f"CORDON_{name.upper().replace('-', '_')}={value}\n" for name, value in rows.items())
        write_anew(os.path.join(self.workspace, "cordon.env"), text.encode())


def here(environment):
    if environment.get("GITHUB_ACTIONS") == "true":
        return GitHub(environment)
    if environment.get("GITLAB_CI") == "true":
        return GitLab(environment)
    return Runner(environment)
