/* SPDX-License-Identifier: Apache-2.0 */
/* attack: writes 96 MB to the host's disk where the workspace may grow by 16
 * category: resources
 * inside: the growth of a workspace is bounded
 * arguments: {workspace}
 * options: --directory {workspace}
 * limits: workspace_growth=16M
 * expect: stopped disk
 */
#include <fcntl.h>

#include "attack.h"

int main(int argc, char **argv)
{
    static char piece[1 << 20];
    if (argc < 2 || chdir(argv[1]) < 0)
        nothing_to_attack("no workspace");
    memset(piece, 'x', sizeof(piece));
    int fd = creat("big", 0600);
    for (int i = 0; i < 96; i++)
        if (fd < 0 || write(fd, piece, sizeof(piece)) != sizeof(piece))
            stopped("write");
    usleep(1500 * 1000); /* somebody might want to look */
    worked("more than was allowed");
}
