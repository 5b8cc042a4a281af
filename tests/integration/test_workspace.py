# SPDX-License-Identifier: Apache-2.0
"""What a run does to the caller's directory, in each mode, and what it cannot do to it."""

import json
import os
import shutil
import signal
import stat
import subprocess
import time
from pathlib import Path

import pytest

import support

as_root = pytest.mark.skipif(not support.ROOT, reason="only root can make files of another owner")

LAYERED = ["overlay-keep", "overlay-discard"]
# Far more than any of these takes; what must be bounded is that it ends at all.
BOUNDED = 60


@pytest.fixture(scope="module")
def policies(tmp_path_factory):
    """The shipped `default` in each mode, with limits that are quick to reach."""
    directory = tmp_path_factory.mktemp("policies")
    default = json.loads((support.SOURCE / "policies/default.json").read_text())
    for mode in ["ro", "rw", *LAYERED]:
        default["name"] = mode
        default["workspace"]["mode"] = mode
        default["limits"].update(workspace_growth="32M", inodes=12000, wall="60s")
        (directory / f"{mode}.json").write_text(json.dumps(default))
    return directory


class Outcome:
    def __init__(self, result):
        assert result.out, result.err
        self.json = json.loads(result.out)
        self.err = result.err
        self.exit = result.exit
        self.out = self.json["stdout"]
        self.errors = self.json["stderr"]
        self.notes = {
            change["path"]: change["note"]
            for change in self.json.get("changes", [])
            if "note" in change
        }

    @property
    def changes(self):
        """(path, kind, bytes) of each; the list is sorted."""
        return [(one["path"], one["kind"], one["bytes"]) for one in self.json["changes"]]


@pytest.fixture
def inside(run, policies, workspace):
    """inside(MODE, CODE) -> Outcome of that code with the workspace in that mode."""

    def inside(mode, code, *arguments, **more):
        options = ["--policies", policies, "--policy", mode, "--directory", workspace]
        return Outcome(run("run", "--json", *options, "-c", code, *arguments, **more))

    return inside


@pytest.fixture
def begin(start, policies, workspace):
    """The same for a run that is spoken with: begin(MODE, CODE) -> Popen."""

    def begin(mode, code):
        return start(
            *["run", "--policies", policies, "--policy", mode, "--directory", workspace],
            *["--report", workspace.parent / "report.json", "-c", code],
        )

    return begin


def tree(directory):
    """Everything beneath: path -> what it is, without times."""
    found = {}
    for where, names, files in os.walk(directory):
        for name in names + files:
            path = Path(where, name)
            mode = path.lstat().st_mode
            if stat.S_ISREG(mode):
                content = path.read_bytes()
            elif stat.S_ISLNK(mode):
                content = os.readlink(path)
            else:
                content = None
            found[str(path.relative_to(directory))] = (stat.filemode(mode), content)
    return found


@pytest.fixture
def project(workspace):
    """A workspace with something in it."""
    workspace.joinpath("kept").write_text("kept")
    workspace.joinpath("edited").write_text("before")
    workspace.joinpath("edited").chmod(0o640)
    workspace.joinpath("removed").write_text("gone")
    workspace.joinpath("link").symlink_to("kept")
    workspace.joinpath("dir/deep").mkdir(parents=True)
    workspace.joinpath("dir/deep/leaf").write_text("leaf")
    workspace.joinpath("dir/other").write_text("other")
    return workspace


EVERYTHING = """
import os, shutil
open('added', 'w').write('12345')
open('edited', 'a').write(' and after')
os.unlink('removed')
os.unlink('link'); os.symlink('edited', 'link')
shutil.rmtree('dir/deep'); open('dir/deep', 'w').write('now a file')
os.makedirs('new/empty'); open('new/file', 'w').write('x')
open('kept', 'r+').read()          # copied to the layer, and the same
os.utime('kept')
"""
EVERY_CHANGE = [
    ("added", "added", 5),
    ("dir/deep", "added", 10),
    ("dir/deep/", "removed", 0),
    ("dir/deep/leaf", "removed", 0),
    ("edited", "changed", 16),
    ("link", "changed", 6),
    ("new/", "added", 0),
    ("new/empty/", "added", 0),
    ("new/file", "added", 1),
    ("removed", "removed", 0),
]
AFTERWARDS = {
    "added": ("-rw-r--r--", b"12345"),
    "kept": ("-rw-r--r--", b"kept"),
    "edited": ("-rw-r-----", b"before and after"),
    "link": ("lrwxrwxrwx", "edited"),
    "dir": ("drwxr-xr-x", None),
    "dir/deep": ("-rw-r--r--", b"now a file"),
    "dir/other": ("-rw-r--r--", b"other"),
    "new": ("drwxr-xr-x", None),
    "new/empty": ("drwxr-xr-x", None),
    "new/file": ("-rw-r--r--", b"x"),
}


@pytest.fixture
def in_a_mount_namespace(cordon, tmp_path):
    """cordon with a tmpfs at $directory/BENEATH, which is $mounted."""

    def in_a_mount_namespace(beneath, *arguments):
        directory = tmp_path / "with mounts"
        mounted = Path(f"{directory}{beneath}")
        mounted.mkdir(parents=True)
        words = [
            str(word).replace("$directory", str(directory)).replace("$mounted", str(mounted))
            for word in arguments
        ]
        return subprocess.run(
            ["unshare", "--mount", "--propagation", "private", "sh", "-c"]
            + ['mount -t tmpfs none "$0" && exec "$@"', mounted, cordon, words[0]]
            + ["--state", tmp_path / "state", *words[1:]],
            capture_output=True, text=True, env=support.clean_environment(), timeout=120,
        )  # fmt: skip

    return in_a_mount_namespace


