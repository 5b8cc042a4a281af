/* SPDX-License-Identifier: Apache-2.0 */
/* attack: pivot_root brings another tree to the top and the old one to a place of its choice
 * category: files
 * inside: pivot_root is not there
 * as: root
 */
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "attack.h"

int main(void)
{
    (void)unshare(CLONE_NEWNS);
    (void)mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
    (void)mkdir("/tmp/old", 0755);
    (void)chdir("/tmp");
    if (syscall(SYS_pivot_root, ".", "old") < 0)
        stopped("pivot_root");
    worked("another root");
}
