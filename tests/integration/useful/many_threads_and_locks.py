# SPDX-License-Identifier: Apache-2.0
import threading

total, lock, barrier = 0, threading.Lock(), threading.Barrier(19)
ready = threading.Semaphore(5)


def work():
    global total
    barrier.wait(20)
    for _ in range(10):
        with ready, lock:
            total += 1


threads = [threading.Thread(target=work) for _ in range(19)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(total)
