/* SPDX-License-Identifier: Apache-2.0 */
/* attack: names of 255 bytes, which are kernel memory that no size of a tmpfs shows
 * category: resources
 * inside: bounded by inodes
 * limits: inodes=5000
 */
#include "attack.h"

int main(void)
{
    char name[256];
    (void)chdir("/tmp");
    memset(name, 'n', 255);
    name[255] = '\0';
    for (int i = 0; i < 20000; i++) {
        (void)snprintf(name, 8, "%07d", i);
        name[7] = 'n';
        if (symlink("x", name) < 0)
            stopped("symlink");
    }
    worked("5 MB of names");
}
