# SPDX-License-Identifier: Apache-2.0
import os
import pwd
import socket

assert socket.getaddrinfo("localhost", 80)
assert pwd.getpwuid(os.getuid()).pw_dir == os.path.expanduser("~")
assert os.access(os.path.expanduser("~"), os.W_OK)
print(190)
