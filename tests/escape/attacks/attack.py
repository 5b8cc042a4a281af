# SPDX-License-Identifier: Apache-2.0
"""How an attack in Python ends; attack.h says the same for C."""

import os
import sys
import time


def worked(what):
    print(f"worked: {what}")
    sys.exit(0)


def stopped(by):
    print(f"stopped: {by}")
    sys.exit(42)


def nothing_to_attack(reason):
    print(reason)
    sys.exit(77)


def try_to(what, act):
    """Exit status 0 if act() gets through, 42 if something stands in its way."""
    try:
        act()
    except (OSError, KeyError) as problem:
        stopped(f"{what}: {problem}")
    worked(what)


def victims():
    """Whom to attack: the stand-in outside; in a box pid 1 and, by its number there, the host's."""
    if "STAND_IN" in os.environ:
        return [int(os.environ["STAND_IN"])]
    return [1, int(sys.argv[-1])]


def sending():
    return sys.argv[1] == "send"


def sent():
    print("sent", flush=True)
    time.sleep(20)
    sys.exit(0)
