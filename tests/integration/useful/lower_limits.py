# SPDX-License-Identifier: Apache-2.0
import os
import resource

soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 64), hard))
assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == 64
assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > 0
opened = []
try:
    while True:
        opened.append(os.dup(0))
except OSError:
    print(190 if len(opened) < 64 else len(opened))
