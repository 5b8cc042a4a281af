/* SPDX-License-Identifier: Apache-2.0 */
/* attack: reserves 96 MB of the host's disk beyond a file's end, which no size shows
 * category: resources
 * inside: reserved blocks count, or cannot be reserved
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
    if (fd < 0 || fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 96 << 20) < 0)
        stopped("fallocate");
    usleep(1500 * 1000); /* somebody might want to look */
    worked("more than was allowed");
}
