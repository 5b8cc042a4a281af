/* SPDX-License-Identifier: Apache-2.0 */
/* sample.c - one look at what a box uses, and when the next has to be. */
#include "sample.h"

#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "counters.h"
#include "fd.h"
#include "hidden.h"
#include "room.h"
#include "usage.h"

/* Many idle processes must not buy more than a tenth of a processor. */
#define REST_FACTOR 9

/* Nor the figure of a peak more than a twentieth. */
#define REST_FACTOR_EXACT 19

void sampler_begin(struct sampler *sampler, const struct sampler *given)
{
    *sampler = *given;
    sampler->scratch = -1;
    sampler_rebase(sampler);
    /* A cgroup loses nobody's time. */
    sampler->seen = cgroup_has_cpu(given->cgroup) ? NULL : seen_new();
}

void sampler_rebase(struct sampler *sampler)
{
    sampler->host_shared = host_shared_bytes();
}

void sampler_end(struct sampler *sampler)
{
    seen_free(sampler->seen);
    sampler->seen = NULL;
    own_close(&sampler->scratch);
    sampler->scratch = -1;
}

/* Not what the clock on the wall says: a busy box could stretch that. */
uint64_t sample_clock(void)
{
    struct timespec ts;
    if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts) < 0)
        return 0;
    return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

uint64_t sample_rest_ns(uint64_t begun)
{
    return (sample_clock() - begun) * REST_FACTOR;
}

/* --- memory ------------------------------------------------------------------------ */

/* By how much the shared memory of the host has grown since the box began. */
static uint64_t shared_growth(const struct sampler *sampler)
{
    uint64_t now = host_shared_bytes();
    return now > sampler->host_shared ? now - sampler->host_shared : 0;
}

/* Files of a tmpfs are memory, whether somebody maps them or not. */
static uint64_t file_bytes(const struct sampler *sampler)
{
    return room_used_bytes(sampler->scratch) + room_used_bytes(sampler->upper);
}

/* What the box holds beyond what its processes show: its files, and of shared memory no more
 * than its mappings could hold, and no more than the host has come to hold beside the files. */
static uint64_t hidden_memory(const struct sampler *sampler, const struct tree_sample *sample)
{
    uint64_t held = file_bytes(sampler), growth = shared_growth(sampler);
    if (sample->memory_exact && growth > held && growth > sample->shmem_bytes) {
        uint64_t mapped = tree_shared_bytes(sampler->init);
        held += mapped < growth - held ? mapped : growth - held;
    }
    return held > sample->shmem_bytes ? held - sample->shmem_bytes : 0;
}

/* An exact figure decides; another only says that a limit is far away. */
static bool memory_reached(struct sampler *sampler, struct tree_sample *sample)
{
    uint64_t hidden = 0;
    if (!cgroup_has_memory(sampler->cgroup))
        hidden = hidden_memory(sampler, sample);
    if (sample->least_bytes + hidden > sampler->memory_peak)
        sampler->memory_peak = sample->least_bytes + hidden;
    return sample->memory_exact && sample->memory_bytes + hidden > sampler->limits->memory_bytes;
}

/* Several processes may share what each of them shows: a new peak is one only if it is looked
 * at page by page. */
static uint64_t memory_worth_several(const struct sampler *sampler, uint64_t now)
{
    bool rested = now >= sampler->next_exact;
    return cgroup_has_memory(sampler->cgroup) || !rested ? UINT64_MAX : sampler->memory_peak;
}

/* Below this nobody has to look at memory page by page. */
static uint64_t memory_worth(const struct sampler *sampler)
{
    if (cgroup_has_memory(sampler->cgroup))
        return UINT64_MAX;
    uint64_t limit = sampler->limits->memory_bytes;
    uint64_t growth = shared_growth(sampler), files = file_bytes(sampler);
    uint64_t unseen = growth > files ? growth : files;
    return unseen < limit ? limit - unseen : 0;
}

/* The kernel refuses most of what is beyond the bound of network sockets, but lets each of them
 * have a packet all the same: enough of them could hold anything. */
