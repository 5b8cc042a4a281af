# SPDX-License-Identifier: Apache-2.0
# attack: sends SIGKILL to every process there is
# category: processes
# inside: only the box's own are there, and pid 1 cannot be killed
import os
import signal
import time

import attack

if os.readlink("/proc/self/ns/pid") == "pid:[4026531836]":
    attack.nothing_to_attack("in the host's own pid namespace nobody tries this")
try:
    os.kill(-1, signal.SIGKILL)
except OSError as problem:
    attack.stopped(f"kill: {problem}")
time.sleep(0.05)
if "STAND_IN" in os.environ:
    try:
        with open(f"/proc/{os.environ['STAND_IN']}/stat") as file:
            state = file.read().rsplit(")")[1].split()[0]
    except FileNotFoundError:
        state = "X"
    if state in "ZX":
        attack.worked("everybody else is dead")
attack.stopped("pid 1 is alive, and there was nobody else")
