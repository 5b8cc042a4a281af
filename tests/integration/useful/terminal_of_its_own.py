# SPDX-License-Identifier: Apache-2.0
import os
import pty

master, slave = pty.openpty()
os.write(slave, b"190")
print(os.read(master, 3).decode())
