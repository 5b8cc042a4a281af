# SPDX-License-Identifier: Apache-2.0
"""The workloads of usage_table.py: what runs do with processors and memory, each a small script or
stress-ng, which tells its own figures.

A row: name, script or arguments, and words about it:
    single    one process has all the memory: its largest resident set is the reference
    files     page cache or storage is in play
    orphans   processes outlive their parents on purpose: they write down their own time, in
              files known-PID, as long as they live
    lost      nobody waits for some of them: only what counts the whole group knows
    memfd     needs a policy that allows one
    numpy     needs it
    threads   end by the hundred: what each costs after its process's sum was closed for it is charged to
              the box's group alone, and so to nobody without one (nor does GNU time know of it)
    stress    is stress-ng
"""

from dataclasses import dataclass, field

COMMON = """\
import ctypes, mmap, os, resource, signal, subprocess, sys, threading, time
def spin(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass
def fill(room):
    for at in range(0, len(room), 4096):
        room[at] = 1
    return room
def known_spin(seconds):
    file = os.open(f"known-{os.getpid()}", os.O_WRONLY | os.O_CREAT, 0o644)
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        os.pwrite(file, b"%.6f" % time.process_time(), 0)
    os._exit(0)
"""


@dataclass
class Work:
    name: str
    code: str
    words: set = field(default_factory=set)
    arguments: list = field(default_factory=list)

    @property
    def script(self):
        return COMMON + self.code

    @property
    def command(self):
        if not self.arguments:
            return ["/usr/bin/python3", "work.py"]
        own = ["--quiet", "--metrics", "--yaml", "told.yaml", "--temp-path", "."]
        return ["stress-ng", *self.arguments, *own]


def work(name, code, words=""):
    return Work(name, code, set(words.split()))


def stress(arguments, words=""):
    return Work(f"stress-ng {arguments}", "", {"stress", *words.split()}, arguments.split())


