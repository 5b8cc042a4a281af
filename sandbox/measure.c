/* SPDX-License-Identifier: Apache-2.0 */
#include "measure.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "confine.h"
#include "fd.h"
#include "sample.h"
#include "seen.h"
#include "usage.h"
#include "usage_now.h"

/* So many times as long as a reading took nobody takes another: it costs a hundredth; of the
 * whole ones half of that. */
#define REST_FACTOR       99
#define REST_FACTOR_WHOLE 199

/* Of fewer readings nobody can tell how far apart they are, and less than a quarter later than
 * asked is a busy machine's everyday. */
#define READINGS_LEAST 5

/* A tree of a gigabyte is gone within this. */
#define KILLING_NS (100 * NS_PER_MS)

/* --- one process of several ------------------------------------------------------------ */

/* The value of "NAME:" in /proc/PID/status, or NULL. What is before it has no line ends of
 * its own: the kernel escapes them in a name. */
static const char *field(const char *text, const char *name)
{
    const char *at = strstr(text, name);
    return at ? at + strlen(name) : NULL;
}

static uint64_t field_bytes(const char *text, const char *name)
{
    const char *value = field(text, name);
    return value ? strtoull(value, NULL, 10) * 1024 : 0;
}

/* The last of the numbers it has, one per nested namespace. */
static uint32_t inner_pid(const char *text)
{
    const char *value = field(text, "\nNSpid:");
    uint32_t pid = 0;
    char *end;
    for (; value && *value != '\n'; value = end) {
        unsigned long number = strtoul(value, &end, 10);
        if (end == value)
            break;
        pid = (uint32_t)number;
    }
    return pid;
}

