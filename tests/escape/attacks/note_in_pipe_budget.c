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
        /* And the rest of it, in pipes of the usual size; what others give back as well. */
        for (int turn = 0; turn < 4000; turn++) {
            int ends[2];
            while (pipe(ends) == 0) {
                if (fcntl(ends[1], F_GETPIPE_SZ) >= 65536)
                    continue;
                (void)close(ends[0]);
                (void)close(ends[1]);
                break;
            }
            if (turn == 0 && write(1, "sent\n", 5) != 5)
                stopped("write");
            usleep(5000);
        }
        return 0;
    }
    int ends[2];
    if (pipe(ends) < 0)
        nothing_to_attack("no pipe to look at");
    errno = ERANGE;
    if (fcntl(ends[1], F_GETPIPE_SZ) >= 65536)
        stopped("a pipe as large as ever");
    worked("a smaller pipe");
}
