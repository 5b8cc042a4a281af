/* SPDX-License-Identifier: Apache-2.0 */
/* attack: writes the id maps of its own user namespace anew
 * category: privileges
 * inside: they are written once and for all
 */
#include <fcntl.h>
#include <sched.h>

#include "attack.h"

static bool put(const char *file, const char *text)
{
    int fd = open(file, O_WRONLY);
    return fd >= 0 && write(fd, text, strlen(text)) > 0;
}

int main(void)
{
    char map[32];
    /* Outside a namespace that has no map yet is the only one that can be written to. */
    (void)snprintf(map, sizeof(map), "%d %d 1\n", (int)getuid(), (int)getuid());
    if (getenv("STAND_IN") && unshare(CLONE_NEWUSER) < 0)
        nothing_to_attack("no user namespaces here");
    if (!put("/proc/self/uid_map", map) && !put("/proc/self/uid_map", "0 0 1\n"))
        stopped("uid_map");
    worked("the map is ours");
}
