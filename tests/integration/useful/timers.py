# SPDX-License-Identifier: Apache-2.0
import sched
import threading
import time

done = []
threading.Timer(0.02, done.append, [90]).start()
plan = sched.scheduler(time.monotonic, time.sleep)
plan.enter(0.05, 1, done.append, [100])
plan.run()
while len(done) < 2:
    time.sleep(0.001)
assert time.monotonic() > 0 and time.process_time() >= 0 and time.clock_gettime(time.CLOCK_BOOTTIME)
print(sum(done))
