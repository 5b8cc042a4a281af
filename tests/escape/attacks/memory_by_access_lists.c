/* SPDX-License-Identifier: Apache-2.0 */
/* attack: access lists of 64 KB on directories: memory of the kernel's that no control group counts
 * category: resources
 * inside: an attribute is small, and there are only so many files
 * expect: stopped
 */
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "attack.h"

enum { USERS = 8000 };

struct entry {
    unsigned short tag, permissions;
    unsigned id;
};

int main(void)
{
    static struct {
        unsigned version;
        struct entry of[USERS + 4];
    } list = { .version = 2 };
    size_t count = 0;
    list.of[count++] = (struct entry){ 1, 7, ~0U };
    for (int i = 0; i < USERS; i++)
        list.of[count++] = (struct entry){ 2, 7, getuid() };
    list.of[count++] = (struct entry){ 4, 7, ~0U };
    list.of[count++] = (struct entry){ 16, 7, ~0U };
    list.of[count++] = (struct entry){ 32, 7, ~0U };
    char name[32];
    for (int i = 0; i < 100; i++) {
        (void)snprintf(name, sizeof(name), "/tmp/listed-%d", i);
        if (mkdir(name, 0700) < 0)
            stopped("mkdir");
        if (setxattr(name, "system.posix_acl_default", &list,
                     sizeof(list.version) + count * sizeof(list.of[0]), 0) < 0)
            stopped("setxattr");
    }
    worked("a hundred lists of 64 KB");
}
