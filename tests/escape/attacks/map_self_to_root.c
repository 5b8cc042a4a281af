/* SPDX-License-Identifier: Apache-2.0 */
/* attack: becomes root of a user namespace and of a network in it: nf_tables (CVE-2024-1086)
 * category: privileges
 * inside: no further user namespace
 */
#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>

#include "attack.h"

static bool put(const char *file, const char *text)
{
    int fd = open(file, O_WRONLY);
    return fd >= 0 && write(fd, text, strlen(text)) > 0;
}

int main(void)
{
    char map[32];
    (void)snprintf(map, sizeof(map), "0 %d 1\n", (int)getuid());
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
        stopped("unshare");
    (void)put("/proc/self/setgroups", "deny");
    if (!put("/proc/self/uid_map", map) || socket(AF_NETLINK, SOCK_RAW, 12) < 0)
        stopped("uid_map");
    worked("root, with a firewall to talk to");
}
