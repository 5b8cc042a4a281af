/* SPDX-License-Identifier: Apache-2.0 */
/* seen.c - two lists of processes: those of the last look, and those of this one. */
#include "seen.h"

#include <stdlib.h>
#include <time.h>

#include "clock.h"
#include "str.h"

/* More than any policy allows; the rest is not remembered. */
#define SEEN_MAX 4096

struct list {
    struct one {
        pid_t pid;
        uint64_t cpu_ns;
    } of[SEEN_MAX]; /* the last ones: sorted by pid */
    size_t count;
};

struct seen {
    struct list lists[2];
    unsigned now; /* which of them is being made */
    uint64_t sum_ns;
    uint64_t missed_ns; /* by how much the other count has been ahead */
};

struct seen *seen_new(void)
{
    return xcalloc(1, sizeof(struct seen));
}

void seen_free(struct seen *seen)
{
    free(seen);
}

static uint64_t cpu_ns(pid_t pid)
{
    clockid_t clock;
    struct timespec ts;
    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &ts) < 0)
        return 0;
    return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

static int by_pid(const void *a, const void *b)
{
    pid_t left = ((const struct one *)a)->pid, right = ((const struct one *)b)->pid;
    return (left > right) - (left < right);
}

static struct one *find(struct list *list, size_t sorted, pid_t pid)
{
    struct one wanted = { .pid = pid };
    return bsearch(&wanted, list->of, sorted, sizeof(wanted), by_pid);
}

uint64_t seen_note(struct seen *seen, pid_t pid)
{
    uint64_t ns = cpu_ns(pid);
    struct list *now = seen ? &seen->lists[seen->now] : NULL;
    if (now && ns > 0 && now->count < SEEN_MAX)
        now->of[now->count++] = (struct one){ .pid = pid, .cpu_ns = ns };
    return ns;
}

static void sort(struct list *list)
{
    qsort(list->of, list->count, sizeof(list->of[0]), by_pid);
}

/* Whoever was handed to another parent during the look may have been met twice. */
static void drop_doubles(struct list *list)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (kept == 0 || list->of[kept - 1].pid != list->of[i].pid)
            list->of[kept++] = list->of[i];
        else if (list->of[kept - 1].cpu_ns < list->of[i].cpu_ns)
            list->of[kept - 1] = list->of[i];
    }
    list->count = kept;
}

static void add_growth(struct seen *seen, struct one *one, const struct one *before)
{
    uint64_t last = before ? before->cpu_ns : 0;
    if (one->cpu_ns < last / 2)
        last = 0; /* somebody else has its number */
    if (one->cpu_ns < last)
        one->cpu_ns = last;
    seen->sum_ns += one->cpu_ns - last;
}

uint64_t seen_used_ns(struct seen *seen, uint64_t counted_ns)
{
    struct list *now = &seen->lists[seen->now], *before = &seen->lists[!seen->now];
    sort(now);
    drop_doubles(now);
    for (size_t i = 0; i < now->count; i++)
        add_growth(seen, &now->of[i], find(before, before->count, now->of[i].pid));
    /* The kernel's list of children may leave one out while others of them end (proc(5)): who
     * still lives must not count again when it comes back. */
    size_t met = now->count;
    for (size_t i = 0; i < before->count && now->count < SEEN_MAX; i++)
        if (!find(now, met, before->of[i].pid) && cpu_ns(before->of[i].pid) > 0)
            now->of[now->count++] = before->of[i];
    sort(now);
    before->count = 0;
    seen->now = !seen->now;
    /* The other count moves in ticks (times(2)): in the moment of one it is exact, and what is
     * seen from then on is added. */
    if (counted_ns > seen->sum_ns && counted_ns - seen->sum_ns > seen->missed_ns)
        seen->missed_ns = counted_ns - seen->sum_ns;
    return seen->sum_ns + seen->missed_ns;
}
