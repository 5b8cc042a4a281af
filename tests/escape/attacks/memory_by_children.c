/* SPDX-License-Identifier: Apache-2.0 */
/* attack: eight children of 40 MB each, where 64 MB are allowed for all
 * category: resources
 * inside: the limit is the tree's
 * options: --memory 64M
 * expect: stopped memory
 */
#include <sys/wait.h>

#include "attack.h"

int main(void)
{
    int status, held = 0;
    for (int i = 0; i < 8; i++) {
        if (fork() != 0)
            continue;
        char *room = malloc(40 << 20);
        if (!room)
            _exit(1);
        touch(room, 40 << 20);
        usleep(300 * 1000);
        _exit(0);
    }
    while (wait(&status) > 0)
        held += WIFEXITED(status) && WEXITSTATUS(status) == 0;
    errno = ENOMEM;
    if (held < 8)
        stopped("some of them had to go");
    worked("320 MB");
}
