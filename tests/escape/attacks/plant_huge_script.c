/* SPDX-License-Identifier: Apache-2.0 */
/* attack: leaves a script of 60 MB in one line
 * category: supervisor
 * inside: a script has at most 4 MiB, and is not read to find that out
 * arguments: {workspace} {secret}
 * options: --directory {workspace}
 * worked: planted huge
 * expect: quiet stopped
 */
#include <fcntl.h>
#include <string.h>

#include "attack.h"

int main(int argc, char **argv)
{
    if (argc < 3 || chdir(argv[1]) < 0)
        nothing_to_attack("no workspace");
    static char piece[1 << 20];
    memset(piece, '#', sizeof piece);
    int fd = creat("planted.py", 0666);
    for (int written = 0; written < 60; written++)
        if (fd < 0 || write(fd, piece, sizeof piece) != (ssize_t)sizeof piece)
            stopped("write");
    return 0;
}
