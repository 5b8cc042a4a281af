# SPDX-License-Identifier: Apache-2.0
import os
import signal
import subprocess

child = subprocess.Popen(["/bin/sh", "-c", "sleep 100 & wait"], start_new_session=True)
os.killpg(child.pid, signal.SIGTERM)
assert child.wait() == -signal.SIGTERM
pid = os.fork()
if pid == 0:
    os._exit(19)
print(os.waitid(os.P_PID, pid, os.WEXITED).si_status * 10)
