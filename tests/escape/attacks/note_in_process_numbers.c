/* SPDX-License-Identifier: Apache-2.0 */
/* attack: one uses up process numbers, the other sees its own jump
 * category: cross-run
 * inside: every box counts for itself
 * parties: after
 */
#include <sys/wait.h>

#include "attack.h"

int main(int argc, char **argv)
{
    if (sending(argc, argv)) {
        for (int i = 0; i < 300; i++) {
            pid_t child = fork();
            if (child == 0)
                _exit(0);
            (void)waitpid(child, NULL, 0);
        }
        return 0;
    }
    errno = ERANGE;
    if (getpid() < 250)
        stopped("small numbers");
    worked("numbers have been used");
}
