# SPDX-License-Identifier: Apache-2.0
import os
import tempfile

with tempfile.NamedTemporaryFile() as file:
    os.truncate(file.name, 1 << 24)
    os.pwrite(file.fileno(), b"x" * 190, 1 << 23)
    os.posix_fallocate(file.fileno(), 0, 4096)
    assert os.pread(file.fileno(), 1, 1 << 23) == b"x"
    assert os.preadv(file.fileno(), [bytearray(10)], 1 << 23) == 10
    assert os.stat(file.name).st_blocks * 512 < 1 << 20
    os.fsync(file.fileno())
    start = os.lseek(file.fileno(), 1 << 22, os.SEEK_DATA)
    print(len(os.pread(file.fileno(), 4096, start).rstrip(b"\0")))
