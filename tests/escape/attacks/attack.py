# SPDX-License-Identifier: Apache-2.0
"""How an attack in Python ends; attack.h says the same for C."""

import sys


def try_to(what, act):
    """Exit status 0 if act() gets through, 42 if something stands in its way."""
    try:
        act()
    except (OSError, KeyError) as problem:
        print(f"stopped: {what}: {problem}")
        sys.exit(42)
    print(f"worked: {what}")
    sys.exit(0)
