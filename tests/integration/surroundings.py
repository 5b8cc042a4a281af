# SPDX-License-Identifier: Apache-2.0
"""surroundings.py NAME... -- COMMAND...: runs COMMAND in a host that lacks something.

Each name changes this process alone (its namespaces, its filter, its rules), and they add up in
the order given. What cannot be arranged here ends with status 77 and the reason.
"""

import ctypes
import errno
import os
import struct
import sys

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNS, CLONE_NEWUSER = 0x00020000, 0x10000000
MS_REMOUNT, MS_BIND, MS_RDONLY, MS_REC, MS_PRIVATE = 32, 4096, 1, 16384, 1 << 18
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP = 38, 22
CALLS_END = 0x3FFFFFFF  # beyond are x32's
LANDLOCK_CREATE, LANDLOCK_ADD, LANDLOCK_RESTRICT = 444, 445, 446


def impossible(reason):
    print(reason, file=sys.stderr)
    sys.exit(77)


def check(result, what):
    if result < 0:
        impossible(f"{what}: {os.strerror(ctypes.get_errno())}")


def mount(source, target, kind, flags=0):
    encoded = [text.encode() if text else None for text in (source, target, kind)]
    check(LIBC.mount(*encoded, ctypes.c_ulong(flags), None), f"mount {target}")


def own_mounts():
    check(LIBC.unshare(CLONE_NEWNS), "unshare")
    mount(None, "/", None, MS_REC | MS_PRIVATE)


def map_ids(lines):
    """A user namespace of our own; the maps are written by the parent that stays outside."""
    ready, written = os.pipe(), os.pipe()
    target = os.getpid()
    child = os.fork()
    if child == 0:
        os.read(ready[0], 1)
        for name in ("uid_map", "gid_map"):
            with open(f"/proc/{target}/{name}", "w") as file:
                file.write(lines)
        os.write(written[1], b"x")
        os._exit(0)
    check(LIBC.unshare(CLONE_NEWUSER), "unshare")
    os.write(ready[1], b"x")
    _, status = os.waitpid(child, 0)
    if status:
        impossible("the id map could not be written")
    os.setresgid(0, 0, 0)
    os.setresuid(0, 0, 0)


def no_user_namespaces():
    map_ids("0 0 4294967295\n")
    with open("/proc/sys/user/max_user_namespaces", "w") as file:
        file.write("0")


def container_ids():
    map_ids("0 0 1\n1 100000 65535\n")


def masked_proc():
    own_mounts()
    mount("none", "/proc/sys", "tmpfs")


def no_cgroups():
    own_mounts()
    mount("none", "/sys/fs/cgroup", "tmpfs")


def readonly_cgroups():
    own_mounts()
    with open("/proc/self/mounts") as file:
        points = [line.split()[1] for line in file if line.split()[2] in ("cgroup", "cgroup2")]
    for point in points:
        mount("none", point, None, MS_REMOUNT | MS_BIND | MS_RDONLY)


def landlock_domain():
    attributes = struct.pack("QQQ", 1 << 1, 0, 0)
    ruleset = LIBC.syscall(LANDLOCK_CREATE, attributes, 8, 0)
    check(ruleset, "landlock")
    root = os.open("/", os.O_PATH)
    check(LIBC.syscall(LANDLOCK_ADD, ruleset, 1, struct.pack("=Qi", 1 << 1, root), 0), "landlock")
    check(LIBC.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl")
    check(LIBC.syscall(LANDLOCK_RESTRICT, ruleset, 0), "landlock")


def refuse_calls(first, last, code):
    """From now on these system calls fail so."""

    def instruction(word, yes, no, value):
        return struct.pack("HBBI", word, yes, no, value)

    program = b"".join(
        [
            instruction(0x20, 0, 0, 0),  # load the call's number
            instruction(0x35, 0, 2, first),
            instruction(0x25, 1, 0, last),
            instruction(0x06, 0, 0, 0x00050000 | code),
            instruction(0x06, 0, 0, 0x7FFF0000),
        ]
    )
    buffer = ctypes.create_string_buffer(program, len(program))
    whole = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(buffer))
    check(LIBC.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl")
    check(LIBC.prctl(PR_SET_SECCOMP, 2, whole, 0, 0), "seccomp")


def no_landlock():
    """An older kernel: Landlock's calls answer ENOSYS."""
    refuse_calls(LANDLOCK_CREATE, LANDLOCK_RESTRICT, errno.ENOSYS)


def linux_5_10():
    """The kernel of Debian 11: none of the calls that came later (numbers as everywhere)."""
    refuse_calls(441, CALLS_END, errno.ENOSYS)


def linux_5_12():
    refuse_calls(443, CALLS_END, errno.ENOSYS)


def no_counters():
    """As Debian's kernels are set for ordinary users (kernel.perf_event_paranoid=3)."""
    calls = {"x86_64": 298, "aarch64": 241}
    machine = os.uname().machine
    if machine not in calls:
        impossible(f"the number of perf_event_open on {machine} is not known here")
    refuse_calls(calls[machine], calls[machine], errno.EACCES)


def chroot():
    own_mounts()
    mount("/", "/mnt", None, MS_BIND | MS_REC)
    os.chroot("/mnt")
    os.chdir("/")


SURROUNDINGS = {
    function.__name__: function
    for function in (
        no_user_namespaces,
        container_ids,
        masked_proc,
        no_cgroups,
        readonly_cgroups,
        landlock_domain,
        no_landlock,
        linux_5_10,
        linux_5_12,
        no_counters,
        chroot,
    )
}


def main():
    names, command = sys.argv[1 : sys.argv.index("--")], sys.argv[sys.argv.index("--") + 1 :]
    for name in names:
        SURROUNDINGS[name]()
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