static bool sockets_reached(const struct sampler *sampler, const struct cgroup_reading *reading)
{
    return reading->sockets_now / 2 > sampler->cgroup->sockets_bytes;
}

/* The kernel kills one process for all of them; a limit is the whole box's. Which one it was
 * shows a moment later: who is killed has no memory any more. */
static bool killed_by_kernel(struct sampler *sampler, const struct cgroup_reading *reading)
{
    bool judged = sampler->looks_since_kill > 1;
    if (reading->oom_kills > 0 && !judged)
        sampler->looks_since_kill++;
    if (judged || sampler->looks_since_kill < 2)
        return judged;
    const pid_t *pids; /* pid 1, and first of its children the one that it made itself */
    sampler->child_killed = tree_pids(sampler->init, &pids) > 1 && tree_lives(pids[1]);
    return true;
}

/* --- the look ---------------------------------------------------------------------- */

static uint64_t count_cpu(const struct sampler *sampler)
{
    struct cgroup_reading reading;
    if (!cgroup_has_cpu(sampler->cgroup))
        return counter_time_ns(sampler->counter);
    cgroup_read_cpu(sampler->cgroup, &reading);
    return reading.cpu_user_ns + reading.cpu_system_ns;
}

bool sampler_ran(struct sampler *sampler, uint64_t now, uint64_t *counted)
{
    uint64_t before = *counted;
    if (now != sampler->counted_at)
        sampler->counted_ns = count_cpu(sampler);
    sampler->counted_at = now;
    *counted = sampler->counted_ns;
    return *counted == 0 || *counted != before;
}

static bool stands_still(struct sampler *sampler, uint64_t now)
{
    bool held = cgroup_has_memory(sampler->cgroup);
    uint64_t most = held ? SAMPLE_STILL_MOST_NS : SAMPLE_STILL_DENSE_NS;
    return !sampler_ran(sampler, now, &sampler->looked_counted) && sampler->looks_since_kill == 0 &&
           now - sampler->looked_ns < most;
}

enum end sampler_look(struct sampler *sampler, uint64_t now, uint64_t *next)
{
    if (stands_still(sampler, now)) {
        *next = now + (cgroup_has_memory(sampler->cgroup) ? SAMPLE_STILL_NS : SAMPLE_DENSE_NS);
        return END_COUNT;
    }
    sampler->looked_ns = now;
    uint64_t begun = sample_clock();
    struct tree_sample sample;
    tree_read(sampler->init, memory_worth(sampler), memory_worth_several(sampler, now),
              sampler->seen, &sample);
    if (sample.memory_exact)
        sampler->next_exact = now + (sample_clock() - begun) * REST_FACTOR_EXACT;
    struct cgroup_reading reading;
    cgroup_read(sampler->cgroup, &reading);
    if (reading.has_memory)
        peak_look(&sampler->peak, reading.memory_peak, reading.memory_now,
                  cgroup_page_cache(sampler->cgroup));
    bool full = memory_reached(sampler, &sample) || killed_by_kernel(sampler, &reading) ||
                sockets_reached(sampler, &reading);
    enum end reached = full ? END_MEMORY : END_COUNT;
    /* Of a resource limit nobody tells that it refused a fork; full is the nearest to it. */
    if (sample.tasks > sampler->limits->pids)
        sampler->pids_full = true;
    if (sample.processes > sampler->processes_peak)
        sampler->processes_peak = sample.processes;
    if (sample.cpu_ns > sampler->cpu_ns)
        sampler->cpu_ns = sample.cpu_ns;

    bool sparse = cgroup_has_memory(sampler->cgroup) && sampler->looks_since_kill == 0;
    *next = now + (sparse ? SAMPLE_SPARSE_NS : SAMPLE_DENSE_NS);
    if (sampler->scratch < 0 && sampler->scratch_inside && sample.one > 0)
        sampler->scratch = room_open(sample.one, sampler->scratch_inside);
    uint64_t rested = now + sample_rest_ns(begun);
    *next = *next > rested ? *next : rested;
    return reached;
}
