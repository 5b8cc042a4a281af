/* SPDX-License-Identifier: Apache-2.0 */
/* attack: perf_event_open: counters of the machine, and a large part of the kernel
 * category: system calls
 * inside: the call is not there
 */
#include <linux/perf_event.h>
#include <sys/syscall.h>

#include "attack.h"

int main(void)
{
    struct perf_event_attr attr = { .type = PERF_TYPE_SOFTWARE, .size = sizeof(attr) };
    attr.config = PERF_COUNT_SW_TASK_CLOCK;
    attr.exclude_kernel = attr.exclude_hv = 1;
    if (syscall(SYS_perf_event_open, &attr, 0L, -1L, -1L, 0L) < 0)
        stopped("perf_event_open");
    worked("a counter");
}
