# SPDX-License-Identifier: Apache-2.0
import multiprocessing as m


def work(numbers, results, event):
    event.wait()
    for n in iter(numbers.get, None):
        results.put(n)


if __name__ == "__main__":
    numbers, results, event = m.Queue(), m.SimpleQueue(), m.Event()
    value = m.Value("i", 0)
    worker = m.Process(target=work, args=(numbers, results, event))
    worker.start()
    event.set()
    for n in [*range(20), None]:
        numbers.put(n)
    for _ in range(20):
        with value.get_lock():
            value.value += results.get()
    worker.join()
    print(value.value)
