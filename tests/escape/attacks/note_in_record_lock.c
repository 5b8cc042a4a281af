/* SPDX-License-Identifier: Apache-2.0 */
/* attack: a read lock on bytes of a file of /usr; asking who is in the way needs no right to write
 * category: cross-run
 * inside: locks on what all boxes see are a box's own
 * parties: together
 * open: all boxes see the same inodes of /usr; a filter cannot tell them from those of a workspace
 */
#include <fcntl.h>

#include "attack.h"

int main(int argc, char **argv)
{
    /* A file that nobody else has a reason to lock. */
    int fd = open("/usr/share/zoneinfo/Pacific/Kiritimati", O_RDONLY);
    if (fd < 0)
        fd = open("/usr/bin/getconf", O_RDONLY);
    if (sending(argc, argv)) {
        struct flock lock = { .l_type = F_RDLCK, .l_start = 4711, .l_len = 1 };
        if (fd < 0 || fcntl(fd, F_SETLK, &lock) < 0)
            stopped("F_SETLK");
        sent();
    }
    struct flock lock = { .l_type = F_WRLCK, .l_start = 4711, .l_len = 1 };
    if (fd < 0 || fcntl(fd, F_GETLK, &lock) < 0)
        stopped("F_GETLK");
    if (lock.l_type == F_UNLCK)
        stopped("nobody is in the way");
    worked("somebody is in the way");
}
