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

from inputs import UNUSABLE, Wrong, below

BENEATH = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
ANEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def one_line(text):
    """Of what can be shown: names in a checkout may have anything in them."""
    return "".join(letter if letter.isprintable() else "?" for letter in " ".join(text.split()))


def open_anew(root, relative):
    """A new file in the workspace, for writing. What a contribution left under its name makes room (a
    directory goes aside, whole), and a link on the way to it is not followed."""
    *parts, name = relative.split("/")
    try:
        with contextlib.ExitStack() as opened:
            at = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            opened.callback(os.close, at)
            for part in parts:
                at = os.open(part, BENEATH, dir_fd=at)
                opened.callback(os.close, at)
            try:
                os.unlink(name, dir_fd=at)
            except FileNotFoundError:
                pass
            except IsADirectoryError:
                os.rename(name, f"{name}.{secrets.token_hex(8)}", src_dir_fd=at, dst_dir_fd=at)
            return open(os.open(name, ANEW, 0o644, dir_fd=at), "wb")
    except OSError as error:
        raise Wrong(f"{os.path.join(root, relative)} cannot be written: {error.strerror}") from None


class Kept:
    """A file of the step's own in a place where scripts write: it is there before they are, the box shows
    it read-only, and it is written through what was opened then."""

    def __init__(self, root, name):
        self.path = os.path.join(root, name)
        self.file = open_anew(root, name)

    def write(self, data):
        self.file.seek(0)
        self.file.truncate()
        self.file.write(data)
        self.file.flush()

    def close(self):
        """What was never written goes."""
        empty = os.fstat(self.file.fileno()).st_size == 0
        self.file.close()
        if empty:
            with contextlib.suppress(OSError):
                os.unlink(self.path)


class Runner:
    """A shell, or a system that is not known here: everything is said in lines."""

    releases = None  # below this address lies vVERSION/ARCHIVE
    remedy = "remove it before this step"

    def __init__(self, environment):
        self.workspace = os.getcwd()
        self.temporary = environment.get("TMPDIR") or None
        self.told = False

    def begin(self):
        """Before anything of the contribution is looked at, and whatever comes of it."""

    def end(self):
        """The last of it."""

    def kept(self):
        """Paths that a script must not change."""
        return []

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

    def tell_outputs(self, status, result, report=""):
        """Once: what the script came to is not overwritten by what happens afterwards."""
        if not self.told:
            self._outputs(self.outputs(status, result) | {"report": report})
        self.told = True

    def _outputs(self, rows):
        pass

    def hand_on(self, status, result, report, wanted):
        try:
            kept = self._report(report, wanted)
        except Wrong:
            self.tell_outputs(status, result)
            raise
        self.tell_outputs(status, result, kept or "")

    def place(self, wanted):
        """(root, the way down) of the path that a report was asked at; None where none was."""
        if not wanted:
            return None
        found = below(wanted, self.workspace, self.temporary)
        if not found or found[1] == ".":
            raise Wrong(f"report: {wanted} is no file in the workspace or in the temporary directory")
        return found

    def _report(self, report, wanted):
        """The report at the path that was asked for, or where the runner keeps such things."""
        if not wanted or not os.path.exists(report):
            return None
        root, relative = self.place(wanted)
        with open(report, "rb") as file, open_anew(root, relative) as target:
            shutil.copyfileobj(file, target)
        return os.path.join(root, relative)


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

    def _report(self, report, wanted):
        name = f"cordon-report-{secrets.token_hex(4)}.json"
        return super()._report(report, wanted or os.path.join(self.temporary or self.workspace, name))

    def _outputs(self, rows):
        """Between lines that no value can have in it."""
        word = secrets.token_hex(32)
        for name, value in rows.items():
            self._append("GITHUB_OUTPUT", f"{name}<<{word}\n{value}\n{word}")


# Of GitLab's job, in the project: what cordon.yml names below artifacts.
VARIABLES = "cordon.env"
REPORT = "cordon-report.json"
SUMMARY = "cordon-summary.md"


class GitLab(Runner):
    remedy = 'set the variable FF_GIT_URLS_WITHOUT_TOKENS: "true", or GIT_STRATEGY: none and fetch without it'

    def __init__(self, environment):
        super().__init__(environment)
        self.workspace = environment.get("CI_PROJECT_DIR") or os.getcwd()
        self.files = {}

    def begin(self):
        """GitLab collects these names in the end, also when this step is killed: they are the step's from
        here on, and until it has something to say the variables say that no box was started."""
        for name in (VARIABLES, REPORT, SUMMARY):
            self.files[name] = Kept(self.workspace, name)
            if name == VARIABLES:
                self._outputs(self.outputs(UNUSABLE, None))

    def end(self):
        for kept in self.files.values():
            kept.close()

    def kept(self):
        return [kept.path for kept in self.files.values()]

    def warn(self, text):
        print(f"\033[33mcordon: {one_line(text)}\033[0m", flush=True)

    def fail(self, text):
        print(f"\033[31mcordon: {one_line(text)}\033[0m", flush=True)

    def tell(self, markdown):
        print(markdown, flush=True)
        self.files[SUMMARY].write(markdown.encode() + b"\n")

    def _report(self, report, wanted):
        with contextlib.suppress(FileNotFoundError), open(report, "rb") as file:
            self.files[REPORT].write(file.read())
        return super()._report(report, wanted)

    def _outputs(self, rows):
        text = "".join(
            f"CORDON_{name.upper().replace('-', '_')}={value}\n"
            for name, value in rows.items()
            if name != "report"
        )
        if VARIABLES in self.files:  # else nothing can be written there at all, which was said
            self.files[VARIABLES].write(text.encode())


def here(environment):
    if environment.get("GITHUB_ACTIONS") == "true":
        return GitHub(environment)
    if environment.get("GITLAB_CI") == "true":
        return GitLab(environment)
    return Runner(environment)
