/* SPDX-License-Identifier: Apache-2.0 */
/* attack: the keyring of the user belongs to all of the user's processes, for days
 * category: cross-run
 * inside: none of the three calls is there
 * parties: after
 * outside: user
 */
#include <sys/syscall.h>

#include "attack.h"

int main(int argc, char **argv)
{
    if (sending(argc, argv)) {
        if (syscall(SYS_add_key, "user", "cordon-note", "x", 1L, -4L) < 0)
            stopped("add_key");
        return 0;
    }
    if (syscall(SYS_request_key, "user", "cordon-note", NULL, 0L) < 0 &&
        syscall(SYS_keyctl, 10L, -4L, "user", "cordon-note", 0L) < 0)
        stopped("keyctl");
    worked("the note is there");
}
