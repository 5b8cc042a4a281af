/* SPDX-License-Identifier: Apache-2.0 */
/* attack: one throws a shared file out of memory, the other sees that it is missing
 * category: cross-run
 * inside: reading does not tell whether a page was there
 * parties: after
 * arguments: {readable}
 * options: --read {readable}
 * outside: disk
 */
#include <fcntl.h>
#include <sys/uio.h>

#include "attack.h"

int main(int argc, char **argv)
{
    char path[4096];
    (void)snprintf(path, sizeof(path), "%s/pages", argv[argc - 1]);
    if (sending(argc, argv)) {
        /* The file goes as a whole: its pages may lie in memory in one piece. */
        int fd = open(path, O_RDONLY);
        char room[4096];
        while (read(fd, room, sizeof(room)) > 0)
            ;
        (void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
        return 0;
    }
    char room[4096];
    struct iovec piece = { room, sizeof(room) };
    int fd = open(path, O_RDONLY);
    ssize_t n = preadv2(fd, &piece, 1, 0, RWF_NOWAIT);
    if (n < 0 && errno != EAGAIN)
        stopped("RWF_NOWAIT");
    if (n > 0 && getenv("STAND_IN"))
        nothing_to_attack("this file system keeps its pages");
    if (n > 0)
        stopped("it is in memory, as it was");
    worked("it has been thrown out");
}
