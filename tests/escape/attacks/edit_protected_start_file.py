# SPDX-License-Identifier: Apache-2.0
# attack: edits .envrc, which the owner's shell runs when entering the directory
# category: files
# inside: it is read-only where it exists
# arguments: {workspace}
# options: --directory {workspace}
import os
import sys

import attack


def edit():
    os.chdir(sys.argv[1])
    ways = [
        lambda: open(".envrc", "a").write("evil\n"),
        lambda: os.rename("data", ".envrc"),
        lambda: os.unlink(".envrc"),
        lambda: os.link(".envrc", "other") or open("other", "a").write("evil\n"),
    ]
    for way in ways:
        try:
            return way()
        except OSError as problem:
            last = problem
    raise last


attack.try_to("edit .envrc", edit)
