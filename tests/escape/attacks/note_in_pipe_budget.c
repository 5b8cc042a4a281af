/* SPDX-License-Identifier: Apache-2.0 */
/* attack: one takes all the room for pipes that a user has, the other gets smaller pipes
 * category: cross-run
 * inside: boxes of one caller have budgets of their own
 * parties: together
 * as: user
 * open: boxes of an ordinary user have that user's id outside, and the kernel one budget for it
 */
#include <fcntl.h>

#include "attack.h"

int main(int argc, char **argv)
{
    if (sending(argc, argv)) {
        for (int i = 0; i < 400; i++) {
            int ends[2];
            if (pipe(ends) < 0 || fcntl(ends[1], F_SETPIPE_SZ, 1 << 20) < 0)
                break;
        }
        /* And the rest of it, in pipes of the usual size. */
        for (int ends[2]; pipe(ends) == 0 && fcntl(ends[1], F_GETPIPE_SZ) >= 65536;)
            ;
        sent();
    }
    int ends[2];
    if (pipe(ends) < 0)
        nothing_to_attack("no pipe to look at");
    errno = ERANGE;
    if (fcntl(ends[1], F_GETPIPE_SZ) >= 65536)
        stopped("a pipe as large as ever");
    worked("a smaller pipe");
}
