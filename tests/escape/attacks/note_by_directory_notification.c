/* SPDX-License-Identifier: Apache-2.0 */
/* attack: F_NOTIFY, the older inotify, tells by signal that another box reads a directory
 * category: cross-run
 * inside: refused
 * parties: together
 * arguments: {readable}
 * options: --read {readable}
 */
#include <fcntl.h>

#include "attack.h"

static volatile sig_atomic_t noticed;

static void notice(int number)
{
    noticed = number;
}

int main(int argc, char **argv)
{
    char path[4096];
    (void)snprintf(path, sizeof(path), "%s/file", argv[argc - 1]);
    if (sending(argc, argv)) {
        for (int i = 0; i < 150; i++) {
            char byte;
            int file = open(path, O_RDONLY);
            (void)!read(file, &byte, 1);
            (void)close(file);
            if (i == 0 && write(1, "sent\n", 5) < 0)
                stopped("write");
            usleep(20 * 1000);
        }
        return 0;
    }
    *strrchr(path, '/') = '\0';
    (void)signal(SIGIO, notice);
    int fd = open(path, O_RDONLY | O_DIRECTORY);
    if (fd < 0 || fcntl(fd, F_NOTIFY, DN_ACCESS | DN_MULTISHOT) < 0)
        stopped("F_NOTIFY");
    for (int i = 0; i < 50 && !noticed; i++)
        usleep(10 * 1000);
    if (!noticed)
        stopped("nothing happened");
    worked("somebody reads there");
}
