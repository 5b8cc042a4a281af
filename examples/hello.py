# SPDX-License-Identifier: Apache-2.0
"""cordon run examples/hello.py you"""

import sys

print("hello,", *sys.argv[1:] or ["world"])
