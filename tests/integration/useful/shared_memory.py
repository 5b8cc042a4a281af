# SPDX-License-Identifier: Apache-2.0
from multiprocessing.shared_memory import SharedMemory

one = SharedMemory(create=True, size=4096)
one.buf[0] = 190
other = SharedMemory(one.name)
print(other.buf[0])
other.close()
one.close()
one.unlink()
