/* SPDX-License-Identifier: Apache-2.0 */
/* attack: System V semaphores outlive whoever made them
 * category: cross-run
 * inside: the calls are not there, and every box has an IPC namespace
 * parties: after
 */
#include <sys/sem.h>

#include "attack.h"

int main(int argc, char **argv)
{
    if (sending(argc, argv)) {
        if (semget(0x6e6f7465, 1, IPC_CREAT | 0666) < 0)
            stopped("semget");
        return 0;
    }
    if (semget(0x6e6f7465, 1, 0) < 0)
        stopped("semget");
    worked("the note is there");
}
