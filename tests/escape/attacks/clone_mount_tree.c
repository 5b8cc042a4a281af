/* SPDX-License-Identifier: Apache-2.0 */
/* attack: open_tree and move_mount: the newer way to mount what lies elsewhere, by descriptors
 * category: files
 * inside: neither call is there
 * as: root
 */
#include <fcntl.h>
#include <sys/syscall.h>

#include "attack.h"

#define OPEN_TREE_CLONE 1L

int main(void)
{
    long tree = syscall(SYS_open_tree, AT_FDCWD, "/usr", OPEN_TREE_CLONE);
    if (tree < 0)
        stopped("open_tree");
    if (syscall(SYS_move_mount, tree, "", AT_FDCWD, "/tmp", 4L) < 0)
        stopped("move_mount");
    worked("/usr stands at /tmp");
}
