# SPDX-License-Identifier: Apache-2.0
# attack: finds the caller's API key in its own environment
# category: side information
# inside: a script's environment is made, never inherited
# caller: secret environment
import os

import attack

attack.try_to("find the caller's key", lambda: os.environ["CANARY_API_KEY"])
