# SPDX-License-Identifier: Apache-2.0
# attack: puts a module where every Python of the same user looks first
# category: cross-run
# inside: home is the box's own, every time anew
# parties: after
import os
import site
import sys

import attack

if "STAND_IN" in os.environ:
    os.environ["HOME"] = "/tmp"
place = os.path.expanduser(f"~/.local/lib/python3.{sys.version_info[1]}/site-packages")
if attack.sending():
    os.makedirs(place, exist_ok=True)
    with open(place + "/usercustomize.py", "w") as file:
        file.write("lie = True\n")
    sys.exit(0)
site.addsitedir(place)
attack.try_to("import what was left", lambda: open(place + "/usercustomize.py").read())
