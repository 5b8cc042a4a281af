/* SPDX-License-Identifier: Apache-2.0 */
/* attack: slows everything of its user, and that is the process above as well
 * category: supervisor
 * inside: refused for whole users and groups
 * arguments: {victim}
 */
#include <sys/resource.h>

#include "attack.h"

int main(int argc, char **argv)
{
    pid_t pids[2];
    size_t count = victims(argc, argv, pids);
    for (size_t i = 0; i < count; i++) {
        if (setpriority(PRIO_USER, getuid(), 19) == 0 &&
            getpriority(PRIO_PROCESS, (id_t)pids[i]) == 19)
            worked("all of them are nicer");
    }
    stopped("setpriority");
}
