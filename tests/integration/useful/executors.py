# SPDX-License-Identifier: Apache-2.0
import concurrent.futures as futures
import os


def square(n):
    return n * n if os.getpid() else 0


if __name__ == "__main__":
    with futures.ProcessPoolExecutor(2) as processes, futures.ThreadPoolExecutor(2) as threads:
        print(sum(processes.map(square, range(8))) + sum(threads.map(square, range(6))) - 5)
