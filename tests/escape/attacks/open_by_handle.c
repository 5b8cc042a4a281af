/* SPDX-License-Identifier: Apache-2.0 */
/* attack: opens a file by its handle, past every mount and directory
 * category: files
 * inside: the calls are not there
 * as: root
 * arguments: {workspace}
 * options: --directory {workspace}
 */
#include <fcntl.h>

#include "attack.h"

int main(int argc, char **argv)
{
    union {
        struct file_handle handle;
        char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
    } file = { .handle = { .handle_bytes = MAX_HANDLE_SZ } };
    int mount_id;
    int mount = open(argc > 1 ? argv[1] : "/", O_RDONLY | O_DIRECTORY);
    if (name_to_handle_at(AT_FDCWD, argc > 1 ? argv[1] : "/", &file.handle, &mount_id, 0) < 0)
        stopped("name_to_handle_at");
    if (open_by_handle_at(mount, &file.handle, O_RDONLY) < 0)
        stopped("open_by_handle_at");
    worked("a directory opened by its handle");
}
