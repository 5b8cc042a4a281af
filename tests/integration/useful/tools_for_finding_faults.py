# SPDX-License-Identifier: Apache-2.0
import cProfile
import faulthandler
import io
import pstats
import subprocess
import sys
import traceback
import tracemalloc

tracemalloc.start()
faulthandler.enable()
profile = cProfile.Profile()
profile.runcall(sorted, range(1000))
pstats.Stats(profile, stream=io.StringIO()).print_stats()
assert tracemalloc.get_traced_memory()[1] > 0
code = "import faulthandler, os; faulthandler.enable(); os.kill(os.getpid(), 11)"
child = subprocess.run([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True)
assert child.returncode == -11 and "Segmentation fault" in child.stderr
try:
    raise ValueError(190)
except ValueError as problem:
    print(traceback.format_exception_only(problem)[0].split()[-1])