# --- the modes ----------------------------------------------------------------------------------


def test_a_ro_workspace_is_read_and_not_written(inside, project):
    before = tree(project)
    result = inside(
        "ro",
        "print(open('kept').read())\n"
        "try: open('added', 'w')\n"
        "except OSError as error: print(error.errno)",
    )
    assert result.out == "kept\n30\n", result.errors
    assert tree(project) == before
    assert "changes" not in result.json
    assert result.json["layers"]["limits.workspace_growth"].startswith("enforced")


def test_a_rw_workspace_is_written_as_it_goes(inside, project):
    result = inside("rw", EVERYTHING)
    assert result.exit == 0, result.errors
    assert tree(project) == AFTERWARDS
    assert "changes" not in result.json  # nobody knows all of them
    assert result.json["layers"]["limits.workspace_growth"].startswith("approximated (")


def test_keep_applies_what_the_script_did(inside, project):
    result = inside("overlay-keep", EVERYTHING)
    assert result.exit == 0, result.errors
    assert result.changes == EVERY_CHANGE
    assert result.json["changes_applied"] is True
    assert result.notes == {}
    assert tree(project) == AFTERWARDS
    assert result.json["layers"]["limits.workspace_growth"].startswith("enforced (")


def test_keep_applies_nothing_of_a_script_that_failed(inside, project):
    before = tree(project)
    result = inside("overlay-keep", EVERYTHING + "raise SystemExit(3)")
    assert result.exit == 3
    assert result.changes == EVERY_CHANGE
    assert result.json["changes_applied"] is False
    assert tree(project) == before


def test_keep_applies_nothing_of_a_script_that_was_killed(inside, project):
    before = tree(project)
    result = inside("overlay-keep", EVERYTHING + "os.kill(os.getpid(), 9)")
    assert (result.exit, result.json["end"]) == (137, "signalled")
    assert result.json["changes_applied"] is False
    assert tree(project) == before


def test_discard_drops_it_and_tells_it_all_the_same(inside, project):
    before = tree(project)
    result = inside("overlay-discard", EVERYTHING)
    assert result.exit == 0, result.errors
    assert result.changes == EVERY_CHANGE
    assert result.json["changes_applied"] is False
    assert tree(project) == before


@pytest.mark.parametrize("mode", LAYERED)
def test_what_is_written_counts_as_memory(mode, run, policies, workspace):
    code = "import time; open('large', 'wb').write(bytes(30 << 20)); time.sleep(.3)"
    options = ["--policies", policies, "--policy", mode, "--directory", workspace]
    options += ["--memory", "24M"]
    small = Outcome(run("run", "--json", *options, "-c", code.replace("30", "1")))
    assert small.json["end"] == "exited", small.errors
    # Piece by piece, so that it is not the script's own memory that is too large.
    code = code.replace("write(bytes(30 << 20))", "writelines([bytes(1 << 20)] * 30)")
    large = Outcome(run("run", "--json", *options, "-c", code))
    assert large.json["end"] == "memory", large.errors


@pytest.mark.parametrize("mode", LAYERED)
def test_who_changes_nothing_has_changed_nothing(mode, inside, project):
    before = tree(project)
    result = inside(
        mode,
        "import os\n"
        "open('x', 'w').close(); os.unlink('x')\n"
        "os.rename('kept', 'y'); os.rename('y', 'kept')\n"
        "os.chmod('edited', 0o600); os.chmod('edited', 0o640)\n"
        "os.mkdir('d'); os.rmdir('d'); open('dir/other', 'a').close()",
    )
    assert (result.exit, result.changes) == (0, []), result.errors
    assert tree(project) == before


def test_the_next_run_sees_what_was_kept_and_not_what_was_dropped(inside, workspace):
    inside("overlay-keep", "open('kept', 'w').write('1')")
    inside("overlay-discard", "open('kept', 'w').write('2'); open('dropped', 'w')")
    assert inside("ro", "import os; print(os.listdir(), open('kept').read())").out == "['kept'] 1\n"


def test_permissions_travel_and_their_higher_bits_do_not(inside, workspace):
    workspace.joinpath("tool").write_text("#!/bin/sh\n")
    workspace.joinpath("tool").chmod(0o4755)  # the owner's own
    workspace.joinpath("closed").mkdir(mode=0o755)
    result = inside(
        "overlay-keep",
        "import os\n"
        "open('tool', 'a').write('true\\n')\n"
        "open('script', 'w').close(); os.chmod('script', 0o751)\n"
        "open('secret', 'w').close(); os.chmod('secret', 0o000)\n"
        "open('closed/in', 'w').close(); os.chmod('closed', 0o500)\n"
        "os.makedirs('shut/in'); os.chmod('shut', 0o100)",
    )
    assert result.notes == {}
    modes = {
        name: stat.S_IMODE(workspace.joinpath(name).stat().st_mode)
        for name in ("tool", "script", "secret", "closed", "shut")
    }
    workspace.joinpath("closed").chmod(0o700)
    workspace.joinpath("shut").chmod(0o700)
    assert modes == {
        "tool": 0o755, "script": 0o751, "secret": 0, "closed": 0o500, "shut": 0o100
    }  # fmt: skip
    assert workspace.joinpath("closed/in").exists() and workspace.joinpath("shut/in").exists()
    assert ("closed/", "changed", 0) in result.changes


