/* SPDX-License-Identifier: Apache-2.0 */
/* attack: a lock on a file of /usr, which a descriptor for reading is enough for
 * category: cross-run
 * inside: locks on what all boxes see are a box's own
 * parties: together
 * open: all boxes see the same inodes of /usr; a filter cannot tell them from those of a workspace
 */
#include <fcntl.h>
#include <sys/file.h>

#include "attack.h"

int main(int argc, char **argv)
{
    /* A file that nobody else has a reason to lock. */
    int fd = open("/usr/share/zoneinfo/Pacific/Kiritimati", O_RDONLY);
    if (fd < 0)
        fd = open("/usr/bin/getconf", O_RDONLY);
    if (sending(argc, argv)) {
        if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0)
            stopped("flock");
        sent();
    }
    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) == 0)
        stopped("it is not locked");
    if (errno != EWOULDBLOCK)
        stopped("flock");
    worked("it is locked");
}
