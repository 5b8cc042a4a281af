# SPDX-License-Identifier: Apache-2.0
import platform
import random
import uuid

assert uuid.uuid1() != uuid.uuid1()
assert uuid.uuid4().version == 4
assert platform.system() == "Linux" and platform.machine() and platform.python_version()
assert random.SystemRandom().random() < 1
print(190)