def test_the_age_of_a_file_travels_and_its_holes_do(inside, workspace):
    result = inside(
        "overlay-keep",
        "import os\n"
        "for i in range(50):\n"
        "    with open(f'hole{i}', 'wb') as file:\n"
        "        file.truncate(1 << 29); file.seek(1 << 28); file.write(b'x')\n"
        "os.utime('hole0', (1, 1_000_000_000))",
    )
    assert result.exit == 0 and result.notes == {}, result.errors
    found = workspace.joinpath("hole0").stat()
    assert (found.st_size, found.st_mtime) == (1 << 29, 1_000_000_000)
    assert sum(path.stat().st_blocks for path in workspace.iterdir()) * 512 < 16 << 20


@as_root
def test_what_is_applied_belongs_to_the_owner_of_the_workspace(inside, project):
    for path in [project, *project.rglob("*")]:
        os.chown(path, 12345, 12346, follow_symlinks=False)
    project.parent.chmod(0o755)
    result = inside("overlay-keep", EVERYTHING)
    assert (result.exit, result.changes, result.notes) == (0, EVERY_CHANGE, {}), result.errors
    owners = {(path.lstat().st_uid, path.lstat().st_gid) for path in project.rglob("*")}
    assert owners == {(12345, 12346)}


@as_root
def test_what_the_owner_may_not_write_is_not_applied(inside, workspace):
    """The layer takes it, the directory does not: root's power is not the script's."""
    os.chown(workspace, 12345, 12346)
    workspace.parent.chmod(0o755)
    workspace.joinpath("roots").mkdir(mode=0o700)
    workspace.joinpath("roots/secret").write_text("root's")
    result = inside(
        "overlay-keep",
        "import os\n"
        "for act in (lambda: os.listdir('roots'), lambda: open('roots/x', 'w'),\n"
        "            lambda: os.rename('roots', 'mine'), lambda: os.rmdir('roots')):\n"
        "    try: act(); print('done')\n"
        "    except OSError as error: print(error.errno)",
    )
    assert "done" not in result.out
    assert workspace.joinpath("roots/secret").read_text() == "root's"
    assert workspace.joinpath("roots").stat().st_uid == 0


# --- what is not applied -----------------------------------------------------------------------


@pytest.fixture
def victim(tmp_path):
    """Outside the workspace; nobody may write it on the script's behalf."""
    directory = tmp_path / "victim"
    directory.mkdir()
    directory.joinpath("file").write_text("untouched")
    yield directory
    assert tree(directory) == {"file": ("-rw-r--r--", b"untouched")}


def test_links_of_the_script_are_never_followed(inside, workspace, victim):
    workspace.joinpath("file").write_text("old")
    workspace.joinpath("dir").mkdir()
    workspace.joinpath("dir/file").write_text("old")
    result = inside(
        "overlay-keep",
        "import os, sys, shutil\n"
        "victim = sys.argv[1]\n"
        "os.unlink('file'); os.symlink(victim + '/file', 'file')\n"
        "shutil.rmtree('dir'); os.symlink(victim, 'dir')\n"
        "os.symlink(victim, 'new'); os.symlink('/etc/passwd', 'passwd')",
        victim,
    )
    assert result.exit == 0, result.errors
    assert os.readlink(workspace / "dir") == str(victim)
    again = inside(
        "overlay-keep",
        "import os\n"
        "for name in ('file', 'passwd'): os.unlink(name); open(name, 'w').write('overwritten')\n"
        "for name in ('dir', 'new'): os.unlink(name); os.mkdir(name); open(name + '/file', 'w')",
    )
    assert again.notes == {}
    assert workspace.joinpath("file").read_text() == "overwritten"
    assert workspace.joinpath("dir/file").read_text() == ""
    assert Path("/etc/passwd").read_text() != "overwritten"


def test_a_link_that_the_workspace_has_is_not_followed_either(inside, workspace, victim):
    """The host's own link stands where the script makes a directory of the same name."""
    workspace.joinpath("out").symlink_to(victim)
    result = inside(
        "overlay-keep", "import os; os.unlink('out'); os.mkdir('out'); open('out/file', 'w')"
    )
    assert result.changes == [
        ("out", "removed", 0), ("out/", "added", 0), ("out/file", "added", 0)
    ]  # fmt: skip
    assert workspace.joinpath("out").is_dir() and not workspace.joinpath("out").is_symlink()


def test_only_files_links_and_directories_are_applied(inside, workspace):
    result = inside(
        "overlay-keep",
        "import os, socket\n"
        "os.mkfifo('fifo')\n"
        "socket.socket(socket.AF_UNIX).bind('socket')\n"
        "open('file', 'w')",
    )
    assert result.changes == [
        ("fifo", "added", 0), ("file", "added", 0), ("socket", "added", 0)
    ]  # fmt: skip
    assert set(result.notes) == {"fifo", "socket"}
    assert all(note.startswith("not applied: ") for note in result.notes.values())
    assert os.listdir(workspace) == ["file"]
    assert "cordon: added fifo: not applied" in result.err


def test_a_whiteout_cannot_be_forged(inside, workspace):
    result = inside(
        "overlay-keep",
        "import os\n"
        "os.mkdir('dir')\n"
        "for act in (lambda: os.mknod('null', 0o020644, os.makedev(0, 0)),\n"
        "            lambda: os.setxattr('dir', 'user.overlay.opaque', b'y'),\n"
        "            lambda: os.setxattr('dir', 'trusted.overlay.opaque', b'y')):\n"
        "    try: act(); print('done')\n"
        "    except OSError as error: print(error.errno)\n"
        "print(os.listxattr('dir'))",
    )
    assert result.out.count("done") <= 1, result.out  # newer kernels keep an escaped copy of it
    assert result.changes == [("dir/", "added", 0)]


