# SPDX-License-Identifier: Apache-2.0
"""Where an attack can be tried: bare, in bubblewrap, in a box of cordon's.

Each world runs an attack once and says what was Seen. Bare means in namespaces that are thrown
away, with a tmpfs over whatever the attack may write: nothing of the host's is changed.
"""

import contextlib
import fcntl
import json
import os
import pty
import signal
import subprocess
import termios
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path

import support
import targets

PATIENCE = 120  # seconds for one run: an attack that takes longer has hung
BEAT_WITHIN = 0.3
BEGUN_WITHIN = 60  # on a machine that is very busy

# $KEEP is the directory that the attack may write, copied to a tmpfs; /tmp and /dev/shm are empty.
# Capabilities are only for the mounts: whoever is an ordinary user goes on without.
WORLD = """
mount -t tmpfs none /dev/shm || exit 99
if [ -n "$KEEP" ]; then
    cp -a "$KEEP" /dev/shm/copy && mount -t tmpfs none "$KEEP" &&
        cp -a /dev/shm/copy/. "$KEEP" && rm -r /dev/shm/copy || exit 99
fi
mount -t tmpfs -o mode=1777 none /tmp || exit 99
cd "$DIRECTORY" || exit 99
ulimit -u 3000 2>/dev/null
[ "$(id -u)" = 0 ] || exec setpriv --inh-caps=-all --ambient-caps=-all -- sh -c "$PLAY" sh "$@"
exec sh -c "$PLAY" sh "$@"
"""
# The stand-in is itself, and not a shell about to become it, before the attack begins.
STAND_IN = """
CANARY_API_KEY=do-not-read-me sleep 300 >/dev/null 2>&1 &
STAND_IN=$!
export STAND_IN
while read -r name </proc/$STAND_IN/comm && [ "$name" != sleep ]; do :; done
"""
ALONE = '"$@"\n'
# The role goes after the program, which is one word or `python3 -B FILE`.
WITH_ROLES = """
program=$1; shift
[ "${program##*/}" != python3 ] || { program="$program $1 $2"; shift 2; }
"""
TOGETHER = """
$program send "$@" >/dev/shm/said 2>&1 &
sender=$!
while [ ! -s /dev/shm/said ] && kill -0 $sender; do sleep 0.01; done
$program receive "$@"
status=$?
sed 's/^/sender: /' /dev/shm/said >&2
kill -9 $sender
exit $status
"""
AFTER = """
$program send "$@" | sed 's/^/sender: /' >&2
$program receive "$@"
"""
SHAPES = {"": ALONE, "together": WITH_ROLES + TOGETHER, "after": WITH_ROLES + AFTER}


@dataclass
class Seen:
    exit: int
    out: str
    err: str
    end: str = "exited"
    reached: list = field(default_factory=list)
    delivered: int = 0
    happened: bool = False  # what `worked` names
    start: str = ""  # the layer of that name: how its box was started

    def brief(self):
        return f"exit {self.exit}, end {self.end}, out {self.out[-300:]!r}, err {self.err[-700:]!r}"


def fill(text, names):
    return [word.format(**names) for word in text.split()]


def still_grows(file, within=BEAT_WITHIN):
    size = file.stat().st_size
    return support.eventually(lambda: file.stat().st_size > size, within) is not None


def with_role(command, role):
    """The role is the first argument, after `python -B file` or the program."""
    at = 3 if command[0].endswith("python3") else 1
    return [*command[:at], role, *command[at:]]


@contextlib.contextmanager
def standard_input(attack, names):
    """What the caller gives as standard input, and how Popen must be told."""
    if attack.for_caller == "terminal":
        master, slave = pty.openpty()
        options = {
            "start_new_session": True,
            "preexec_fn": lambda: fcntl.ioctl(slave, termios.TIOCSCTTY, 0),
        }
        try:
            yield slave, options
        finally:
            os.close(master)
            os.close(slave)
        return
    opened = {
        "directory": str(Path(names["secret"]).parent),
        "file": names["readable"] + "/file",
    }.get(attack.for_caller, "/dev/null")
    descriptor = os.open(opened, os.O_RDONLY)
    try:
        yield descriptor, {}
    finally:
        os.close(descriptor)


