# SPDX-License-Identifier: Apache-2.0
import multiprocessing as m


def work(shared, lock, number):
    with lock:
        shared["sum"] += number


if __name__ == "__main__":
    with m.Manager() as manager:
        shared, lock = manager.dict(sum=0), manager.Lock()
        workers = [m.Process(target=work, args=(shared, lock, n)) for n in (90, 60, 40)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        print(shared["sum"])
