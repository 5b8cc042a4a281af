/* SPDX-License-Identifier: Apache-2.0 */
/* attack: four children in turn eat 300 MB each where 64 MB are allowed, and their parent goes on
 * category: resources
 * inside: a limit ends the whole tree, not the one who reached it
 * options: --memory 64M
 * expect: memory
 */
#include <sys/wait.h>

#include "attack.h"

int main(void)
{
    int status = 0;
    for (int i = 0; i < 4; i++) {
        pid_t child = fork();
        if (child < 0)
            stopped("fork");
        if (child == 0) {
            char *room = malloc(300 << 20);
            if (room)
                touch(room, 300 << 20);
            _exit(0);
        }
        (void)waitpid(child, &status, 0);
    }
    usleep(200 * 1000);
    worked("it is still there");
}
