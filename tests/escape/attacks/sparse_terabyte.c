/* SPDX-License-Identifier: Apache-2.0 */
/* attack: makes a file of one terabyte that takes no room until somebody copies it
 * category: resources
 * inside: the file's size is bounded: EFBIG, or SIGXFSZ
 * arguments: {workspace}
 * options: --directory {workspace}
 * expect: stopped signalled
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
    if (fd < 0 || ftruncate(fd, 1L << 40) < 0)
        stopped("ftruncate");
    usleep(500 * 1000); /* somebody might want to look */
    worked("more than was allowed");
}
