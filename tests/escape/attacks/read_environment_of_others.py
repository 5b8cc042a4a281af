# SPDX-License-Identifier: Apache-2.0
# attack: finds the caller's API key in the environment or command line of any process it can see
# category: side information
# inside: only the box's own processes are there, and none carries anything of the host's
# caller: secret environment
import pathlib

import attack

me = pathlib.Path("/proc/self").resolve().name


def search():
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit() or entry.name == me:
            continue
        for file in ("environ", "cmdline"):
            try:
                if b"CANARY_API_KEY" in (entry / file).read_bytes():
                    return True
            except OSError:
                pass
    raise OSError("not in any process")


attack.try_to("find the caller's key", search)
