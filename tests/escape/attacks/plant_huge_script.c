/* SPDX-License-Identifier: Apache-2.0 */
/* attack: leaves a script of 900 MB without a line in it
 * category: supervisor
 * inside: a script has at most 4 MiB, and is not read to find that out
 * arguments: {workspace} {secret}
 * options: --directory {workspace}
 * worked: planted script
 * expect: quiet stopped
 */
#include <fcntl.h>

#include "attack.h"

int main(int argc, char **argv)
{
    if (argc < 3 || chdir(argv[1]) < 0)
        nothing_to_attack("no workspace");
    int fd = creat("planted.py", 0666);
    if (fd < 0 || write(fd, "#", 1) != 1 || ftruncate(fd, 900 << 20) < 0)
        stopped("ftruncate");
    return 0;
}