/* False where it has ended, or has no memory any more. */
static bool look_at_one(pid_t pid, struct sample_process *ret)
{
    char path[32];
    struct error ignored;
    autofree char *text = NULL;
    (void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    if (file_read(AT_FDCWD, path, 16384, &text, NULL, &ignored) < 0 || !field(text, "\nRssAnon:"))
        return false;
    *ret = (struct sample_process){
        .pid = inner_pid(text),
        .cpu_ns = seen_note(NULL, pid),
        .memory_bytes = field_bytes(text, "\nRssAnon:") + field_bytes(text, "\nRssShmem:"),
    };
    const char *name = field(text, "Name:\t");
    if (name)
        (void)snprintf(ret->name, sizeof(ret->name), "%.*s", (int)strcspn(name, "\n"), name);
    return true;
}

/* Those that were there first: the children of a pid 1 come in the order of their birth. */
static void look_at_each(pid_t init, struct sample *sample)
{
    const pid_t *pids;
    size_t count = tree_pids(init, &pids);
    for (size_t i = 1; i < count && sample->each_count < SAMPLE_PROCESSES_MAX; i++)
        if (look_at_one(pids[i], &sample->each[sample->each_count]))
            sample->each_count++;
}

/* --- the group's files, kept open: a look at them takes microseconds ------------------------ */

static void open_files(struct measure *measure, const struct cgroup *cgroup)
{
    const int memory = cgroup->memory_v2 ? cgroup->v2 : cgroup->v1[V1_MEMORY];
    const char *name = cgroup->memory_v2 ? "memory.current" : "memory.usage_in_bytes";
    const char *kills = cgroup->memory_v2 ? "memory.events" : "memory.oom_control";
    measure->cpu_file = measure->memory_file = measure->kills_file = -1;
    if (cgroup->v2 < 0 || memory < 0)
        return;
    measure->cpu_file = openat(cgroup->v2, "cpu.stat", O_RDONLY | O_CLOEXEC);
    measure->memory_file = openat(memory, name, O_RDONLY | O_CLOEXEC);
    measure->kills_file = openat(memory, kills, O_RDONLY | O_CLOEXEC);
}

static bool read_file(int fd, char *out, size_t room)
{
    ssize_t n = fd < 0 ? -1 : pread(fd, out, room - 1, 0);
    if (n > 0)
        out[n] = '\0';
    return n > 0;
}

static uint64_t keyed(const char *text, const char *name)
{
    const char *value = field(text, name);
    return value ? strtoull(value, NULL, 10) : 0;
}

/* False where there is no such group: then every reading is a whole one. */
static bool look_at_group(const struct measure *measure, struct usage *ret)
{
    char cpu[1024], memory[32];
    if (!read_file(measure->cpu_file, cpu, sizeof(cpu)) ||
        !read_file(measure->memory_file, memory, sizeof(memory)))
        return false;
    ret->cpu_user_ns = keyed(cpu, "\nuser_usec ") * 1000;
    ret->cpu_system_ns = keyed(cpu, "\nsystem_usec ") * 1000;
    ret->memory_peak_bytes = strtoull(memory, NULL, 10);
    return true;
}

/* What the kernel killed for memory gives it back before its end is known: a reading meanwhile
 * would show less than was used. Where it was a child alone, readings go on after that. */
static bool being_killed(struct measure *measure, uint64_t at_ns)
{
    char text[256];
    uint64_t kills =
        read_file(measure->kills_file, text, sizeof(text)) ? keyed(text, "\noom_kill ") : 0;
    if (kills > measure->kills)
        measure->killed_until_ns = at_ns + KILLING_NS;
    measure->kills = kills;
    return at_ns < measure->killed_until_ns;
}

/* --- readings ---------------------------------------------------------------------------- */

static void look_at_all(struct measure *measure, pid_t init, const struct cgroup *cgroup,
                        uint64_t seen_ns, struct sample *sample)
{
    struct usage *usage = &sample->usage, group;
    usage_now(init, cgroup, usage);
    if (usage->source == USAGE_SAMPLED && seen_ns > usage->cpu_user_ns)
        usage->cpu_user_ns = seen_ns;
    if (usage->pids_peak == 0) /* between two programs */
        usage->pids_peak = 1;
    if (look_at_group(measure, &group))
        measure->aside = (int64_t)group.memory_peak_bytes - (int64_t)usage->memory_peak_bytes;
    measure->whole = *usage;
    measure->several |= usage->pids_peak > 1;
    if (measure->several)
        look_at_each(init, sample);
}

/* What is between two whole ones. */
static void look_shortly(const struct measure *measure, struct usage *usage)
{
    const struct usage group = *usage;
    *usage = measure->whole;
    usage->cpu_user_ns = group.cpu_user_ns;
    usage->cpu_system_ns = group.cpu_system_ns;
    int64_t memory = (int64_t)group.memory_peak_bytes - measure->aside;
    usage->memory_peak_bytes = memory > 0 ? (uint64_t)memory : 0;
}

static void take_away(uint64_t *from, uint64_t *what)
{
    uint64_t part = *what < *from ? *what : *from;
    *from -= part;
    *what -= part;
}

void measure_running(struct measure *measure, const struct report *report,
                     const struct cgroup *cgroup)
{
    uint64_t own = report->own_user_ns + report->own_system_ns;
    /* A group of version 1 counts pid 1 from its joining on; without a group nobody does. */
    uint64_t apart = cgroup->v2 < 0 ? report->apart_user_ns + report->apart_system_ns : 0;
    measure->payload_before_ns = report->before_user_ns + report->before_system_ns;
    measure->before_ns = measure->payload_before_ns;
    if (cgroup_has_cpu(cgroup))
        measure->before_ns += own > apart ? own - apart : 0;
}

/* Since the payload began. The kernel shares the time of a group out into user and system anew at
 * each look, and a process may end between two: what was used stays used. */
static void cpu_since(struct measure *measure, struct usage *usage)
{
    uint64_t before = measure->before_ns;
    take_away(&usage->cpu_system_ns, &before);
    take_away(&usage->cpu_user_ns, &before);
    uint64_t now = usage->cpu_user_ns + usage->cpu_system_ns;
    if (now < measure->cpu_ns)
        usage->cpu_user_ns += measure->cpu_ns - now;
    else
        measure->cpu_ns = now;
}

uint64_t measure_look(struct measure *measure, pid_t init, const struct cgroup *cgroup,
                      uint64_t at_ns, uint64_t seen_ns, uint64_t counted_ns)
{
    uint64_t begun = sample_clock();
    if (counted_ns > 0 && counted_ns + measure->payload_before_ns > seen_ns)
        seen_ns = counted_ns + measure->payload_before_ns;
    struct sample sample = { 0 };
    struct usage *usage = &sample.usage;
    if (measure->readings == 0)
        open_files(measure, cgroup);
    bool whole = at_ns >= measure->next_whole_ns || !look_at_group(measure, usage);
    if (whole)
        look_at_all(measure, init, cgroup, seen_ns, &sample);
    else
        look_shortly(measure, usage);
    cpu_since(measure, usage);
    measure->readings++;
    usage->wall_ns = at_ns;
    if (!being_killed(measure, at_ns))
        measure->told(measure->context, &sample);

    uint64_t cost = sample_clock() - begun, rest = cost * REST_FACTOR;
    if (whole)
        measure->next_whole_ns = at_ns + cost * REST_FACTOR_WHOLE;
    if (whole && measure->cpu_file >= 0 && measure->memory_file >= 0)
        rest = 0; /* the next may be a short one */
    measure->cost_ns += cost;
    measure->last_at_ns = at_ns;
    return rest > measure->asked_ns ? rest : measure->asked_ns;
}

void measure_faults(struct measure *measure, uint64_t before, uint64_t all)
{
    measure->has_faults = true;
    measure->faults = all > before ? all - before : 0;
}

void measure_end(struct measure *measure, struct measured *ret)
{
    *ret =
        (struct measured){ .interval_ns = measure->asked_ns, .sampling_cpu_ns = measure->cost_ns };
    uint64_t reached =
        measure->readings > 1 ? measure->last_at_ns / (measure->readings - 1) : measure->asked_ns;
    if (measure->readings >= READINGS_LEAST && reached > measure->asked_ns + measure->asked_ns / 4)
        ret->interval_ns = reached;
    counters_read(&measure->counters, ret);
    if (measure->has_faults) {
        ret->counted |= 1U << COUNTER_PAGE_FAULTS;
        ret->counters[COUNTER_PAGE_FAULTS] = measure->faults;
    }
    counters_close(&measure->counters);
    if (measure->readings > 0) {
        own_close(&measure->cpu_file);
        own_close(&measure->memory_file);
        own_close(&measure->kills_file);
    }
}
