/* SPDX-License-Identifier: Apache-2.0 */
/* attack: a parent waits uninterruptibly in vfork for a child that does not end
 * category: processes
 * inside: both are dead when the run's end is reported
 * arguments: {workspace} {mark}
 * options: --directory {workspace} --timeout 500ms
 * worked: beat
 * expect: wall
 */
#include <fcntl.h>

#include "attack.h"

static void beat(void)
{
    int fd = open("beat", O_CREAT | O_WRONLY | O_APPEND, 0644);
    /* Ten seconds at most, so that outside too it ends by itself. */
    for (int i = 0; i < 1000; i++) {
        (void)!write(fd, ".", 1);
        usleep(10 * 1000);
    }
    _exit(0);
}

int main(int argc, char **argv)
{
    if (argc < 2 || chdir(argv[1]) < 0)
        nothing_to_attack("no workspace");
    if (fork() == 0) {
        (void)setsid();
        pid_t child = vfork();
        if (child == 0)
            beat();
        _exit(0);
    }
    (void)pause();
}
