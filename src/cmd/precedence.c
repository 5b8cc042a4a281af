/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/precedence.h"

#include <fcntl.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cordon/own.h>

/* The kernel shares the processor out to sessions first (sched_autogroup) and then within each, so
 * that fifty boxes would have fifty times the front's share, and a ping wait for all of them. The
 * front's own work is small: its weight costs nobody anything that he would notice. */
#define SESSION_NICE "-19"

/* Where there are no such groups, or a control group is around all of us. */
#define NICE (-10)

/* A session of our own, where Ctrl-C is not wanted from it; true also where it is one already. A
 * leader of a group in somebody's session can make none, and raises nobody else. */
static bool has_session(int in)
{
    return getsid(0) == getpid() || (!isatty(in) && setsid() >= 0);
}

void precedence_take(int in)
{
    if (geteuid() != 0 || !has_session(in))
        return;
    (void)setpriority(PRIO_PROCESS, 0, NICE);
    autoclose int group = open("/proc/self/autogroup", O_WRONLY | O_CLOEXEC);
    if (group >= 0)
        (void)!write(group, SESSION_NICE, sizeof(SESSION_NICE) - 1);
}
