# SPDX-License-Identifier: Apache-2.0
# attack: reads the password hashes, as the root that started the box
# category: files
# inside: the box's /etc is made, not bound
# as: root
import attack

attack.try_to("open /etc/shadow", lambda: open("/etc/shadow").read())
