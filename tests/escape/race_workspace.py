# SPDX-License-Identifier: Apache-2.0
"""race_workspace.py [--naive] CORDON SECONDS: swaps what a server looks at while it starts boxes.

One process exchanges directories, scripts and protected names of a workspace with links to a
directory that holds a key, as fast as the kernel renames. Meanwhile a client asks for runs there.
Whatever comes back, the key must not be in it, and nothing must be written beside it. `--naive` is
a launcher that checks first and uses then: it must be caught, or the race proves nothing.

The last line is JSON: runs, completed, refused, and caught, which must be empty.
"""

import ctypes
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import support  # noqa: E402

KEY = "PRIVATE=a-private-key"
PATIENCE = 60  # seconds more, on a busy machine, until both have been seen
AT_FDCWD, RENAME_EXCHANGE, PR_SET_PDEATHSIG = -100, 2, 1

# What a run does with whatever it finds around itself.
PROBE = """
import os
for path in (".", "sub", ".git", ".vscode", "..", "sub/.."):
    for name in ("id_test", "script.py"):
        try:
            print(open(os.path.join(path, name)).read())
        except OSError:
            pass
    try:
        open(os.path.join(path, "written-by-a-box"), "w").close()
    except OSError:
        pass
print("ran")
"""


def make(place):
    """A workspace, and beside each of its names a link that leads out of it."""
    outside, workspace = place / "outside", place / "root/workspace"
    outside.mkdir()
    (outside / "id_test").write_text(KEY + "\n")
    (outside / "script.py").write_text(f"{KEY!r}; print({KEY!r})\n")
    workspace.mkdir()
    pairs = []
    for name in ("sub", ".git", ".vscode"):
        (workspace / name).mkdir()
        (workspace / name / "script.py").write_text(PROBE)
        (workspace / (name + "-link")).symlink_to(outside)
        pairs.append((workspace / name, workspace / (name + "-link")))
    for name, target in (("script.py", "script.py"), ("file.env", "id_test")):
        (workspace / name).write_text(PROBE if name.endswith(".py") else "A=b\n")
        (workspace / (name + "-link")).symlink_to(outside / target)
        pairs.append((workspace / name, workspace / (name + "-link")))
    (place / "root/workspace-link").symlink_to(outside)
    pairs.append((workspace, place / "root/workspace-link"))
    return outside, workspace, pairs


def swap_for_ever(pairs):
    """In a process of its own; it is killed in the end, and dies with whoever started it."""
    library = ctypes.CDLL(None, use_errno=True)
    library.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    names = [(os.fsencode(one), os.fsencode(other)) for one, other in pairs]
    # The workspace itself goes less often, or nothing else would ever be found in it.
    for turn in range(1 << 60):
        for number, (one, other) in enumerate(names):
            if number < len(names) - 1 or turn % 7 == 0:
                library.renameat2(AT_FDCWD, one, AT_FDCWD, other, RENAME_EXCHANGE)


def wishes(workspace):
    """Ways to ask for a run there, one after the other for ever."""
    while True:
        yield {"directory": str(workspace), "script_content": PROBE}
        yield {"directory": str(workspace), "script_path": "script.py"}
        yield {"directory": str(workspace / "sub"), "script_content": PROBE}
        yield {"directory": str(workspace), "script_path": "sub/script.py"}
        yield {"directory": str(workspace), "script_content": PROBE, "env_file": "file.env"}
        yield {"directory": str(workspace / "sub"), "script_path": "script.py"}


class Naive:
    """Checks that all lies below the root, and then uses the names again."""

    def __init__(self, root):
        self.root = root

    def run(self, wish):
        directory = wish["directory"]
        script = os.path.join(directory, wish.get("script_path", "script.py"))
        command = [support.SYSTEM_PYTHON, "-B"]
        command += ["-c", wish["script_content"]] if "script_content" in wish else [script]
        try:
            if not all(os.path.realpath(p).startswith(str(self.root)) for p in (directory, script)):
                return "refused"
            result = subprocess.run(command, cwd=directory, capture_output=True, text=True)
        except OSError:
            return "refused"
        return result.stdout + result.stderr

    def close(self):
        pass


class Server:
    def __init__(self, cordon, root, state):
        self.client = support.RawClient(
            [str(cordon), "serve", "--root", str(root)],
            support.clean_environment(CORDON_STATE=str(state)),
            root,
        )
        self.client.initialize()
        self.number = 1

    def run(self, wish):
        self.number += 1
        return json.dumps(self.client.call(self.number, "py_run_script_in_dir", **wish))

    def close(self):
        self.client.close()


def race(launcher, seconds, place, naive):
    outside, workspace, pairs = make(place)
    before = sorted(os.listdir(outside))
    seen = {"runs": 0, "completed": 0, "refused": 0, "caught": []}
    server = launcher(place / "root")
    swapper = os.fork()
    if swapper == 0:
        swap_for_ever(pairs)
    try:
        end = time.monotonic() + seconds
        for wish in wishes(workspace):
            reply = server.run(wish)
            seen["runs"] += 1
            seen["completed" if "ran" in reply else "refused"] += 1
            if KEY in reply:
                seen["caught"].append({"wish": str(wish)[:200], "reply": reply[-500:]})
            if sorted(os.listdir(outside)) != before:
                seen["caught"].append({"wish": str(wish)[:200], "wrote": os.listdir(outside)})
            over = time.monotonic() - end
            both = seen["completed"] and seen["refused"]
            if over > (0 if both else PATIENCE) or (naive and seen["caught"]) or len(seen["caught"]) > 5:
                return seen
    finally:
        os.kill(swapper, signal.SIGKILL)
        os.waitpid(swapper, 0)
        server.close()


def main(words):
    naive = words[0] == "--naive"
    cordon, seconds = Path(words[-2]).resolve(), words[-1]
    with tempfile.TemporaryDirectory(prefix="cordon-race-", dir="/var/tmp") as place:
        place = Path(place)
        (place / "root").mkdir()
        (place / "state").mkdir(mode=0o700)

        def launcher(root):
            return Naive(root) if naive else Server(cordon, root, place / "state")

        seen = race(launcher, float(seconds), place, naive)
    print(json.dumps(seen))
    return 1 if seen["caught"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
