# SPDX-License-Identifier: Apache-2.0
import signal

signal.signal(signal.SIGALRM, lambda *_: print(190))
signal.setitimer(signal.ITIMER_REAL, 0.01)
signal.pause()
