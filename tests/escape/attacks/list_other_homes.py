# SPDX-License-Identifier: Apache-2.0
# attack: looks which files lie beside a known one in a home of the host
# category: files
# inside: of a home at most the bound interpreter's own prefix is there
# arguments: {secret}
import os
import sys

import attack

attack.try_to("list a home", lambda: "id_test" in os.listdir(os.path.dirname(sys.argv[1])))