def test_odd_names_are_told_and_kept(inside, workspace):
    result = inside(
        "overlay-keep",
        "import os\n"
        r"names = [b'line\nbreak', b'\xff\xfe', b' ', b'-rf', b'\"quote\"', b'\x1b[2J', b'\\x', b'x' * 255]"
        "\nfor name in names: open(name, 'w').close()",
    )
    assert result.exit == 0, result.errors
    assert sorted(os.listdir(bytes(workspace))) == sorted(
        [b"line\nbreak", b"\xff\xfe", b" ", b"-rf", b'"quote"', b"\x1b[2J", b"\\x", b"x" * 255]
    )
    assert {path for path, _, _ in result.changes} == {
        "line\nbreak", "\ufffd\ufffd", " ", "-rf", '"quote"', "\x1b[2J", "\\x", "x" * 255
    }  # fmt: skip


def test_each_name_of_a_file_is_applied_and_within_the_limit(inside, workspace):
    result = inside(
        "overlay-keep",
        "import os\n"
        "open('a', 'wb').write(b'x' * (10 << 20))\n"
        "for i in range(50): os.link('a', f'b{i:02}')",
    )
    assert len(result.changes) == 51
    applied = [path for path, _, _ in result.changes if path not in result.notes]
    assert len(applied) == 3  # of 32 MiB
    assert all("limit" in note for note in result.notes.values())
    assert {path.stat().st_size for path in workspace.iterdir()} == {10 << 20}


# --- size and depth -----------------------------------------------------------------------------


def test_a_full_layer_fails_calls_and_nothing_else(inside, workspace):
    result = inside(
        "overlay-keep",
        "import errno\n"
        "try: open('big', 'wb').write(b'x' * (64 << 20))\n"
        "except OSError as error: print(errno.errorcode[error.errno])",
    )
    assert result.out == "ENOSPC\n"
    assert (result.exit, result.json["end"], result.json["reached"]) == (0, "exited", ["disk"])
    assert 0 < workspace.joinpath("big").stat().st_size <= 32 << 20


def test_a_layer_has_so_many_files(inside, workspace):
    result = inside(
        "overlay-discard",
        "import errno\n"
        "try:\n"
        "    for i in range(100000): open(str(i), 'w').close()\n"
        "except OSError as error: print(errno.errorcode[error.errno], 11900 < i <= 12000)",
    )
    assert result.out == "ENOSPC True\n"
    assert result.json["reached"] == ["disk"]
    assert os.listdir(workspace) == []


def test_a_tree_deeper_than_a_path_ends_in_bounded_time(inside, workspace):
    started = time.monotonic()
    result = inside(
        "overlay-keep",
        "import os\n"
        "for i in range(3000): os.mkdir('directory'); os.chdir('directory')\n"
        "open('end', 'w')",
    )
    assert result.exit == 0, result.errors
    assert time.monotonic() - started < BOUNDED
    (deepest,) = result.notes
    assert len(deepest) > 3900 and "path is too long" in result.notes[deepest]
    assert workspace.joinpath(deepest).parent.is_dir()
    assert os.listdir(workspace.joinpath(deepest).parent) == []
    assert measured(workspace) < 16 << 20


def test_a_list_is_bounded_and_says_what_is_missing(inside, workspace):
    workspace.joinpath("dir").mkdir()
    for i in range(11000):
        workspace.joinpath(f"dir/{i}").touch()
    started = time.monotonic()
    result = inside(
        "overlay-keep",
        "import shutil; shutil.rmtree('dir'); open('dir', 'w').write('a file')",
        timeout=300,
    )
    assert time.monotonic() - started < BOUNDED
    assert len(result.json["changes"]) == 10000
    assert result.json["changes_omitted"] == 1002
    assert result.json["changes_applied"] is True
    assert workspace.joinpath("dir").read_text() == "a file"


def test_a_renamed_directory_is_a_copy(inside, project):
    result = inside(
        "overlay-keep",
        "import errno, os, shutil\n"
        "try: os.rename('dir', 'moved')\n"
        "except OSError as error: print(errno.errorcode[error.errno])\n"
        "shutil.move('dir', 'moved'); os.rename('edited', 'dir')",
    )
    assert result.out == "EXDEV\n"
    assert (result.exit, result.notes) == (0, {}), result.errors
    assert project.joinpath("moved/deep/leaf").read_text() == "leaf"
    assert project.joinpath("dir").read_text() == "before"


# --- the host meanwhile ---------------------------------------------------------------------------

ON_A_WORD = """
import os, shutil, sys
print('ready', flush=True)
sys.stdin.readline()
"""


def after_the_host(begin, workspace, mode, act, code):
    """The report of a run whose code begins after act() on the host."""
    process = begin(mode, ON_A_WORD + code)
    assert process.stdout.readline() == b"ready\n", process.stderr.read()
    act()
    result = support.finish(process, b"go\n")
    report = json.loads(workspace.parent.joinpath("report.json").read_text())
    assert result.exit == 0, result.err
    return report


def conflicts(report):
    assert all(
        change["note"] == "not applied: it was changed on the host meanwhile"
        for change in report["changes"]
        if "note" in change
    ), report["changes"]
    return [change["path"] for change in report["changes"] if "note" in change]


def test_what_was_edited_on_the_host_meanwhile_wins(begin, project):
    report = after_the_host(
        begin, project, "overlay-keep",
        lambda: project.joinpath("edited").write_text("the owner's"),
        "open('edited', 'w').write('the script'); open('added', 'w').write('x')",
    )  # fmt: skip
    assert conflicts(report) == ["edited"]
    assert project.joinpath("edited").read_text() == "the owner's"
    assert project.joinpath("added").read_text() == "x"


