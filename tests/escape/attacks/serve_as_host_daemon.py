# SPDX-License-Identifier: Apache-2.0
# attack: takes an abstract name that programs of the host look for
# category: network
# inside: what listens in a box cannot be reached from the host
# parties: together
# receiver: outside
import socket

import attack

NAME = "\0cordon-test-lure"
if attack.sending():
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(NAME)
    listener.listen()
    attack.sent()
attack.try_to("connect to it", lambda: socket.socket(socket.AF_UNIX).connect(NAME))
