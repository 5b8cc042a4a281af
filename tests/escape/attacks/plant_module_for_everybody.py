# SPDX-License-Identifier: Apache-2.0
# attack: writes where every Python of the host looks for modules
# category: files
# inside: /usr is read-only and nobody's
# as: root
import os
import sysconfig

import attack

place = sysconfig.get_paths()["stdlib"]
# Asking is enough: outside this is the host's own directory.
attack.try_to("write to the standard library", lambda: os.access(place, os.W_OK) or open("/nil"))
