/* SPDX-License-Identifier: Apache-2.0 */
/* attack: makes six thousand files on the host's disk where two thousand may be
 * category: resources
 * inside: the growth of a workspace is bounded in files as well
 * arguments: {workspace}
 * options: --directory {workspace}
 * limits: inodes=2000 workspace_growth=16M
 * expect: stopped disk
 */
#include <fcntl.h>

#include "attack.h"

int main(int argc, char **argv)
{
    char name[64];
    if (argc < 2 || chdir(argv[1]) < 0)
        nothing_to_attack("no workspace");
    for (int i = 0; i < 6000; i++) {
        (void)snprintf(name, sizeof(name), "file-%d", i);
        int fd = creat(name, 0600);
        if (fd < 0)
            stopped("creat");
        (void)close(fd);
    }
    usleep(1500 * 1000);
    worked("six thousand files");
}
