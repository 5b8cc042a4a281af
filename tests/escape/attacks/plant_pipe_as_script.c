/* SPDX-License-Identifier: Apache-2.0 */
/* attack: leaves a pipe where the next caller expects a script, who then waits for ever
 * category: supervisor
 * inside: a script is a plain file, and opening it waits for nobody
 * arguments: {workspace} {secret}
 * options: --directory {workspace}
 * worked: planted script
 * expect: quiet stopped
 */
#include <sys/stat.h>

#include "attack.h"

int main(int argc, char **argv)
{
    if (argc < 3 || chdir(argv[1]) < 0)
        nothing_to_attack("no workspace");
    if (mkfifo("planted.py", 0666) < 0)
        stopped("mkfifo");
    return 0;
}
