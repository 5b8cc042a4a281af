# SPDX-License-Identifier: Apache-2.0
"""What there is to reach on this host: secrets, listeners, directories, a victim.

A `Host` stands as long as a suite runs; `host.fresh()` makes, for one run of one attack, the
directories that it may change. Everything lies in one directory of our own.
"""

import os
import shutil
import socket
import subprocess
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path

import heads
import support

# As a script or as a dotenv file it shows itself to whoever runs it.
SECRET = "PRIVATE=a-private-key\n"
CANARY = {"CANARY_API_KEY": "do-not-read-me"}


def answer(listener):
    """Says `mine` to whoever comes."""
    while True:
        try:
            if listener.type == socket.SOCK_DGRAM:
                _, address = listener.recvfrom(100)
                if not address:
                    return  # shut down
                listener.sendto(b"mine", address)
                continue
            connection, _ = listener.accept()
            connection.sendall(b"mine")
            connection.close()
        except OSError:
            return


class Host:
    def __init__(self):
        self.base = Path(tempfile.mkdtemp(prefix="cordon-attack-", dir="/var/tmp"))
        self.base.chmod(0o755)
        self.programs = self.base / "programs"
        self.programs.mkdir()
        self.home = Path(
            tempfile.mkdtemp(prefix=".cordon-test-", dir=os.environ.get("HOME") or Path.home())
        )
        self.secret = self.home / "id_test"
        self.secret.write_text(SECRET)
        self.victim = subprocess.Popen(["sleep", "3000"], env={**os.environ, **CANARY})
        self.names = {
            "secret": str(self.secret),
            "victim": str(self.victim.pid),
            "nodename": os.uname().nodename,
            "state": str(self.home / "state"),
        }
        (self.home / "state/gate").mkdir(parents=True)
        self.listeners = []
        self._listen("port", socket.create_server(("127.0.0.1", 0)))
        self._listen("udp", socket.socket(socket.AF_INET, socket.SOCK_DGRAM), ("127.0.0.1", 0))
        self.names["port6"] = "0"
        if Path("/proc/sys/net/ipv6").exists():
            six = socket.socket(socket.AF_INET6)
            try:
                self._listen("port6", six, ("::1", 0))
            except OSError:
                six.close()  # the address is switched off here
        self._listen("abstract", socket.socket(socket.AF_UNIX), f"\0cordon-test-{os.getpid()}")
        self._listen("socket", socket.socket(socket.AF_UNIX), str(self.base / "socket"))
        heads.compile_attacks(self.programs)

    def _listen(self, name, listener, address=None):
        if address:
            listener.bind(address)
        if listener.type == socket.SOCK_STREAM:
            listener.listen()
        where = listener.getsockname()
        if isinstance(where, bytes):
            where = where.decode().lstrip("\0")
        self.names[name] = where.lstrip("\0") if isinstance(where, str) else str(where[1])
        self.listeners.append(listener)
        threading.Thread(target=answer, args=(listener,), daemon=True).start()

    def left_at_home(self):
        """What attacks wrote beside the secret; removed, so that it is told once."""
        kept = (self.secret, self.home / "state")
        found = [path for path in self.home.iterdir() if path not in kept]
        for path in found:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        return [path.name for path in found]

    @contextmanager
    def fresh(self):
        """names for one run: a workspace and a readable directory nobody else has."""
        place = Path(tempfile.mkdtemp(prefix="run-", dir=self.base))
        place.chmod(0o755)
        workspace, readable = place / "workspace", place / "readable"
        (workspace / ".git/hooks").mkdir(parents=True)
        (workspace / ".git/config").write_text("[core]\n")
        (workspace / ".envrc").write_text("# nothing\n")
        (workspace / "conf").mkdir()
        (workspace / "conf/bashrc").write_text("# nothing\n")
        (workspace / ".bashrc").symlink_to("conf/bashrc")
        (workspace / "data").write_text("data\n")
        readable.mkdir()
        (readable / "file").write_text("to be read only\n")
        with open(readable / "pages", "wb") as file:
            file.write(b"p" * (64 * 4096))
            file.flush()
            os.fsync(file.fileno())  # only clean pages can be thrown out of memory
        (readable / "module.py").write_text("value = 'the truth'\n")
        (readable / "program").write_text("#!/bin/sh\necho as it was\n")
        (readable / "program").chmod(0o755)
        daemon = socket.socket(socket.AF_UNIX)
        daemon.bind(str(workspace / "daemon.socket"))
        daemon.listen()
        threading.Thread(target=answer, args=(daemon,), daemon=True).start()
        try:
            yield {
                **self.names,
                "place": str(place),
                "workspace": str(workspace),
                "readable": str(readable),
            }
        finally:
            daemon.shutdown(socket.SHUT_RDWR)  # or its thread would wait for ever
            daemon.close()
            # Deeper than a program may name: only a tool that walks by descriptors removes it.
            subprocess.run(["chmod", "-R", "u+rwX", place], stderr=subprocess.DEVNULL)
            subprocess.run(["rm", "-rf", place], check=True)

    def close(self):
        for listener in self.listeners:
            try:
                listener.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # not connected, as datagram sockets are
            listener.close()
        self.victim.kill()
        self.victim.wait()
        shutil.rmtree(self.home)
        subprocess.run(["rm", "-rf", self.base], check=True)


@contextmanager
def leaks(directory):
    """Fifty descriptors that a careless caller leaves open."""
    opened = [os.open(directory, os.O_RDONLY) if number % 2 else os.dup(0) for number in range(50)]
    try:
        yield opened
    finally:
        for descriptor in opened:
            os.close(descriptor)


def policies(cordon):
    """The names of the policies that ship beside that program."""
    listing = subprocess.run(
        [cordon, "policy", "list"],
        capture_output=True,
        text=True,
        check=True,
        env=support.clean_environment(),
    ).stdout
    return [line.split()[0] for line in listing.splitlines() if line and not line[0].isspace()]
