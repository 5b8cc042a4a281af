/* SPDX-License-Identifier: Apache-2.0 */
/* attack: leaves a pipe under a name that the next run protects
 * category: supervisor
 * inside: the next run is not held up
 * arguments: {workspace} {secret}
 * options: --directory {workspace}
 * worked: planted hang
 * expect: quiet stopped
 */
#include <sys/stat.h>

#include "attack.h"

int main(int argc, char **argv)
{
    if (argc < 3 || chdir(argv[1]) < 0)
        nothing_to_attack("no workspace");
    if (mkfifo(".vscode", 0666) < 0 || mkdir(".idea", 0) < 0 || symlink(".idea", "planted") < 0)
        stopped("mkfifo");
    return 0;
}
