/* SPDX-License-Identifier: Apache-2.0 */
/* attack: writes 96 MB to a file that has no name any more and that no walk finds
 * category: resources
 * inside: what is unlinked and open counts as well
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
    if (fd < 0 || unlink("big") < 0)
        nothing_to_attack("no file can be made in the workspace");
    for (int i = 0; i < 96; i++)
        if (write(fd, piece, sizeof(piece)) != sizeof(piece))
            stopped("write");
    usleep(1500 * 1000); /* somebody might want to look */
    worked("more than was allowed");
}
