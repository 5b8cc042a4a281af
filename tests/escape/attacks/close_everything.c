/* SPDX-License-Identifier: Apache-2.0 */
/* attack: closes its output and works on, for whoever takes the end of a pipe for the end of a run
 * category: supervisor
 * inside: the run is the processes, not the pipes: the time limit ends it
 * arguments: {workspace} {mark}
 * options: --directory {workspace} --timeout 500ms
 * worked: alive
 * expect: wall
 */
#include <fcntl.h>
#include <unistd.h>

#include "attack.h"

int main(int argc, char **argv)
{
    if (argc < 2 || chdir(argv[1]) < 0)
        nothing_to_attack("no workspace");
    (void)close_range(0, ~0U, 0);
    (void)signal(SIGTERM, SIG_IGN);
    (void)close(creat("beat", 0600));
    alarm(10);
    (void)pause();
}
