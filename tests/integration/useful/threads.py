# SPDX-License-Identifier: Apache-2.0
import queue
import threading

results = queue.Queue()
threads = [threading.Thread(target=results.put, args=(n,)) for n in range(20)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(sum(results.queue))
