/* SPDX-License-Identifier: Apache-2.0 */
/* attack: leaves a link to a key where the next caller expects a script
 * category: supervisor
 * inside: a script that leads out of its directory is refused
 * arguments: {workspace} {secret}
 * options: --directory {workspace}
 * worked: planted script
 * expect: quiet stopped
 */
#include "attack.h"

int main(int argc, char **argv)
{
    if (argc < 3 || chdir(argv[1]) < 0)
        nothing_to_attack("no workspace");
    if (symlink(argv[2], "planted.py") < 0)
        stopped("symlink");
    return 0;
}
