/* SPDX-License-Identifier: Apache-2.0 */
/* attack: the same in a thousand files and directories
 * category: resources
 * inside: growth is counted over the tree
 * arguments: {workspace}
 * options: --directory {workspace}
 * limits: workspace_growth=16M
 * expect: stopped disk
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "attack.h"

int main(int argc, char **argv)
{
    static char piece[1 << 20];
    if (argc < 2 || chdir(argv[1]) < 0)
        nothing_to_attack("no workspace");
    memset(piece, 'x', sizeof(piece));
    char name[32];
    for (int i = 0; i < 960; i++) {
        (void)snprintf(name, sizeof(name), "dir-%d", i % 31);
        (void)mkdir(name, 0700);
        (void)snprintf(name, sizeof(name), "dir-%d/file-%d", i % 31, i);
        int fd = creat(name, 0600);
        if (fd < 0 || write(fd, piece, sizeof(piece) / 10) < 0)
            stopped("write");
        (void)close(fd);
    }
    usleep(1500 * 1000); /* somebody might want to look */
    worked("more than was allowed");
}