def internal_network(attack):
    """What a command is started through, where the host is to have one."""
    if attack.for_outside != "net":
        return []
    script = str(Path(__file__).with_name("internal_network.py"))
    return ["unshare", "--net", support.SYSTEM_PYTHON, "-B", script]


class World:
    """Subclasses say how to start; the ways to look at a run are the same for all."""

    def __init__(self, host):
        self.host = host
        self.given = None

    def command(self, attack, names, shape):
        raise NotImplementedError

    def environment(self, attack, names):
        more = targets.CANARY if attack.for_caller == "secret environment" else {}
        return support.clean_environment(**more)

    def finished(self, attack, names, seen):
        """What only this world knows about the end."""

    def popen(self, attack, names, command):
        descriptors = []
        if attack.for_caller == "leaks":
            descriptors = self.given.enter_context(targets.leaks(self.host.home))
        stdin, options = self.given.enter_context(standard_input(attack, names))
        return subprocess.Popen(
            command,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=descriptors,
            env=self.environment(attack, names),
            cwd="/",
            **({"start_new_session": True} | options),
        )

    def run(self, attack):
        # What the caller gives stays open as long as the run: a terminal above all.
        with self.host.fresh() as names, contextlib.ExitStack() as self.given:
            names["mark"] = "mark-" + uuid.uuid4().hex
            kind, _, number = attack.for_worked.partition(" ")
            if kind in ("beat", "alive"):
                return self.run_and_end(attack, names, kind)
            if kind == "planted":
                return self.run_and_use(attack, names, number)
            seen = self.run_once(attack, names)
            if kind == "output":
                seen.happened = seen.delivered > int(number)
            elif kind == "lingers":
                seen.happened = "lingered" in seen.out
            return seen

    def run_once(self, attack, names):
        process = self.popen(attack, names, self.command(attack, names, attack.for_parties))
        try:
            out, err = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
            err += f"(killed: it took more than {PATIENCE} s)".encode()
        seen = Seen(
            process.returncode,
            out[-100000:].decode(errors="replace"),
            err[-100000:].decode(errors="replace"),
            delivered=len(out) + len(err),
        )
        self.finished(attack, names, seen)
        return seen

    def run_and_end(self, attack, names, kind):
        """Starts it, ends it as this world does, and looks whether something lives on."""
        process = self.popen(attack, names, self.command(attack, names, ""))
        beat = Path(names["workspace"], "beat")
        try:
            begun = support.eventually(beat.exists, BEGUN_WITHIN)
            out, err = self.end(process, kind)
            seen = Seen(
                process.poll() or 0, out.decode(errors="replace"), err.decode(errors="replace")
            )
            self.finished(attack, names, seen)
            if begun is None:
                seen.err += "(it never began, so it proves nothing)"
                seen.end = "fault"
            elif kind == "beat":
                seen.happened = still_grows(beat, BEGUN_WITHIN)
            else:
                time.sleep(BEAT_WITHIN)
                seen.happened = bool(support.alive(names["mark"]))
            return seen
        finally:
            for pid in support.alive(names["mark"]):
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            process.communicate()

    def end(self, process, kind):
        """The usual ways to end something: killing its group, or asking it to end. What lives on
        may hold the pipes, so nothing is waited for but the one that was started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL if kind == "beat" else signal.SIGTERM)
        if kind == "beat":
            process.wait()
        return b"", b""

    def run_and_use(self, attack, names, how):
        """It leaves something in the workspace; then somebody uses the workspace again."""
        seen = self.run_once(attack, names)
        if seen.exit == 0 and seen.end == "exited":
            text, hung = self.use(names, how)
            seen.happened = hung or "a-private-key" in text or "MemoryError" in text
            seen.err += f"(then: {'it hung' if hung else text[-500:]!r})"
        return seen

    def use(self, names, how):
        """(output, hung) of what an unsuspecting caller does next."""
        commands = {
            "script": [support.SYSTEM_PYTHON, "-B", "planted.py"],
            "env": ["/bin/sh", "-c", "set -a; . ./planted.env; env"],
            "link": ["/bin/cat", ".vscode/id_test"],
            "hang": ["/bin/cat", ".vscode"],
        }
        commands["huge"] = commands["script"]
        memory = 100_000 if how == "huge" else 2_000_000  # KiB: what the caller has to spare
        try:
            result = subprocess.run(
                ["/bin/sh", "-c", f'ulimit -v {memory}; exec "$@"', "sh", *commands[how]],
                capture_output=True,
                cwd=names["workspace"],
                timeout=3,
            )
        except subprocess.TimeoutExpired:
            return "", True
        return (result.stdout + result.stderr).decode(errors="replace"), False


class Bare(World):
    label = "bare"

    def command(self, attack, names, shape):
        if attack.for_worked.startswith(("beat", "alive", "lingers")):
            return self.payload(attack, names)
        unshare = ["unshare", "--mount", "--pid", "--ipc", "--uts"]
        unshare += ["--fork", "--kill-child", "--mount-proc"]
        if not support.ROOT:
            unshare += ["--user", "--map-current-user", "--keep-caps"]
        elif "user" in attack.for_outside:
            unshare += ["--user", "--map-root-user"]
        return [
            *internal_network(attack),
            *unshare,
            *["sh", "-c", WORLD, "sh"],
            *self.payload(attack, names),
        ]

    def play(self, attack, names):
        """What happens in the world once it stands."""
        return STAND_IN + SHAPES[attack.for_parties]

    def payload(self, attack, names):
        return attack.command(self.host.programs) + fill(attack.for_arguments, names)

    def environment(self, attack, names):
        # What is planted must be there for the next who comes.
        stays = attack.for_worked.startswith("planted") or attack.for_outside == "disk"
        return {
            **super().environment(attack, names),
            "KEEP": "" if stays else names["place"],
            "DIRECTORY": names["workspace"],
            "PLAY": self.play(attack, names),
        }


class Bubblewrap(Bare):
    """As its manual has it; in the throw-away world, since root in it is the host's root."""

    label = "bubblewrap"
    OPTIONS = {"--read": "--ro-bind", "--directory": "--bind", "--write": "--bind"}

    def payload(self, attack, names):
        command = ["bwrap", "--unshare-all", "--ro-bind", "/usr", "/usr"]
        for name in ("bin", "lib", "lib64", "sbin"):
            command += ["--symlink", f"usr/{name}", f"/{name}"]
        command += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]
        programs = str(self.host.programs)
        command += ["--ro-bind", programs, programs]
        words = iter(fill(attack.for_options, names))
        directory = "/"
        for word in words:
            value = next(words)
            if word in self.OPTIONS:
                command += [self.OPTIONS[word], value, value]
            if word == "--directory":
                directory = value
        return [*command, "--chdir", directory, "--unsetenv", "STAND_IN"] + super().payload(
            attack, names
        )

    def play(self, attack, names):
        """Of two parties each has a box: the launcher is started twice."""
        if not attack.for_parties:
            return super().play(attack, names)
        send, receive = (
            " ".join(with_bwrap_role(self.payload(attack, names), attack, self.host, role))
            for role in ("send", "receive")
        )
        shape = TOGETHER if attack.for_parties == "together" else AFTER
        shape = shape.replace('$program send "$@"', send)
        return STAND_IN + shape.replace('$program receive "$@"', receive)


