# SPDX-License-Identifier: Apache-2.0
# attack: lists what the launcher keeps: environments, outputs, scripts of others
# category: side information
# inside: the state directory is not there
# arguments: {state}
import os
import sys

import attack

attack.try_to("list the state", lambda: os.listdir(sys.argv[1]))