def test_what_was_made_on_the_host_meanwhile_wins_and_nothing_is_lost(begin, project):
    """What the script moved to where the host has something now stays where it was."""

    def act():
        project.joinpath("added").write_text("the owner's")
        project.joinpath("new").write_text("a file of the owner's")

    process = begin(
        "overlay-keep",
        "import os\n"
        "os.rename('edited', 'added'); os.unlink('removed')\n"
        "os.mkdir('new'); open('new/file', 'w').close(); open('third', 'w').close()\n" + ON_A_WORD,
    )
    assert process.stdout.readline() == b"ready\n"
    act()
    assert support.finish(process, b"go\n").exit == 0
    report = json.loads(project.parent.joinpath("report.json").read_text())
    assert conflicts_of(report) == {"added", "new", "new/file", "edited", "removed"}
    assert project.joinpath("added").read_text() == "the owner's"
    assert project.joinpath("new").read_text() == "a file of the owner's"
    assert project.joinpath("edited").read_text() == "before"
    assert project.joinpath("third").exists()


def conflicts_of(report):
    return {change["path"].rstrip("/") for change in report["changes"] if "note" in change}


def test_what_was_removed_on_the_host_meanwhile_stays_removed(begin, project):
    def act():
        project.joinpath("edited").unlink()
        shutil.rmtree(project / "dir")

    process = begin(
        "overlay-keep",
        "open('edited', 'a').write('more'); open('dir/added', 'w')" + ON_A_WORD,
    )
    assert process.stdout.readline() == b"ready\n"
    act()
    assert support.finish(process, b"go\n").exit == 0
    report = json.loads(project.parent.joinpath("report.json").read_text())
    assert "dir" in conflicts_of(report) and not project.joinpath("dir").exists()
    # What cannot be told from a file that got this name comes back, rather than be lost.
    assert project.joinpath("edited").read_text() == "beforemore"


def test_what_came_into_a_directory_that_the_script_removed_stays(begin, project):
    process = begin("overlay-keep", "import shutil; shutil.rmtree('dir')" + ON_A_WORD)
    assert process.stdout.readline() == b"ready\n"
    project.joinpath("dir/deep/owner").write_text("the owner's")
    assert support.finish(process, b"go\n").exit == 0
    report = json.loads(project.parent.joinpath("report.json").read_text())
    assert conflicts(report) == ["dir/", "dir/deep/", "dir/deep/owner"]
    assert tree(project / "dir") == {
        "deep": ("drwxr-xr-x", None), "deep/owner": ("-rw-r--r--", b"the owner's")
    }  # fmt: skip


def test_a_directory_that_became_a_link_meanwhile_is_not_entered(begin, project, victim):
    def act():
        shutil.rmtree(project / "dir")
        project.joinpath("dir").symlink_to(victim)

    process = begin(
        "overlay-keep", "open('dir/file', 'w').write('x'); open('dir/new', 'w')" + ON_A_WORD
    )
    assert process.stdout.readline() == b"ready\n"
    act()
    assert support.finish(process, b"go\n").exit == 0
    assert project.joinpath("dir").is_symlink()


# --- a report that lies in it ---------------------------------------------------------------------

FORGERIES = {
    "another file": "os.unlink('report'); open('report', 'w').write('forged')",
    "another directory": "os.rename('out', 'was'); os.mkdir('out')\n"
    "open('out/report', 'w').write('forged')",
    "a link": "os.rename('report', 'was'); open('mine', 'w').write('forged')\n"
    "os.symlink('mine', 'report')",
    "a link to each reader's own": "os.rename('report', 'was')\n"
    "os.symlink('/proc/self/fd/7', 'report')",
    "nothing": "os.unlink('report')",
}


@pytest.mark.parametrize("way", FORGERIES)
def test_a_forged_report_does_not_pass_for_one(way, run, policies, workspace):
    workspace.joinpath("out").mkdir()
    report = "out/report" if "out" in FORGERIES[way] else "report"
    result = run(
        *["run", "--policies", policies, "--policy", "rw", "--directory", workspace],
        *["--report", workspace / report, "-c", f"import os, sys\n{FORGERIES[way]}\nsys.exit(9)"],
    )
    assert result.exit == 125, result.err
    assert "what is there now is not the file that was written" in result.err


@pytest.mark.parametrize("link", [False, True])
def test_a_report_in_a_workspace_is_one(link, run, policies, workspace):
    if link:
        workspace.joinpath("report").symlink_to("elsewhere")
        workspace.joinpath("elsewhere").touch()
    result = run(
        *["run", "--policies", policies, "--policy", "rw", "--directory", workspace],
        *["--report", workspace / "report", "-c", "open('report', 'w').write('forged'); exit(9)"],
    )
    assert (result.exit, result.err) == (9, "")
    assert json.loads(workspace.joinpath("report").read_text())["exit_code"] == 9


# --- applying is stopped -------------------------------------------------------------------------

FILES = 7000


def applying(begin, workspace):
    """A run whose many files are being applied right now."""
    process = begin(
        "overlay-keep",
        f"for i in range({FILES}): open(f'{{i:05}}', 'w').write('x')\nprint('written', flush=True)",
    )
    assert process.stdout.readline() == b"written\n"
    assert support.eventually(lambda: os.listdir(workspace), seconds=BOUNDED) is not None
    return process


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_applying_stops_at_a_signal_and_says_so(number, begin, workspace):
    process = applying(begin, workspace)
    process.send_signal(number)
    result = support.finish(process)
    sentence = "the changes were applied in part, the rest is dropped: cancelled"
    # One more line where a file was under way.
    assert (result.exit, result.err.splitlines()[0]) == (130, f"cordon: {sentence}")
    report = json.loads(workspace.parent.joinpath("report.json").read_text())
    assert (report["status"], report["end"]) == ("cancelled", "cancelled")
    assert report["error"] == sentence
    there = os.listdir(workspace)
    assert 0 < len(there) < FILES
    listed = [change["path"] for change in report["changes"] if "note" not in change]
    assert len(listed) + report.get("changes_omitted", 0) == len(there)
    assert set(listed) <= set(there)
    assert {workspace.joinpath(name).read_text() for name in there} == {"x"}


