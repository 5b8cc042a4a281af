/* SPDX-License-Identifier: Apache-2.0 */
/* attack: leaves a link to a key where the next caller expects a file of variables
 * category: supervisor
 * inside: what leads out of the directory is refused
 * arguments: {workspace} {secret}
 * options: --directory {workspace}
 * worked: planted env
 * expect: quiet stopped
 */
#include "attack.h"

int main(int argc, char **argv)
{
    if (argc < 3 || chdir(argv[1]) < 0)
        nothing_to_attack("no workspace");
    if (symlink(argv[2], "planted.env") < 0)
        stopped("symlink");
    return 0;
}
