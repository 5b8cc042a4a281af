# SPDX-License-Identifier: Apache-2.0
import mmap
import tempfile

with tempfile.TemporaryFile() as file:
    file.truncate(8192)
    with mmap.mmap(file.fileno(), 8192) as room:
        room[4096] = 190
        room.flush()
    file.seek(4096)
    print(file.read(1)[0])
