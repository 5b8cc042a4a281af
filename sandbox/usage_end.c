/* SPDX-License-Identifier: Apache-2.0 */
/* usage_end.c - the last readings of all sources, put together.
 *
 * The script's is what happened from its execve on: what pid 1 used, and the payload before
 * that, is in the kernel's figures and is taken out of them.
 */
#include "usage_end.h"

#include <unistd.h>

#include "clock.h"
#include "counters.h"
#include "usage.h"

/* Two readings of the same time differ by so much at most. */
#define CPU_TOLERANCE_NS   (2 * NS_PER_MS)
#define CPU_TOLERANCE_PART 20

struct cpu {
    uint64_t user_ns, system_ns;
};

static uint64_t total(struct cpu cpu)
{
    return cpu.user_ns + cpu.system_ns;
}

static uint64_t timeval_ns(struct timeval tv)
{
    return (uint64_t)tv.tv_sec * NS_PER_S + (uint64_t)tv.tv_usec * 1000;
}

static uint64_t less(uint64_t from, uint64_t what)
{
    return from > what ? from - what : 0;
}

/* The kernel divides a sum between user and system by what it saw at its ticks, for each sum
 * anew: only the sums can be subtracted exactly. */
static struct cpu cpu_less(struct cpu from, struct cpu what)
{
    uint64_t left = less(total(from), total(what));
    uint64_t user = less(from.user_ns, what.user_ns);
    user = user < left ? user : left;
    return (struct cpu){ user, left - user };
}

/* --- CPU time --------------------------------------------------------------------------- */

static struct cpu before(const struct usage_facts *facts)
{
    return (struct cpu){ facts->running->before_user_ns, facts->running->before_system_ns };
}

static struct cpu all_waited_for(const struct usage_facts *facts)
{
    return (struct cpu){ timeval_ns(facts->init->ru_utime), timeval_ns(facts->init->ru_stime) };
}

/* Pid 1, its end included where that can be told. */
static struct cpu own(const struct usage_facts *facts)
{
    const struct report *ended = facts->ended;
    if (ended && !facts->init)
        return (struct cpu){ ended->own_user_ns, ended->own_system_ns };
    if (ended)
        return cpu_less(all_waited_for(facts), (struct cpu){ ended->user_ns, ended->system_ns });
    return (struct cpu){ facts->running->own_user_ns, facts->running->own_system_ns };
}

/* Everybody whom pid 1 has waited for, and whom they have. */
static struct cpu waited_for(const struct usage_facts *facts)
{
    const struct report *ended = facts->ended;
    struct cpu all = ended ? (struct cpu){ ended->user_ns, ended->system_ns }
                           : cpu_less(all_waited_for(facts), own(facts));
    return cpu_less(all, before(facts));
}

/* A group counts pid 1 as well, one of version 1 from its joining on. */
static struct cpu grouped(const struct usage_facts *facts, const struct cgroup_reading *reading)
{
    struct cpu ours = own(facts);
    if ((facts->cgroup->v2 < 0 || facts->cgroup->base))
        ours = cpu_less(ours, (struct cpu){ facts->running->apart_user_ns,
                                            facts->running->apart_system_ns });
    struct cpu all = { reading->cpu_user_ns, reading->cpu_system_ns };
    return cpu_less(cpu_less(all, ours), before(facts));
}

/* Where nobody waits for a process, with its time the rest of its figures is lost. */
static bool somebody_lost(struct cpu waited, uint64_t most)
{
    uint64_t known = total(waited);
    return most > known + CPU_TOLERANCE_NS + known / CPU_TOLERANCE_PART;
}

/* Without a group. What was seen of each process is never more than the truth. The counter
 * knows of everybody, but counts what the host of a virtual machine took for itself as well,
 * and since Linux 6.16 not how a process gives its memory back: it only tells of those for whom
 * nobody waited. */
static struct cpu ungrouped(const struct usage_facts *facts, bool *at_least)
{
    struct cpu told = waited_for(facts);
    uint64_t counted = less(counter_time_ns(facts->counter), facts->counted_before);
    uint64_t seen = less(facts->sampler->cpu_ns, total(before(facts)));
    uint64_t most = counted > seen ? counted : seen;
    *at_least = !facts->ended || somebody_lost(told, most);
    told.user_ns += less(*at_least ? most : seen, total(told));
    return told;
}

/* --- what the kernel adds up at each wait ---------------------------------------------- */

