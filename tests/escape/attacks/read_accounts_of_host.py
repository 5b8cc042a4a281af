# SPDX-License-Identifier: Apache-2.0
# attack: lists the accounts of the host
# category: side information
# inside: the box's account file is made, not bound
import pwd

import attack

if len(pwd.getpwall()) > 5:
    attack.worked("the accounts of the host")
attack.stopped("hardly anybody has an account here")
