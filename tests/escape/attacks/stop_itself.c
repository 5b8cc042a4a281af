/* SPDX-License-Identifier: Apache-2.0 */
/* attack: stops itself: who is stopped takes no polite signal
 * category: processes
 * inside: it is dead at the time limit
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
    (void)close(creat("beat", 0644));
    alarm(20); /* ends it once somebody lets it go on */
    (void)raise(SIGSTOP);
    (void)pause();
}
