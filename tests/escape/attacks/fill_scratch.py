# SPDX-License-Identifier: Apache-2.0
# attack: fills the scratch directories until memory or disk of the host is gone (here: 600 MB)
# category: resources
# limits: scratch=512M memory=1G
# inside: one bound over all of them together, below that
# expect: stopped memory
import os
import shutil
import tempfile

import attack

places = []


def fill():
    for root in ("/tmp", "/dev/shm", os.environ.get("HOME", "/tmp")):
        place = tempfile.mkdtemp(dir=root)
        places.append(place)
        with open(os.path.join(place, "big"), "wb") as file:
            for _ in range(200):
                file.write(b"x" * 1024 * 1024)


try:
    attack.try_to("write 600 MB", fill)
finally:
    for place in places:
        shutil.rmtree(place)
