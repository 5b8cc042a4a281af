# SPDX-License-Identifier: Apache-2.0
import os
import socket
import tempfile

one, other = socket.socketpair()
with tempfile.TemporaryFile() as file, tempfile.TemporaryFile() as copy:
    file.write(b"x" * 95)
    file.flush()
    os.sendfile(one.fileno(), file.fileno(), 0, 95)
    size = len(other.recv(1000))
    size += os.copy_file_range(file.fileno(), copy.fileno(), 95, 0, 0)
    print(size)
