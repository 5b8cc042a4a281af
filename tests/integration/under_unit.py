# SPDX-License-Identifier: Apache-2.0
"""usage: under_unit.py UNIT UID STATE COMMAND...: becomes COMMAND with what the unit's settings do to a
process, by hand, for hosts without systemd. A setting that this does not know ends it with status 3."""

import ctypes
import os
import sys

RDONLY, NOSUID, NODEV, NOEXEC, REMOUNT, BIND, MOVE, REC, SLAVE = 1, 2, 4, 8, 32, 4096, 8192, 16384, 1 << 19
NEWNS, PR_SET_NO_NEW_PRIVS, PR_CAPBSET_DROP = 0x20000, 38, 24
ALLOW, ERRNO_EPERM = 0x7FFF0000, 0x00050001

libc = ctypes.CDLL(None, use_errno=True)

# Of each group what this architecture has; and what other settings filter.
CALLS = {
    "@clock": "adjtimex clock_adjtime clock_settime settimeofday",
    "@cpu-emulation": "modify_ldt",
    "@module": "delete_module finit_module init_module",
    "@obsolete": "sysfs uselib ustat",
    "@raw-io": "ioperm iopl",
    "@reboot": "kexec_file_load kexec_load reboot",
    "@swap": "swapoff swapon",
    "LockPersonality": "personality",
    "RestrictRealtime": "sched_setscheduler",
}

# What these do is not done to a process, or done by who calls this.
ELSEWHERE = """Type ExecStart ExecReload KillMode TimeoutStopSec Restart RestartSec User Group StateDirectory
    StateDirectoryMode Environment WorkingDirectory Delegate OOMPolicy TasksMax AmbientCapabilities
    PrivateMounts RemoveIPC SystemCallArchitectures RestrictSUIDSGID RestrictAddressFamilies UMask
    PrivateTmp ProtectKernelModules ProtectClock"""


def must(result):
    if result:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


def mount(source, target, kind=None, flags=0, data=None):
    encode = lambda text: text and str(text).encode()  # noqa: E731
    must(libc.mount(encode(source), encode(target), encode(kind), flags, encode(data)))


def private_devices(state):
    new = f"{state}/.dev"
    os.mkdir(new)
    mount("tmpfs", new, "tmpfs", NOSUID | NOEXEC, "mode=755")
    for name in ("null", "zero", "full", "random", "urandom", "tty"):
        os.mknod(f"{new}/{name}", 0o20666, os.stat(f"/dev/{name}").st_rdev)
        os.chmod(f"{new}/{name}", 0o666)
    for name in ("pts", "shm"):
        os.mkdir(f"{new}/{name}")
        mount(f"/dev/{name}", f"{new}/{name}", None, BIND)
    os.symlink("pts/ptmx", f"{new}/ptmx")
    mount(new, "/dev", None, MOVE)


def protect_system(state):
    mount(state, state, None, BIND)
    with open("/proc/self/mountinfo") as file:
        places = [line.split()[4] for line in file]
    for place in places:
        if not place.startswith(("/proc", "/dev", "/sys", state)):
            libc.mount(None, place.encode(), None, BIND | REMOUNT | RDONLY, None)


def hide_homes(state):
    for place in ("/home", "/root", "/run/user"):
        if os.path.isdir(place):
            mount("tmpfs", place, "tmpfs", RDONLY, "mode=000")


MOUNTS = {
    "PrivateDevices": private_devices,
    "ProtectProc": lambda state: mount(
        "proc", "/proc", "proc", NOSUID | NODEV | NOEXEC, "hidepid=invisible"
    ),
    "ProtectHome": hide_homes,
    "ProtectSystem": protect_system,
}


def settings_of(unit):
    inside = False
    for line in open(unit):
        line = line.strip()
        if line.startswith("["):
            inside = line == "[Service]"
        elif inside and line and not line.startswith("#"):
            name, _, value = line.partition("=")
            yield name, value


def load_filter(names):
    seccomp = ctypes.CDLL("libseccomp.so.2")
    seccomp.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(seccomp.seccomp_init(ALLOW))
    for name in names:
        number = seccomp.seccomp_syscall_resolve_name(name.encode())
        assert seccomp.seccomp_rule_add(context, ERRNO_EPERM, number, 0) == 0, name
    assert seccomp.seccomp_load(context) == 0


def main(unit, uid, state, *command):
    settings = dict(settings_of(unit))
    uid, calls = int(uid), []
    for name, value in settings.items():
        if name == "SystemCallFilter":
            assert value.startswith("~"), value
            calls += [call for group in value[1:].split() for call in CALLS[group].split()]
        elif name in CALLS:
            calls += CALLS[name].split()
        elif name not in MOUNTS and name not in ("NoNewPrivileges", "CapabilityBoundingSet"):
            if name not in ELSEWHERE.split():
                print(f"{unit}: {name}= is not known here", file=sys.stderr)
                sys.exit(3)
    must(libc.unshare(NEWNS))
    mount(None, "/", None, REC | SLAVE)
    for name, act in MOUNTS.items():  # in an order in which each finds what it needs
        if name in settings:
            act(state)
    if settings["CapabilityBoundingSet"] == "":
        for capability in range(64):
            libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    if settings["NoNewPrivileges"] == "yes":
        must(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    os.umask(int(settings["UMask"], 8))
    load_filter(calls)
    os.chdir("/")
    os.execv(command[0], command)


if __name__ == "__main__":
    main(*sys.argv[1:])
