# SPDX-License-Identifier: Apache-2.0
# attack: reads load, memory, disks and interrupts of the host
# category: side information
# inside: /proc has nothing but processes
import attack

FILES = ("loadavg", "meminfo", "stat", "diskstats", "interrupts", "uptime", "vmstat", "net/tcp")


def read():
    for name in FILES:
        try:
            if name != "net/tcp" and open("/proc/" + name).read(8):
                return
        except OSError as problem:
            last = problem
    raise last


attack.try_to("read a statistic", read)
