/* SPDX-License-Identifier: Apache-2.0 */
/* attack: name_to_handle_at: the number under which a file opens past every directory
 * category: system calls
 * inside: the call is not there
 */
#include <fcntl.h>

#include "attack.h"

int main(void)
{
    struct {
        struct file_handle handle;
        char room[MAX_HANDLE_SZ];
    } file = { .handle.handle_bytes = MAX_HANDLE_SZ };
    int mount;
    if (name_to_handle_at(AT_FDCWD, "/usr", &file.handle, &mount, 0) < 0)
        stopped("name_to_handle_at");
    worked("a handle");
}
