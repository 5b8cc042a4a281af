/* SPDX-License-Identifier: Apache-2.0 */
/* attack: ends at once but leaves a child that holds its output open, for whoever reads to the end
 * category: supervisor
 * inside: the run ends with its main program
 * worked: lingers
 * expect: quiet
 */
#include "attack.h"

int main(void)
{
    pid_t child = fork();
    if (child < 0)
        stopped("fork");
    if (child == 0) {
        (void)setsid();
        sleep(2);
        _exit(write(1, "lingered\n", 9) != 9);
    }
    (void)!write(1, "done\n", 5);
    return 0;
}
