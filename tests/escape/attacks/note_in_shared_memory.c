/* SPDX-License-Identifier: Apache-2.0 */
/* attack: System V shared memory outlives whoever made it
 * category: cross-run
 * inside: the calls are not there, and every box has an IPC namespace
 * parties: after
 */
#include <sys/shm.h>

#include "attack.h"

int main(int argc, char **argv)
{
    if (sending(argc, argv)) {
        if (shmget(0x6e6f7465, 4096, IPC_CREAT | 0666) < 0)
            stopped("shmget");
        return 0;
    }
    if (shmget(0x6e6f7465, 4096, 0) < 0)
        stopped("shmget");
    worked("the note is there");
}
