# SPDX-License-Identifier: Apache-2.0
import os

before = os.getpriority(os.PRIO_PROCESS, 0)
assert os.nice(1) == min(before + 1, 19)
processors = os.sched_getaffinity(0)
os.sched_setaffinity(0, {min(processors)})
assert os.sched_getaffinity(0) == {min(processors)}
os.sched_setaffinity(0, processors)
assert os.cpu_count() and len(processors) >= 1
os.sched_yield()
print(190)
