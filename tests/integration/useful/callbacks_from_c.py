# SPDX-License-Identifier: Apache-2.0
import ctypes

library = ctypes.CDLL(None)
numbers = (ctypes.c_int * 20)(*range(19, -1, -1))
kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int))
library.qsort(numbers, 20, 4, kind(lambda a, b: a[0] - b[0]))
print(sum(numbers) if list(numbers) == list(range(20)) else list(numbers))
