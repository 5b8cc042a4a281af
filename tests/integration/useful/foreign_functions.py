# SPDX-License-Identifier: Apache-2.0
import ctypes

print(ctypes.CDLL(None).abs(-190))
