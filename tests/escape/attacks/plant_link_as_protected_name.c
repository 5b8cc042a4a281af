/* SPDX-License-Identifier: Apache-2.0 */
/* attack: leaves a link to the key's directory under a name that the next run protects
 * category: supervisor
 * inside: a protected name is never followed out of the workspace
 * arguments: {workspace} {secret}
 * options: --directory {workspace}
 * worked: planted link
 * expect: quiet stopped
 */
#include "attack.h"

int main(int argc, char **argv)
{
    if (argc < 3 || chdir(argv[1]) < 0)
        nothing_to_attack("no workspace");
    char *slash = strrchr(argv[2], '/');
    *slash = '\0';
    if (symlink(argv[2], ".vscode") < 0)
        stopped("symlink");
    return 0;
}
