/* SPDX-License-Identifier: Apache-2.0 */
/* attack: six processes with 50 MB of shared memory each, where 64 MB are allowed
 * category: resources
 * inside: shared memory counts once for each mapping that it is
 * options: --memory 64M
 * expect: stopped memory
 */
#include <sys/mman.h>
#include <sys/wait.h>

#include "attack.h"

int main(void)
{
    int status, held = 0;
    for (int i = 0; i < 6; i++) {
        if (fork() != 0)
            continue;
        char *room =
            mmap(NULL, 50 << 20, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (room == MAP_FAILED)
            _exit(1);
        touch(room, 50 << 20);
        usleep(400 * 1000);
        _exit(0);
    }
    while (wait(&status) > 0)
        held += WIFEXITED(status) && WEXITSTATUS(status) == 0;
    errno = ENOMEM;
    if (held < 6)
        stopped("some of them had to go");
    worked("300 MB");
}