def test_applying_stops_when_nobody_is_there_any_more(begin, workspace):
    process = applying(begin, workspace)
    process.kill()
    process.wait()
    before, now = -1, len(os.listdir(workspace))
    while before != now:
        time.sleep(0.2)  # four times what it may take to stop
        before, now = now, len(os.listdir(workspace))
    assert now < FILES


# --- what later runs code -------------------------------------------------------------------------

NAMES = [".git", ".envrc", ".vscode", ".idea", ".bashrc", ".zshrc", ".profile"]


@pytest.mark.parametrize("mode", ["rw", "overlay-keep"])
def test_what_is_protected_cannot_be_changed_moved_or_replaced(mode, inside, workspace):
    workspace.joinpath(".git/hooks").mkdir(parents=True)
    workspace.joinpath(".envrc").write_text("export SAFE=1\n")
    workspace.joinpath("elsewhere").mkdir()
    workspace.joinpath("elsewhere/config").write_text("")
    workspace.joinpath(".idea").symlink_to("elsewhere")
    before = tree(workspace)
    result = inside(
        mode,
        "import os, shutil\n"
        "os.mkdir('mine'); open('file', 'w').close()\n"
        "def attempt(act):\n"
        "    try: act(); print('done')\n"
        "    except OSError as error: pass\n"
        "for name in ('.git', '.envrc', '.idea', 'elsewhere'):\n"
        "    attempt(lambda: os.rename(name, 'other'))\n"
        "    attempt(lambda: os.rename('mine', name)); attempt(lambda: os.rename('file', name))\n"
        "    attempt(lambda: os.unlink(name)); attempt(lambda: os.rmdir(name))\n"
        "    attempt(lambda: os.chmod(name, 0o777))\n"
        "    attempt(lambda: os.symlink('mine', name)); attempt(lambda: os.link('file', name))\n"
        "    attempt(lambda: os.truncate(name, 0)); attempt(lambda: open(name, 'a'))\n"
        "for name in ('.git/hooks/post-checkout', '.idea/config', 'elsewhere/config', '.git/x'):\n"
        "    attempt(lambda: open(name, 'a'))\n"
        "attempt(lambda: shutil.move('.git', '/tmp'))\n"
        "attempt(lambda: os.link('.envrc', 'alias') or open('alias', 'a'))\n",
    )
    assert result.out == "", result.errors
    after = tree(workspace)
    assert {name: after.get(name) for name in before} == before
    assert result.notes == {}


# What .git is, and what of the way there somebody might put in its place.
WAYS_TO_GIT = {
    "x/git": ["x"],
    "x/y/git": ["x", "x/y"],
    "x/../z/git": ["x", "z"],
    "link/git": ["link", "x"],
    "x/link/git": ["x", "x/link", "z"],
    "x/up/x/y/git": ["x", "x/up", "x/y"],
    "{workspace}/x/git": ["x"],
    "../{name}/x/y/git": ["x", "x/y"],
}


@pytest.mark.parametrize("mode", ["rw", "overlay-keep"])
@pytest.mark.parametrize("way", WAYS_TO_GIT)
def test_nothing_on_the_way_of_a_protected_link_can_be_put_elsewhere(way, mode, inside, workspace):
    for directory in ("x/git", "x/y/git", "z/git"):
        workspace.joinpath(directory).mkdir(parents=True)
        workspace.joinpath(directory, "config").write_text("safe")
    workspace.joinpath("link").symlink_to("x")
    workspace.joinpath("x/link").symlink_to("../z")
    workspace.joinpath("x/up").symlink_to("..")
    target = way.format(workspace=workspace, name=workspace.name)
    workspace.joinpath(".git").symlink_to(target)
    result = inside(
        mode,
        "import os, shutil, sys\n"
        "shutil.copytree('x', 'mine', symlinks=True); open('mine/git/config', 'w')\n"
        "def attempt(act):\n"
        "    try: act(); print('done')\n"
        "    except OSError as error: pass\n"
        "for name in sys.argv[1:]:\n"
        "    attempt(lambda: os.rename(name, 'other')); attempt(lambda: os.rename('mine', name))\n"
        "    attempt(lambda: os.unlink(name))\n"
        "    attempt(lambda: os.symlink('mine', name))\n"
        "attempt(lambda: open('.git/config', 'a'))\n"
        "open('x/beside', 'w').write('allowed'); os.rename('x/beside', 'x/still')\n",
        *WAYS_TO_GIT[way],
    )
    assert result.out == "", result.errors
    assert result.exit == 0, result.errors
    assert workspace.joinpath(".git/config").read_text() == "safe"
    assert workspace.joinpath("x/still").read_text() == "allowed"
    assert not workspace.joinpath("other").exists()


@pytest.mark.parametrize("way", ["x/git", "new/git"])
def test_what_a_protected_link_did_not_lead_to_before_is_told_or_not_applied(
    way, inside, workspace
):
    workspace.joinpath("x").mkdir()
    workspace.joinpath(".git").symlink_to(way)
    missing = {"x/git": "x/git/", "new/git": "new/"}[way]
    code = f"import os; os.makedirs('{way}'); open('{way}/config', 'w').write('mine')"
    result = inside("overlay-keep", code)
    assert result.notes[missing] == "not applied: such a file can run code for its owner"
    assert not workspace.joinpath(".git/config").exists()
    result = inside("rw", code)
    assert list(result.notes) == [missing]
    assert f"cordon: added {missing}: " in result.err


