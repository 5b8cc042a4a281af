/* SPDX-License-Identifier: Apache-2.0 */
/* attack: leaves a pipe where the next caller expects a file of variables
 * category: supervisor
 * inside: a file of variables is a plain file, and opening it waits for nobody
 * arguments: {workspace} {secret}
 * options: --directory {workspace}
 * worked: planted env
 * expect: quiet stopped
 */
#include <sys/stat.h>

#include "attack.h"

int main(int argc, char **argv)
{
    if (argc < 3 || chdir(argv[1]) < 0)
        nothing_to_attack("no workspace");
    if (mkfifo("planted.env", 0666) < 0)
        stopped("mkfifo");
    return 0;
}
