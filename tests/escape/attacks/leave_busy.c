/* SPDX-License-Identifier: Apache-2.0 */
/* attack: the main program ends at once while twenty children spin and fork
 * category: resources
 * inside: all of them are dead when the run's end is reported
 * arguments: {workspace} {mark}
 * options: --directory {workspace}
 * worked: alive
 * expect: quiet
 */
#include <fcntl.h>
#include <sys/wait.h>

#include "attack.h"

int main(int argc, char **argv)
{
    if (argc < 2 || chdir(argv[1]) < 0)
        nothing_to_attack("no workspace");
    (void)signal(SIGTERM, SIG_IGN); /* the children's from their first moment on */
    for (int i = 0; i < 20; i++) {
        if (fork() != 0)
            continue;
        (void)setsid();
        alarm(20); /* they slow down whoever looks for them */
        for (;;)
            if (fork() == 0)
                _exit(0);
            else
                while (waitpid(-1, NULL, WNOHANG) > 0)
                    ;
    }
    (void)signal(SIGTERM, SIG_DFL);
    (void)close(creat("beat", 0600));
    usleep(100 * 1000);
    return 0;
}
