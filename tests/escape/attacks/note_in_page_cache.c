/* SPDX-License-Identifier: Apache-2.0 */
/* attack: one throws pages of a shared file out of memory, the other sees which are missing
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
        /* Every second page goes. */
        int fd = open(path, O_RDONLY);
        char room[4096];
        while (read(fd, room, sizeof(room)) > 0)
            ;
        for (off_t page = 0; page < 64; page += 2)
            (void)posix_fadvise(fd, page * 4096, 4096, POSIX_FADV_DONTNEED);
        return 0;
    }
    char room[4096];
    struct iovec piece = { room, sizeof(room) };
    int fd = open(path, O_RDONLY), there = 0, missing = 0;
    (void)posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM);
    for (off_t page = 0; page < 64; page++) {
        ssize_t n = preadv2(fd, &piece, 1, page * 4096, RWF_NOWAIT);
        if (n < 0 && errno != EAGAIN)
            stopped("RWF_NOWAIT");
        *(n > 0 ? &there : &missing) += 1;
    }
    if (getenv("STAND_IN") && missing == 0)
        nothing_to_attack("this file system keeps its pages");
    if (there < 16 || missing < 16)
        stopped("all pages are alike");
    worked("some pages are missing");
}
