/* SPDX-License-Identifier: Apache-2.0 */
/* attack: hides 150 MB in extended attributes of empty files where 64 MB are allowed
 * category: resources
 * limits: inodes=100000
 * inside: attributes count against the scratch or as memory
 * options: --memory 64M
 * expect: stopped memory
 */
#include <fcntl.h>
#include <sys/xattr.h>

#include "attack.h"

int main(void)
{
    static char value[60 * 1024];
    char name[32];
    memset(value, 'v', sizeof(value));
    (void)chdir("/tmp");
    for (int i = 0; i < 2500; i++) {
        (void)snprintf(name, sizeof(name), "file-%d", i);
        (void)close(creat(name, 0600));
        if (i == 0 && setxattr(name, "user.small", value, 1, 0) < 0)
            nothing_to_attack("this kernel's tmpfs takes no attributes");
        if (setxattr(name, "user.room", value, sizeof(value), 0) < 0)
            stopped("setxattr");
    }
    worked("150 MB of attributes");
}