@pytest.mark.parametrize("name", NAMES)
def test_a_protected_name_that_a_run_creates_is_told(name, inside, workspace):
    code = f"open('{name}', 'w').write('touch owned')"
    result = inside("rw", code)
    assert result.changes == [(name, "added", 11)]
    assert "run code" in result.notes[name]
    assert f"cordon: added {name}: " in result.err
    # It is there now, and so it is the next run's to leave alone.
    assert inside("rw", code).exit == 1


SHUT = "it cannot be looked at any more, and a file that runs code for its owner may have come"


@pytest.mark.parametrize("mode", [0, 0o600])
def test_a_workspace_that_is_shut_behind_it_hides_no_protected_name(mode, inside, workspace):
    result = inside("rw", f"import os; os.makedirs('.git/hooks'); os.chmod('.', {mode})")
    shown = stat.S_IMODE(workspace.stat().st_mode)
    workspace.chmod(0o755)
    assert shown == mode
    assert workspace.joinpath(".git/hooks").is_dir()
    # Root sees what is there; its owner at least that he does not.
    told = ".git/" if ".git/" in result.notes else "./"
    assert told in result.notes
    assert told == ".git/" or result.notes["./"].startswith(SHUT)
    assert f" {told}: " in result.err


@pytest.mark.parametrize("name", [*NAMES, ".GIT", ".EnvRC"])
def test_a_protected_name_is_not_applied(name, inside, workspace):
    result = inside("overlay-keep", f"import os; os.mkdir('{name}'); open('{name}/x', 'w')")
    assert result.changes == [(f"{name}/", "added", 0)]
    assert result.notes[f"{name}/"].startswith("not applied: ")
    assert os.listdir(workspace) == []


# --- growth of a live workspace -------------------------------------------------------------------


def measured(workspace):
    subprocess.run(["chmod", "-R", "u+rwX", workspace], check=True)
    return sum(path.lstat().st_blocks for path in workspace.rglob("*")) * 512


# At most a quarter of a gigabyte in a second, on whatever machine.
WAYS_TO_GROW = {
    "one file": "file = open('big', 'wb')\n"
    "while True: file.write(b'x' * 262144); time.sleep(0.001)",
    "many files": "for i in range(10**6):\n"
    "    open(str(i), 'wb').write(b'x' * 262144); time.sleep(0.001)",
    "many processes": "for i in range(10**6):\n"
    "    if os.fork() == 0: open(str(i), 'wb').write(b'x' * 262144); os._exit(0)\n"
    "    os.wait(); time.sleep(0.001)",
    "nobody waits": "import signal; signal.signal(signal.SIGCHLD, signal.SIG_IGN)\n"
    "file = open('big', 'wb')\n"
    "while True:\n"
    "    if os.fork() == 0: os.write(file.fileno(), b'x' * 1048576); os._exit(0)\n"
    "    time.sleep(0.004)",
    "without a name": "file = open('big', 'wb'); os.unlink('big')\n"
    "while True: file.write(b'x' * 262144); time.sleep(0.001)",
    "allocated": "file = open('big', 'wb')\n"
    "for i in range(10**6): os.posix_fallocate(file.fileno(), i << 20, 1 << 20); time.sleep(0.004)",
    "allocated, without a name": "file = open('big', 'wb'); os.unlink('big')\n"
    "for i in range(900): os.posix_fallocate(file.fileno(), i << 20, 1 << 20); time.sleep(0.004)\n"
    "time.sleep(5)",
    "allocated, in a mapping": "import ctypes\n"
    "libc = ctypes.CDLL(None)  # the module mmap would keep a descriptor\n"
    "libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_long]\n"
    "for i in range(90):\n"
    "    file = open('big', 'w+b'); os.posix_fallocate(file.fileno(), 0, 1 << 20)\n"
    "    libc.mmap(None, 4096, 1, 1, file.fileno(), 0); file.close(); os.unlink('big')\n"
    "    time.sleep(0.001)\n"
    "time.sleep(5)",
    "allocated, in a socket": "import socket\n"
    "here, there = socket.socketpair()\n"
    "for i in range(90):\n"
    "    file = open('big', 'w+b'); os.posix_fallocate(file.fileno(), 0, 1 << 20)\n"
    "    socket.send_fds(here, [b'x'], [file.fileno()]); file.close(); os.unlink('big')\n"
    "    time.sleep(0.001)\n"
    "time.sleep(5)",
    "without a name, by who cannot be looked at": "import ctypes\n"
    "assert ctypes.CDLL(None).prctl(4, 0) == 0  # PR_SET_DUMPABLE\n"
    "file = open('big', 'wb'); os.unlink('big')\n"
    "for i in range(900): os.posix_fallocate(file.fileno(), i << 20, 1 << 20); time.sleep(0.004)\n"
    "time.sleep(5)",
    "in a socket, by who cannot be looked at": "import ctypes, socket\n"
    "assert ctypes.CDLL(None).prctl(4, 0) == 0\n"
    "here, there = socket.socketpair()\n"
    "for i in range(90):\n"
    "    file = open('big', 'w+b'); file.write(b'x' * (1 << 20)); file.flush()\n"
    "    socket.send_fds(here, [b'x'], [file.fileno()]); file.close(); os.unlink('big')\n"
    "    time.sleep(0.001)\n"
    "time.sleep(5)",
    "without a name, and the first thread has ended": "import ctypes, platform, threading\n"
    "def fill():\n"
    "    file = open('big', 'wb'); os.unlink('big')\n"
    "    for i in range(900):\n"
    "        os.posix_fallocate(file.fileno(), i << 20, 1 << 20); time.sleep(0.004)\n"
    "    time.sleep(5)\n"
    "threading.Thread(target=fill).start()\n"
    "ctypes.CDLL(None).syscall(60 if platform.machine() == 'x86_64' else 93, 0)  # exit(2)",
    "in a directory that cannot be read": "os.mkdir('shut', 0o300)\n"
    "for i in range(90):\n"
    "    file = open(f'shut/{i}', 'wb'); os.posix_fallocate(file.fileno(), 0, 1 << 20)\n"
    "    time.sleep(0.001)\n"
    "time.sleep(5)",
    "while all of it cannot be read": "os.chmod('.', 0o300)\n"
    "for i in range(90):\n"
    "    file = open(f'{i}', 'wb'); os.posix_fallocate(file.fileno(), 0, 1 << 20)\n"
    "    time.sleep(0.001)\n"
    "time.sleep(5)",
}


