/* SPDX-License-Identifier: Apache-2.0 */
/* attack: a daemon, twice forked and in a session of its own, goes on after the run's end
 * category: processes
 * inside: it is dead when the run's end is reported; outside it goes on writing
 * arguments: {workspace} {mark}
 * options: --directory {workspace} --timeout 500ms
 * worked: beat
 * expect: wall
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include "attack.h"

static void beat(void)
{
    int fd = open("beat", O_CREAT | O_WRONLY | O_APPEND, 0644);
    /* Ten seconds at most, so that outside too it ends by itself. */
    for (int i = 0; i < 1000; i++) {
        (void)!write(fd, ".", 1);
        nanosleep(&(struct timespec){ .tv_nsec = 10 * 1000 * 1000 }, NULL);
    }
    _exit(0);
}

int main(int argc, char **argv)
{
    if (argc < 2 || chdir(argv[1]) < 0)
        nothing_to_attack("no workspace");
    signal(SIGHUP, SIG_IGN);
    if (fork() == 0) {
        setsid();
        if (fork() == 0)
            beat();
        _exit(0);
    }
    pause();
}