def with_bwrap_role(payload, attack, host, role):
    command = attack.command(host.programs)
    at = payload.index("STAND_IN") + 1 + len(command)
    return [*payload[:at], role, *payload[at:]]


SHOW_VARIABLES = "import os; print(dict(os.environ))"


class Cordon(World):
    """Through the command line."""

    def __init__(self, host, cordon, state, policy):
        super().__init__(host)
        self.cordon, self.state, self.policy = cordon, state, policy
        self.label = f"cordon {policy}"

    def environment(self, attack, names):
        return {**super().environment(attack, names), "CORDON_STATE": str(self.state)}

    def options(self, attack, names):
        policy = self.policy
        if attack.for_limits:
            policy = derived_policy(
                self.cordon, policy, attack.for_limits, Path(names["place"], "policy.json")
            )
        options = ["--policy", policy, "--report", self.report(names)]
        options += ["--read", self.host.programs]
        return [str(word) for word in options] + fill(attack.for_options, names)

    def report(self, names):
        return str(Path(names["place"], "report"))

    def command(self, attack, names, shape, role=None):
        payload = attack.command(self.host.programs) + fill(attack.for_arguments, names)
        if role:
            payload = with_role(payload, role)
        command = [str(self.cordon), "exec", *self.options(attack, names), "--", *payload]
        return [*internal_network(attack), *command]

    def finished(self, attack, names, seen):
        report = Path(self.report(names))
        if not report.exists() or not report.read_text():
            seen.end = {126: "refused"}.get(seen.exit, "fault")
            return
        result = json.loads(report.read_text())
        seen.end, seen.reached = result["end"], result["reached"]

    def run_and_end(self, attack, names, kind):
        """Its time limit ends it, and what is reported then must be true."""
        seen = self.run_once(attack, names)
        beat = Path(names["workspace"], "beat")
        if not beat.exists():
            # Refused or stopped is a reason; else nobody knows what was held.
            if seen.end in ("exited", "wall") and "stopped: " not in seen.out:
                seen.err += "(it never began, so it proves nothing)"
                seen.end = "fault"
        else:
            seen.happened = bool(support.alive(names["mark"])) or still_grows(beat)
        return seen

    def use(self, names, how):
        """The same through a server, whose words are read by somebody who must not see the key."""
        call = {
            "script": {"script_path": "planted.py"},
            "env": {"script_content": SHOW_VARIABLES, "env_file": "planted.env"},
            "link": {"script_content": "print(open('.vscode/id_test').read())"},
            "huge": {"script_path": "planted.py"},
            "hang": {"script_content": "print('no')"},
        }[how]
        client = support.RawClient(
            [str(self.cordon), "serve", "--root", names["place"]],
            support.clean_environment(CORDON_STATE=str(self.state)),
            names["workspace"],
        )
        try:
            client.initialize()
            reply = client.call(
                1, "py_run_script_in_dir", directory=names["workspace"], timeout=PATIENCE, **call
            )
            return json.dumps(reply), False
        except AssertionError as problem:
            return str(problem), True
        finally:
            client.process.kill()
            client.process.wait()

    def run_once(self, attack, names):
        if not attack.for_parties:
            return super().run_once(attack, names)
        with self.host.fresh() as others:
            # Another tenant with a workspace of its own; what both may read is the same.
            others = {**others, "readable": names["readable"], "mark": names["mark"]}
            sender = self.popen(attack, others, self.command(attack, others, "", "send"))
            try:
                if attack.for_parties == "together":
                    first = sender.stdout.readline()
                else:
                    first = sender.communicate(timeout=PATIENCE)[0]
                seen = self.receive(attack, names)
                seen.err += f"(sender: {first!r})"
                return seen
            finally:
                sender.kill()
                sender.communicate()

    def receive(self, attack, names):
        if attack.for_receiver == "outside":
            command = with_role(attack.command(self.host.programs), "receive")
            result = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
            return Seen(result.returncode, result.stdout, result.stderr)
        process = self.popen(attack, names, self.command(attack, names, "", "receive"))
        result = support.finish(process, timeout=PATIENCE)
        seen = Seen(result.exit, result.out, result.err)
        self.finished(attack, names, seen)
        return seen


def derived_policy(cordon, base, limits, into, called=None, **members):
    """That policy with other limits and members, as a file. A word without a number is a member set
    true."""
    listing = subprocess.run(
        [cordon, "policy", "list"],
        capture_output=True,
        text=True,
        check=True,
        env=support.clean_environment(),
    ).stdout.splitlines()
    at = [line.split()[:1] == [base] and not line[0].isspace() for line in listing].index(True)
    policy = json.loads(Path(listing[at + 1].strip()).read_text())
    policy.update(name=called or base, **members)
    for word in limits.split():
        name, equals, value = word.partition("=")
        if equals:
            policy["limits"][name] = int(value) if value.isdigit() else value
        else:
            policy[name] = True
    into.write_text(json.dumps(policy))
    into.chmod(0o644)
    return into
