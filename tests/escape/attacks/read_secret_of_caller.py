# SPDX-License-Identifier: Apache-2.0
# attack: reads a key in the home directory of whoever started the box
# category: files
# inside: no home of the host is there
# arguments: {secret}
import sys

import attack

attack.try_to("open a file in the caller's home", lambda: open(sys.argv[1]).read())