static bool storage_is_counted(void)
{
    static int counted = -1;
    if (counted < 0)
        counted = access("/proc/self/io", F_OK) == 0;
    return counted == 1;
}

static void fill_counts(const struct usage_facts *facts, struct usage *ret)
{
    const struct report *ended = facts->ended;
    const struct cpu used = { ret->cpu_user_ns, ret->cpu_system_ns };
    if (!ended || ret->cpu_at_least || somebody_lost(waited_for(facts), total(used)))
        return;
    ret->context_switches = less(ended->switches, ended->before_switches);
    ret->known |= USAGE_SWITCHES;
    if (!storage_is_counted())
        return;
    ret->read_bytes = ended->read_bytes;
    ret->written_bytes = ended->written_bytes;
    ret->known |= USAGE_READ | USAGE_WRITTEN;
}

/* --- memory ------------------------------------------------------------------------------ */

static void fill_memory(const struct usage_facts *facts, const struct cgroup_reading *reading,
                        struct usage *ret)
{
    struct sampler *sampler = facts->sampler;
    uint64_t sampled = sampler->memory_peak;
    if (facts->ended && facts->ended->maxrss > sampled)
        sampled = facts->ended->maxrss;
    ret->memory_peak_bytes = sampled;
    ret->memory_at_least = true;
    if (!reading->has_memory)
        return;
    struct peak *peak = &sampler->peak;
    peak_look(peak, reading->memory_peak, reading->memory_now, cgroup_page_cache(facts->cgroup));
    ret->memory_peak_bytes = peak->least;
    ret->memory_at_least = peak->least < peak->whole || reading->memory_peak == 0;
    ret->memory_cache_peak_bytes = peak->whole;
    if (reading->memory_peak > 0) /* memory.peak came with Linux 5.19 */
        ret->known |= USAGE_CACHE_PEAK;
}

/* --- all of it ---------------------------------------------------------------------------- */

static void fill_interpreter(const struct usage_facts *facts, struct usage *ret)
{
    const struct report *ended = facts->ended;
    if (!ended || ended->script_read_ns < ended->started_ns ||
        ended->script_read_ns > ended->ended_ns)
        return;
    ret->interpreter_ns = ended->script_read_ns - ended->started_ns;
    ret->known |= USAGE_INTERPRETER;
}

/* Of one that has told of it already: it goes on with another run. */
static uint64_t told_ns;

static uint64_t supervisor_ns(void)
{
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) < 0)
        return 0;
    return timeval_ns(usage.ru_utime) + timeval_ns(usage.ru_stime);
}

void usage_again(void)
{
    told_ns = supervisor_ns();
}

static void fill_own(const struct usage_facts *facts, struct usage *ret)
{
    ret->own_cpu_ns = less(supervisor_ns(), told_ns) + total(own(facts)) + total(before(facts));
    ret->known |= USAGE_OWN_CPU;
}

void usage_begin(const struct usage_facts *facts, struct report *running)
{
    struct cgroup_reading reading;
    cgroup_read_cpu(facts->cgroup, &reading);
    uint64_t used = reading.cpu_user_ns + reading.cpu_system_ns;
    if (reading.has_cpu) {
        uint64_t own = running->own_user_ns + running->own_system_ns;
        if ((facts->cgroup->v2 < 0 || facts->cgroup->base))
            own = less(own, running->apart_user_ns + running->apart_system_ns);
        used = less(used, own);
    } else {
        used = tree_cpu_ns(facts->sampler->init, facts->sampler->seen);
    }
    /* Only the sum is known exactly, and only sums are taken from each other. */
    running->before_user_ns = used < reading.cpu_user_ns ? used : reading.cpu_user_ns;
    running->before_system_ns = used - running->before_user_ns;
}

void usage_end(const struct usage_facts *facts, struct usage *ret)
{
    const struct cgroup_reading *reading = facts->reading;
    struct cpu used =
        reading->has_cpu ? grouped(facts, reading) : ungrouped(facts, &ret->cpu_at_least);
    ret->cpu_user_ns = used.user_ns;
    ret->cpu_system_ns = used.system_ns;
    ret->pids_peak = reading->pids_peak;
    ret->source = reading->has_cpu && reading->has_memory ? USAGE_CGROUP
                  : reading->has_cpu                      ? USAGE_MIXED
                                                          : USAGE_SAMPLED;
    fill_memory(facts, reading, ret);
    fill_counts(facts, ret);
    fill_interpreter(facts, ret);
    fill_own(facts, ret);
}
