/* SPDX-License-Identifier: Apache-2.0 */
/* attack: makes a device node in the workspace, a door to any disk of the host
 * category: files
 * inside: mknod is refused
 * as: root
 * arguments: {workspace}
 * options: --directory {workspace}
 */
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "attack.h"

int main(int argc, char **argv)
{
    if (argc < 2 || chdir(argv[1]) < 0)
        nothing_to_attack("no workspace");
    if (mknod("null", S_IFCHR | 0666, makedev(1, 3)) < 0)
        stopped("mknod");
    unlink("null");
    worked("a device node stands in the workspace");
}
