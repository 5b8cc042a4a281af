# SPDX-License-Identifier: Apache-2.0
"""usage: delegated.py ACCOUNT COMMAND [ARG...]. As root: runs the command in control groups that
belong to that account, as a service manager delegates them (cgroups(7)); afterwards they are removed.

In every mounted hierarchy that bounds memory or processes or counts CPU time: version 2 at the
top, and those of version 1.
"""

import os
import pwd
import subprocess
import sys
from pathlib import Path

V1 = ("memory", "pids", "cpuacct")


def hierarchies():
    """(mount point, whether it is version 2) of each that matters."""
    found = []
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, where, kind, options, *_ = line.split()
        if kind == "cgroup2":
            found.append((Path(where), True))
        elif kind == "cgroup" and set(V1) & set(options.split(",")):
            found.append((Path(where), False))
    return found


def offer(top):
    """Groups of version 2 have what the one above hands on; a host may keep some for itself."""
    for controller in ("memory", "pids"):
        try:
            (top / "cgroup.subtree_control").write_text(f"+{controller}")
        except OSError as problem:
            print(f"delegated: {top} hands on no {controller}: {problem.strerror}", file=sys.stderr)


def give(group, owner):
    group.mkdir()
    files = ("cgroup.procs", "tasks", "cgroup.threads", "cgroup.subtree_control")
    for path in (group, *(group / name for name in files)):
        if path.exists():
            os.chown(path, owner.pw_uid, owner.pw_gid)


def remove(group):
    """With what the command left in it: deepest first."""
    for below in sorted(filter(Path.is_dir, group.rglob("*")), reverse=True):
        below.rmdir()
    group.rmdir()


def main(account, *command):
    owner, made = pwd.getpwnam(account), []
    try:
        for top, second in hierarchies():
            if second:
                offer(top)
            group = top / f"delegated-{account}"
            give(group, owner)
            made.append(group)

        def enter():
            for group in made:
                (group / "cgroup.procs").write_text("0")

        return subprocess.run(command, preexec_fn=enter, check=False).returncode
    finally:
        for group in made:
            remove(group)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
