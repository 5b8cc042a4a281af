/* SPDX-License-Identifier: Apache-2.0 */
/* attack: a successor every millisecond, in sessions of their own: no pid to hit
 * category: processes
 * inside: all of them are dead when the run's end is reported
 * arguments: {workspace} {mark}
 * options: --directory {workspace} --timeout 500ms
 * worked: beat
 * expect: wall
 */
#include <fcntl.h>

#include "attack.h"

int main(int argc, char **argv)
{
    if (argc < 2 || chdir(argv[1]) < 0)
        nothing_to_attack("no workspace");
    /* Two seconds or so at most. */
    for (int i = 0; i < 1000; i++) {
        pid_t child = fork();
        if (child < 0)
            break;
        if (child > 0) {
            if (i > 0)
                _exit(0);
            (void)pause();
        }
        (void)setsid();
        int fd = open("beat", O_CREAT | O_WRONLY | O_APPEND, 0644);
        (void)!write(fd, ".", 1);
        (void)close(fd);
        usleep(1000);
    }
    _exit(0);
}
