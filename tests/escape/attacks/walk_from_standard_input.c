/* SPDX-License-Identifier: Apache-2.0 */
/* attack: a directory the caller gave as standard input is a door: opens the key beside it
 * category: files
 * inside: a directory is no input and is not passed on, or leads nowhere
 * caller: directory
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "attack.h"

int main(void)
{
    struct stat st;
    if (openat(0, "id_test", O_RDONLY) >= 0)
        worked("the key, opened");
    if (fstatat(0, "id_test", &st, 0) == 0)
        worked("the key, seen");
    if (fchdir(0) == 0 && stat("../..", &st) == 0)
        worked("a working directory outside");
    stopped("openat and fchdir");
}