WORKS = [
    work("bare print", "print(1)\n", "single"),
    work("CPU loop", "spin(.4)\n", "single"),
    work(
        "4 threads that hash",
        "import hashlib\n"
        "block = bytes(1 << 20)\n"
        "def go():\n"
        "    for _ in range(60): hashlib.sha256(block).digest()\n"
        "threads = [threading.Thread(target=go) for _ in range(4)]\n"
        "[t.start() for t in threads]; [t.join() for t in threads]\n",
        "single",
    ),
    work(
        "4 forks",
        "for _ in range(4):\n"
        "    if os.fork() == 0: spin(.1); os._exit(0)\n"
        "for _ in range(4): os.wait()\n",
    ),
    work(
        "500 short children",
        "for _ in range(500):\n"
        "    child = os.fork()\n"
        "    if child == 0: os._exit(0)\n"
        "    os.waitpid(child, 0)\n",
    ),
    work(
        "children nobody waits for",
        "signal.signal(signal.SIGCHLD, signal.SIG_IGN)\n"
        "for _ in range(200):\n"
        "    if os.fork() == 0: spin(.002); os._exit(0)\n"
        "    try: os.waitpid(-1, 0)\n"
        "    except ChildProcessError: pass\n",
        "lost",
    ),
    work(
        "double-forked daemons",
        "for _ in range(3):\n"
        "    if os.fork() == 0:\n"
        "        os.setsid()\n"
        "        if os.fork() == 0: known_spin(.03)\n"
        "        os._exit(0)\n"
        "    os.wait()\n",
        "orphans",
    ),
    work(
        "exit in the middle of children",
        "for _ in range(4):\n"
        "    if os.fork() == 0: known_spin(.03)\n"
        "spin(.01)\n",
        "orphans",
    ),
    work("posix_spawn", "for _ in range(50): subprocess.run(['/bin/true'])\n"),
    work(
        "exec chain",
        "n = int(sys.argv[1]) if len(sys.argv) > 1 else 0\n"
        "if n < 10: os.execv(sys.executable, [sys.executable, sys.argv[0], str(n + 1)])\n",
        "single",
    ),
    work(
        "read of a file",
        "file = open('/tmp/f', 'wb'); file.write(os.urandom(20 << 20)); file.close()\n"
        "for _ in range(10): open('/tmp/f', 'rb').read()\n",
    ),
    work(
        "write to the workspace",
        "for n in range(3):\n"
        "    with open(f'written{n}', 'wb') as file:\n"
        "        for _ in range(20): file.write(bytes(1 << 20))\n",
        "files",
    ),
    work(
        "fsync",
        "with open('synced', 'wb') as file:\n"
        "    for _ in range(20): file.write(bytes(65536)); file.flush(); os.fsync(file.fileno())\n",
        "files",
    ),
    work(
        "tmpfs file",
        "with open('/tmp/f', 'wb') as file:\n"
        "    for _ in range(60): file.write(bytes(1 << 20))\n"
        "time.sleep(.2)\n",
    ),
    work(
        "/dev/shm",
        "with open('/dev/shm/f', 'wb') as file:\n"
        "    for _ in range(60): file.write(bytes(1 << 20))\n"
        "time.sleep(.2)\n",
    ),
    work(
        "memfd",
        "fd = os.memfd_create('m')\n"
        "for _ in range(60): os.write(fd, bytes(1 << 20))\n"
        "time.sleep(.2)\n",
        "memfd",
    ),
    work("mmap anonymous", "room = fill(mmap.mmap(-1, 80 << 20, mmap.MAP_PRIVATE))\n", "single"),
    work(
        "mmap of a file (page cache)",
        "with open('mapped', 'wb') as file: file.truncate(40 << 20)\n"
        "file = open('mapped', 'r+b')\n"
        "room = fill(mmap.mmap(file.fileno(), 0))\n",
        "files single",
    ),
    work(
        "big read of a cached file",
        "with open('cached', 'wb') as file:\n"
        "    for _ in range(40): file.write(bytes(1 << 20))\n"
        "for _ in range(5):\n"
        "    with open('cached', 'rb', buffering=0) as file:\n"
        "        while file.read(1 << 20): pass\n",
        "files",
    ),
    work("sleeping", "time.sleep(.4)\n", "single"),
    work(
        "spinning in the kernel (getdents)",
        "end = time.thread_time() + .3\n"
        "while time.thread_time() < end: os.listdir('/usr/bin')\n",
        "single",
    ),
    work(
        "spinning in the kernel (urandom)",
        "with open('/dev/urandom', 'rb', buffering=0) as file:\n"
        "    for _ in range(60): file.read(1 << 20)\n",
        "single",
    ),
    work(
        "ping-pong through pipes",
        "a, b = os.pipe(); c, d = os.pipe()\n"
        "if os.fork() == 0:\n"
        "    for _ in range(10000): os.read(a, 1); os.write(d, b'x')\n"
        "    os._exit(0)\n"
        "for _ in range(10000): os.write(b, b'x'); os.read(c, 1)\n"
        "os.wait()\n",
    ),
    work(
        "storm of context switches",
        "for _ in range(4):\n"
        "    if os.fork() == 0:\n"
        "        for _ in range(20000): os.sched_yield()\n"
        "        os._exit(0)\n"
        "for _ in range(4): os.wait()\n",
    ),
    work(
        "numpy: product of matrices",
        "import numpy\n"
        "a = numpy.random.rand(700, 700)\n"
        "for _ in range(8): a = a @ a / 700\n",
        "numpy single",
    ),
    work(
        "numpy: a big array",
        "import numpy\na = numpy.ones(20 << 20)\na *= 2\n",
        "numpy single",
    ),
    work(
        "memory up to 200 MB and back",
        "ramp = []\n"
        "for _ in range(200): ramp.append(b'x' * (1 << 20))\n"
        "while ramp: ramp.pop()\n"
        "spin(.1)\n",
        "single",
    ),
    work("many small mallocs", "things = [[n] for n in range(400000)]\n", "single"),
    work(
        "fork, copied on write",
        "room = fill(bytearray(50 << 20))\n"
        "if os.fork() == 0: fill(room); time.sleep(.2); os._exit(0)\n"
        "os.wait()\n",
    ),
    work(
        "fork, not touched",
        "room = fill(bytearray(50 << 20))\n"
        "for _ in range(4):\n"
        "    if os.fork() == 0: time.sleep(.2); os._exit(0)\n"
        "for _ in range(4): os.wait()\n",
    ),
    work(
        "storm of threads",
        "for _ in range(200):\n"
        "    thread = threading.Thread(target=int); thread.start(); thread.join()\n",
        "single threads",
    ),
    work(
        "storm of signals",
        "got = []\n"
        "signal.signal(signal.SIGALRM, lambda *_: got.append(1))\n"
        "signal.setitimer(signal.ITIMER_REAL, .0005, .0005)\n"
        "spin(.3)\n"
        "signal.setitimer(signal.ITIMER_REAL, 0)\n",
        "single",
    ),
    work(
        "pipeline of gzip",
        "command = 'head -c 30000000 /dev/urandom | gzip -1 | gzip -d | wc -c'\n"
        "subprocess.run(['/bin/sh', '-c', command])\n",
    ),
    stress("--cpu 2 --cpu-ops 300"),
    stress("--vm 1 --vm-ops 20000 --vm-bytes 64M"),
    stress("--pipe 1 --pipe-ops 20000"),
    stress("--switch 1 --switch-ops 50000"),
    stress("--pthread 1 --pthread-ops 1000", "threads"),
]

# Enough of every kind for a test that runs often.
QUICK = {
    "bare print",
    "4 threads that hash",
    "500 short children",
    "double-forked daemons",
    "mmap anonymous",
    "tmpfs file",
    "spinning in the kernel (urandom)",
}
