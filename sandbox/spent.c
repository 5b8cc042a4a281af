/* SPDX-License-Identifier: Apache-2.0 */
/* spent.c - a reading of CPU time, and when the next is due. */
#include "spent.h"

#include <sched.h>

#include "clock.h"
#include "counters.h"
#include "sample.h"
#include "usage.h"

/* Two looks are not nearer to each other. */
#define LOOK_MIN_NS (NS_PER_MS / 4)

/* The kernel adds to its counters what a thread has run when its processor ticks or turns to
 * something else: so much of each processor's may be missing (CONFIG_HZ=100). */
#define STALE_NS (10 * NS_PER_MS)

/* What a living process has waited for is told in ticks, of user and of system time each: only
 * when both have just ticked it is known to a millisecond or two. So near to the limit those
 * moments are worth more looks. Not worth it is a guess from tick to tick, tried in three ways:
 * it was nearer on average, and too soon at times. */
#define CHILDREN_NEAR_NS (100 * NS_PER_MS)
#define CHILDREN_LOOK_NS (2 * NS_PER_MS)

/* Of more processors not every one can be visited within the time that matters. */
#define VISITED_MAX 8

/* Wherever we turn up for a moment, what ran there is counted. */
static void visit_processors(const cpu_set_t *allowed)
{
    for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        cpu_set_t one;
        if (!CPU_ISSET(cpu, allowed))
            continue;
        CPU_ZERO(&one);
        CPU_SET(cpu, &one);
        (void)sched_setaffinity(0, sizeof(one), &one);
    }
    (void)sched_setaffinity(0, sizeof(*allowed), allowed);
}

static uint64_t less(uint64_t from, uint64_t what)
{
    return from > what ? from - what : 0;
}

/* A group counts what pid 1 does too, one of version 1 from its joining on. */
static uint64_t grouped(const struct spent *spent)
{
    struct cgroup_reading reading;
    cgroup_read_cpu(spent->cgroup, &reading);
    uint64_t own = seen_note(NULL, spent->init);
    if (spent->cgroup->v2 < 0 || spent->cgroup->base)
        own = less(own, spent->running->apart_user_ns + spent->running->apart_system_ns);
    return less(reading.cpu_user_ns + reading.cpu_system_ns, own);
}

/* Where no group counts. The counter is exact to the moment, but not told what a process costs
 * before it first runs and, since Linux 6.16, while it gives its memory back; the tree knows
 * that, in ticks. What the counter has missed so far is added to what it says now. */
static uint64_t ungrouped(struct spent *spent, uint64_t before)
{
    uint64_t tree = less(tree_cpu_ns(spent->init, spent->seen), before);
    uint64_t counted = less(counter_time_ns(spent->counter),
                            spent->counted_before); /* second: what grows between is new */
    if (less(tree, counted) > spent->missed_ns)
        spent->missed_ns = less(tree, counted);
    return counted + spent->missed_ns;
}

/* The script's, from its execve on. */
static uint64_t read_ns(struct spent *spent)
{
    uint64_t before = spent->running->before_user_ns + spent->running->before_system_ns;
    return cgroup_has_cpu(spent->cgroup) ? less(grouped(spent), before) : ungrouped(spent, before);
}

/* When all processors together could have used up what is left, or children show more. */
static uint64_t soonest(const struct spent *spent, uint64_t left, uint64_t processors)
{
    uint64_t wait = left / processors;
    bool children_end = spent->counter >= 0 && spent->missed_ns > 0;
    if (children_end && left < CHILDREN_NEAR_NS && wait > CHILDREN_LOOK_NS)
        wait = CHILDREN_LOOK_NS;
    return wait > LOOK_MIN_NS ? wait : LOOK_MIN_NS;
}

static uint64_t processors_allowed(cpu_set_t *ret)
{
    return sched_getaffinity(0, sizeof(*ret), ret) < 0 ? CPU_SETSIZE : (uint64_t)CPU_COUNT(ret);
}

static uint64_t later(uint64_t from, uint64_t wait)
{
    uint64_t then;
    return __builtin_add_overflow(from, wait, &then) ? UINT64_MAX : then;
}

uint64_t spent_first(const struct spent *spent, uint64_t began_ns)
{
    cpu_set_t allowed;
    return later(began_ns, soonest(spent, spent->limit_ns, processors_allowed(&allowed)));
}

uint64_t spent_now(struct spent *spent)
{
    return read_ns(spent);
}

bool spent_look(struct spent *spent, uint64_t now, uint64_t *next)
{
    uint64_t begun = sample_clock(), left;
    cpu_set_t allowed;
    uint64_t processors = processors_allowed(&allowed);
    spent->ns = read_ns(spent);
    left = less(spent->limit_ns, spent->ns);
    if (spent->counter < 0 && left > 0 && left < processors * STALE_NS &&
        processors <= VISITED_MAX) {
        visit_processors(&allowed);
        spent->ns = read_ns(spent);
        left = less(spent->limit_ns, spent->ns);
    }
    uint64_t wait = soonest(spent, left, processors), rest = sample_rest_ns(begun);
    *next = later(now, wait > rest ? wait : rest);
    return left == 0;
}
