/* SPDX-License-Identifier: Apache-2.0 */
/* attack: leaves a device without end where the next caller expects variables
 * category: supervisor
 * inside: no device can be made
 * arguments: {workspace} {secret}
 * options: --directory {workspace}
 * worked: planted env
 * expect: quiet stopped
 * as: root
 */
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "attack.h"

int main(int argc, char **argv)
{
    if (argc < 3 || chdir(argv[1]) < 0)
        nothing_to_attack("no workspace");
    if (mknod("planted.env", S_IFCHR | 0666, makedev(1, 5)) < 0)
        stopped("mknod");
    return 0;
}
