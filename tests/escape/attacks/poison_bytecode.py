# SPDX-License-Identifier: Apache-2.0
# attack: compiles a lie into the bytecode cache that the next run's import takes
# category: cross-run
# inside: nothing that another run imports can be written
# parties: after
# arguments: {readable}
# options: --read {readable}
import os
import py_compile
import sys

import attack

place = sys.argv[-1]
sys.path.insert(0, place)
if attack.sending():
    with open("/tmp/lie.py", "w") as file:
        file.write("value = 'a lie'\n")
    try:
        os.makedirs(place + "/__pycache__", exist_ok=True)
        cached = f"{place}/__pycache__/module.{sys.implementation.cache_tag}.pyc"
        mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
        py_compile.compile("/tmp/lie.py", cached, invalidation_mode=mode, doraise=True)
    except OSError as problem:
        attack.stopped(problem)
    sys.exit(0)
import module

if module.value == "a lie":
    attack.worked("the lie is believed")
attack.stopped("the truth")
