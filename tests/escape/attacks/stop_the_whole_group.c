/* SPDX-License-Identifier: Apache-2.0 */
/* attack: stops its process group, parent and children alike
 * category: processes
 * inside: all of them are dead at the time limit
 * arguments: {workspace} {mark}
 * options: --directory {workspace} --timeout 500ms
 * worked: alive
 * expect: wall
 */
#include <fcntl.h>
#include <signal.h>

#include "attack.h"

int main(int argc, char **argv)
{
    if (argc < 2 || chdir(argv[1]) < 0)
        nothing_to_attack("no workspace");
    for (int i = 0; i < 4; i++)
        if (fork() == 0)
            (void)pause();
    (void)close(creat("beat", 0644));
    (void)setpgid(0, 0);
    (void)kill(0, SIGSTOP);
    (void)pause();
}
