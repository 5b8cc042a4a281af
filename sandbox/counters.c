/* SPDX-License-Identifier: Apache-2.0 */
#include "counters.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cordon/own.h>

static const struct {
    uint32_t type;
    uint64_t config;
} events[COUNTER_PROCESSOR] = {
    [COUNTER_INSTRUCTIONS] = { PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS },
    [COUNTER_CYCLES] = { PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES },
    [COUNTER_BRANCH_MISSES] = { PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_MISSES },
    [COUNTER_CACHE_MISSES] = { PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_MISSES },
};

static int event_open(uint32_t type, uint64_t config, pid_t pid)
{
    struct perf_event_attr attributes = {
        .size = sizeof(attributes),
        .type = type,
        .config = config,
        .read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING,
        .disabled = 1,
        .inherit = 1,
        .enable_on_exec = 1, /* pid 1 never does, and no more do we: that is not the script's */
        .exclude_kernel = 1, /* what perf_event_paranoid allows everybody but the wary */
        .exclude_hv = 1,
    };
    return (int)syscall(SYS_perf_event_open, &attributes, pid, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

static const char *reason(int code)
{
    switch (code) {
    case ENOENT:
    case ENODEV:
    case EOPNOTSUPP:
        return "this machine has no such counter, as most virtual ones";
    case EACCES:
    case EPERM:
        return "the kernel does not allow it (kernel.perf_event_paranoid)";
    case ENOSYS:
        return "the kernel has no counters";
    default:
        return strerror(code);
    }
}

/* "instructions, cycles: this machine ..."; the reason is the first one's. */
static void say_missing(struct counters *counters, const int codes[COUNTER_PROCESSOR])
{
    size_t len = 0;
    int first = 0;
    for (int i = 0; i < COUNTER_PROCESSOR; i++) {
        if (codes[i] == 0)
            continue;
        len += (size_t)snprintf(counters->missing + len, sizeof(counters->missing) - len, "%s%s",
                                len ? ", " : "", counter_name((enum counter)i));
        first = first ? first : codes[i];
    }
    if (len > 0)
        (void)snprintf(counters->missing + len, sizeof(counters->missing) - len, ": %s",
                       reason(first));
}

void counters_open(struct counters *counters)
{
    int codes[COUNTER_PROCESSOR];
    counters->missing[0] = '\0';
    for (int i = 0; i < COUNTER_PROCESSOR; i++) {
        counters->fds[i] = event_open(events[i].type, events[i].config, 0);
        codes[i] = counters->fds[i] < 0 ? errno : 0;
    }
    say_missing(counters, codes);
}

/* What read(2) gives, by read_format. */
struct value {
    uint64_t count, enabled_ns, running_ns;
};

/* There may be more counters than the processor has places: one that had its place for a part
 * of the time stands for all of it. */
static uint64_t scaled(const struct value *value)
{
    if (value->running_ns == 0 || value->running_ns >= value->enabled_ns)
        return value->count;
    return (uint64_t)((double)value->count * (double)value->enabled_ns / (double)value->running_ns);
}

void counters_read(const struct counters *counters, struct measured *ret)
{
    (void)snprintf(ret->missing, sizeof(ret->missing), "%s", counters->missing);
    for (int i = 0; i < COUNTER_PROCESSOR; i++) {
        struct value value;
        if (counters->fds[i] < 0 ||
            read(counters->fds[i], &value, sizeof(value)) != (ssize_t)sizeof(value))
            continue;
        ret->counted |= 1U << i;
        ret->counters[i] = scaled(&value);
    }
}

int counter_of_time(pid_t pid)
{
    return event_open(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK, pid);
}

uint64_t counter_time_ns(int counter)
{
    struct value value;
    bool good = counter >= 0 && read(counter, &value, sizeof(value)) == (ssize_t)sizeof(value);
    return good ? value.count : 0;
}

void counters_close(struct counters *counters)
{
    for (int i = 0; i < COUNTER_PROCESSOR; i++)
        own_close(&counters->fds[i]);
    *counters = (struct counters){ 0 };
    for (int i = 0; i < COUNTER_PROCESSOR; i++)
        counters->fds[i] = -1;
}
