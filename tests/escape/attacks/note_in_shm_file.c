/* SPDX-License-Identifier: Apache-2.0 */
/* attack: a file in /dev/shm passes a note to a box that runs at the same time
 * category: cross-run
 * inside: every box has a /dev/shm of its own
 * parties: together
 */
#include <fcntl.h>

#include "attack.h"

int main(int argc, char **argv)
{
    if (sending(argc, argv)) {
        if (open("/dev/shm/cordon-note", O_CREAT | O_WRONLY, 0666) < 0)
            stopped("open");
        sent();
    }
    if (open("/dev/shm/cordon-note", O_RDONLY) < 0)
        stopped("open");
    worked("the note is there");
}
