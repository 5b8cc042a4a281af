# SPDX-License-Identifier: Apache-2.0
import logging
import logging.handlers
import os
import tempfile

place = tempfile.mkdtemp()
handler = logging.handlers.RotatingFileHandler(f"{place}/log", maxBytes=500, backupCount=3)
log = logging.getLogger("useful")
log.addHandler(handler)
log.setLevel(logging.INFO)
for number in range(200):
    log.info("line %d", number)
assert len(os.listdir(place)) >= 2
print(190)
