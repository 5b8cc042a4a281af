/* SPDX-License-Identifier: Apache-2.0 */
/* attack: who watches a file that all boxes see learns when another one opens it
 * category: cross-run
 * inside: the calls are not there
 * parties: together
 * arguments: {readable}
 * options: --read {readable}
 */
#include <fcntl.h>
#include <sys/inotify.h>

#include "attack.h"

int main(int argc, char **argv)
{
    char path[4096];
    (void)snprintf(path, sizeof(path), "%s/file", argv[argc - 1]);
    if (sending(argc, argv)) {
        for (int i = 0; i < 150; i++) {
            (void)close(open(path, O_RDONLY));
            if (i == 0 && write(1, "sent\n", 5) < 0)
                stopped("write");
            usleep(20 * 1000);
        }
        return 0;
    }
    struct inotify_event event;
    char room[512];
    int fd = inotify_init1(IN_NONBLOCK);
    if (fd < 0 || inotify_add_watch(fd, path, IN_OPEN) < 0)
        stopped("inotify");
    usleep(300 * 1000);
    if (read(fd, room, sizeof(room)) < (ssize_t)sizeof(event))
        stopped("nothing happened");
    worked("somebody opened it");
}
