# SPDX-License-Identifier: Apache-2.0
import mmap
import time

STEP = 100 << 20

# Shared and larger than the box's memory; little of it is used.
room = mmap.mmap(-1, 19 * STEP)
for at in range(0, len(room), STEP):
    room[at] = 10
time.sleep(0.1)
print(sum(room[at] for at in range(0, len(room), STEP)))