@pytest.mark.parametrize("way", WAYS_TO_GROW)
def test_a_run_that_fills_its_workspace_is_ended(way, inside, workspace):
    result = inside("rw", "import os, time\n" + WAYS_TO_GROW[way])
    assert (result.exit, result.json["end"]) == (124, "disk"), result.errors
    assert "workspace_growth limit of 32M reached: the workspace grew by about" in result.err
    assert result.json["error"] == result.err.strip().removeprefix("cordon: ")
    # The machine may be busy: what counts is that it did not go on for seconds.
    assert measured(workspace) < 512 << 20


def test_a_run_that_stays_below_is_not_ended(inside, workspace):
    workspace.joinpath("old").write_bytes(b"x" * (64 << 20))
    result = inside(
        "rw",
        "import time\n"
        "open('new', 'wb').write(b'x' * (16 << 20))\n"
        "time.sleep(0.2)  # for more than one look\n",
    )
    assert (result.exit, result.json["end"]) == (0, "exited"), result.err


def test_what_others_write_ends_no_run_that_hides_nothing(begin, workspace):
    """Processes that come and go cannot be looked at for a moment each."""
    process = begin(
        "rw",
        "import os, socket, subprocess, threading, time\n"
        "if os.fork() == 0: os._exit(0)  # never waited for\n"
        "pair = socket.socketpair(); open('file', 'w').write('x'); print('ready', flush=True)\n"
        "thread = threading.Thread(target=input); thread.start()\n"
        "while thread.is_alive(): subprocess.run(['true'])",
    )
    assert process.stdout.readline() == b"ready\n"
    others = workspace.parent / "others"
    with open(others, "wb") as file:
        os.posix_fallocate(file.fileno(), 0, 96 << 20)
    time.sleep(1.5)  # for more than one look
    result = support.finish(process, b"\n")
    others.unlink()
    assert (result.exit, result.err) == (0, "")


def test_writing_the_same_place_again_is_no_growth(inside, workspace):
    workspace.joinpath("old").write_bytes(b"x" * (8 << 20))
    code = (
        "import os\n"
        "for i in range(12):\n"
        "    with open('old', 'r+b') as file: file.write(b'y' * (8 << 20)); os.fsync(file.fileno())"
    )
    # Somebody else who fills the same disk in that moment is taken for the one who wrote.
    results = (inside("rw", code) for _ in range(10))
    assert any((result.exit, result.json["end"]) == (0, "exited") for result in results)


def test_a_run_that_makes_too_many_files_is_ended(inside, workspace):
    result = inside("rw", "for i in range(10**6): open(str(i), 'w').close()", timeout=300)
    assert (result.exit, result.json["end"]) == (124, "disk"), result.errors
    assert "inodes limit of 12000 reached: the workspace got about" in result.err
    assert 12000 <= len(os.listdir(workspace)) < 100000


@as_root
def test_a_tmpfs_grows_like_any_other(in_a_mount_namespace, policies):
    """Where the kernel counts no writes."""
    done = in_a_mount_namespace(
        "",
        *["run", "--json", "--policies", policies, "--policy", "rw", "--directory", "$mounted"],
        *["-c", "file = open('big', 'wb')\nwhile True: file.write(b'x' * 65536)"],
    )
    assert json.loads(done.stdout)["end"] == "disk", done.stderr


def test_full_scratch_is_told(python):
    result = python(
        "import errno, time\n"
        "file = open('/tmp/big', 'wb', buffering=0)\n"
        "try:\n"
        "    while True: file.write(b'x' * 1048576)\n"
        "except OSError as error: print(errno.errorcode[error.errno])\n",
        "--json",
    )
    assert result.json()["stdout"] == "ENOSPC\n", result.err
    assert result.json()["reached"] == ["disk"]


# --- where an overlay cannot be -------------------------------------------------------------------


@as_root
def test_a_workspace_with_mounts_beneath_it_is_refused_as_an_overlay(
    in_a_mount_namespace, policies
):
    done = in_a_mount_namespace(
        "/be neath",
        *["exec", "--policies", policies, "--policy", "overlay-keep", "--directory", "$directory"],
        *["--", "/bin/true"],
    )
    assert done.returncode == 125
    assert "/be neath is mounted beneath it" in done.stderr


def test_a_client_gets_the_same(serve, policies, tmp_path, workspace):
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"client_policies": ["overlay-keep", "rw"]}))
    client = serve("--policies", policies, "--config", config, "--root", workspace)
    result = client.call(
        1, "py_run_script_in_dir", directory=str(workspace), policy="overlay-keep",
        script_content="for i in range(3000): open(f'a file number {i}', 'w').close()",
    )["structuredContent"]  # fmt: skip
    assert result["changes_applied"] is True
    assert len(result["changes"]) + result["changes_omitted"] == 3000
    assert 50 < len(result["changes"]) < 500
    assert len(os.listdir(workspace)) == 3000
