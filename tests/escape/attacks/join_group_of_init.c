/* SPDX-License-Identifier: Apache-2.0 */
/* attack: moves into the process group of what is above, to get its signals
 * category: supervisor
 * inside: it is another session: refused
 * arguments: {victim}
 */
#include "attack.h"

int main(int argc, char **argv)
{
    pid_t pids[2];
    size_t count = victims(argc, argv, pids);
    for (size_t i = 0; i < count; i++) {
        pid_t group = getpgid(pids[i]);
        if (group < 0)
            continue;
        if (group == getpgrp())
            worked("it is there already");
        if (setpgid(0, group) == 0)
            worked("one group");
    }
    stopped("setpgid");
}
