/* SPDX-License-Identifier: Apache-2.0 */
/* attack: a hundred thousand signals to the process above, of every kind that it might handle
 * category: supervisor
 * inside: pid 1 lives on and the run ends as it should
 */
#include "attack.h"

int main(void)
{
    pid_t init = pid_of_init();
    int taken = 0;
    for (int i = 0; i < 100000; i++)
        taken += kill(init, 1 + i % 31 == SIGKILL ? SIGCHLD : 1 + i % 31) == 0;
    if (is_dead(init))
        worked("it did not survive");
    errno = EPERM;
    stopped("it is unmoved");
}
