/* SPDX-License-Identifier: Apache-2.0 */
/* attack: puts capabilities on a program in the workspace, as setcap does
 * category: files
 * inside: refused: no capability to give any
 * as: root
 * arguments: {workspace}
 * options: --directory {workspace}
 */
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/xattr.h>

#include "attack.h"

int main(int argc, char **argv)
{
    struct vfs_cap_data data = { .magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE };
    data.data[0].permitted = 1U << CAP_SYS_ADMIN;
    if (argc < 2 || chdir(argv[1]) < 0 || creat("program", 0755) < 0)
        nothing_to_attack("no workspace");
    if (setxattr("program", "security.capability", &data, sizeof(data), 0) < 0)
        stopped("setxattr security.capability");
    worked("a program with CAP_SYS_ADMIN");
}
