# SPDX-License-Identifier: Apache-2.0
import os
import signal

waiting = {signal.SIGUSR1, signal.SIGCHLD}
signal.pthread_sigmask(signal.SIG_BLOCK, waiting)
pid = os.fork()
if pid == 0:
    os.kill(os.getppid(), signal.SIGUSR1)
    os._exit(0)
seen = {signal.sigwait(waiting), signal.sigtimedwait(waiting, 5).si_signo}
os.waitpid(pid, 0)
print(190 if seen == waiting else seen)
