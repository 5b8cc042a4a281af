/* SPDX-License-Identifier: Apache-2.0 */
/* attack: move_pages tells on which node another's pages lie, and moves them
 * category: processes
 * inside: the call is not there
 * arguments: {victim}
 */
#include <sys/syscall.h>

#include "attack.h"

int main(int argc, char **argv)
{
    pid_t pids[2];
    size_t count = victims(argc, argv, pids);
    for (size_t i = 0; i < count; i++) {
        if (syscall(SYS_move_pages, pids[i], 0L, NULL, NULL, NULL, 0L) >= 0)
            worked("the call is made for it");
        if (syscall(SYS_migrate_pages, pids[i], 0L, NULL, NULL) >= 0)
            worked("its pages are moved");
    }
    stopped("move_pages");
}
