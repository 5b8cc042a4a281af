/* SPDX-License-Identifier: Apache-2.0 */
/* attack: setns joins the namespaces of the process above
 * category: privileges
 * inside: no capability, and nothing to join is shown
 * as: root
 */
#include <fcntl.h>
#include <sched.h>
#include <sys/syscall.h>

#include "attack.h"

int main(void)
{
    static const char *const kinds[] = { "mnt", "net", "ipc", "uts", "pid", "cgroup" };
    char path[40];
    for (size_t i = 0; i < COUNT(kinds); i++) {
        (void)snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid_of_init(), kinds[i]);
        int fd = open(path, O_RDONLY);
        if (fd >= 0 && setns(fd, 0) == 0)
            worked(path);
    }
    long pidfd = syscall(SYS_pidfd_open, pid_of_init(), 0L);
    if (pidfd >= 0 && setns((int)pidfd, CLONE_NEWNS | CLONE_NEWNET) == 0)
        worked("through a pidfd");
    stopped("setns");
}
