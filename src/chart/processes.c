/* SPDX-License-Identifier: Apache-2.0 */
#include "chart/processes.h"

#include <math.h>
#include <string.h>

#include "json.h"
#include "str.h"

/* Of so many processes the peaks are compared; who comes later is one of the others. */
#define SEEN_MAX 1024

struct seen {
    struct process list[SEEN_MAX];
    size_t count;
    bool more;
};

static struct process *find(struct seen *seen, long pid)
{
    /* Backwards: a sample's processes mostly came with the one before. */
    for (size_t i = seen->count; i > 0; i--)
        if (seen->list[i - 1].pid == pid)
            return &seen->list[i - 1];
    if (seen->count == SEEN_MAX) {
        seen->more = true;
        return NULL;
    }
    struct process *process = &seen->list[seen->count++];
    process->pid = pid;
    return process;
}

static void see(struct seen *seen, const struct measured *measured)
{
    for (size_t i = 0; i < measured->sample_count; i++) {
        const struct sample *sample = &measured->samples[i];
        for (size_t j = 0; j < sample->each_count; j++) {
            struct process *process = find(seen, sample->each[j].pid);
            /* What uses no memory that is told may still use a processor. */
            double weight = sample->each[j].memory_mb + sample->each[j].cpu_seconds;
            if (process && weight > process->peak_mb)
                process->peak_mb = weight;
        }
    }
}

static int by_peak(const void *a, const void *b)
{
    const struct process *x = a, *y = b;
    if (x->peak_mb != y->peak_mb)
        return x->peak_mb < y->peak_mb ? 1 : -1;
    return (x->pid > y->pid) - (x->pid < y->pid);
}

static int by_pid(const void *a, const void *b)
{
    const struct process *x = a, *y = b;
    return (x->pid > y->pid) - (x->pid < y->pid);
}

/* The last name counts: a process has its parent's until it executes. */
static void take_names(struct json_object *rows, struct measured *measured)
{
    size_t count = rows ? json_object_array_length(rows) : 0;
    size_t stride = count / CHART_SAMPLES_MAX + 1;
    for (size_t i = 0; i < count; i += stride) {
        struct json_object *each = json_list(json_object_array_get_idx(rows, i), "each");
        size_t length = each ? json_object_array_length(each) : 0;
        for (size_t j = 0; j < length && j < CHART_EACH_MAX; j++) {
            struct json_object *row = json_object_array_get_idx(each, j);
            double pid = json_figure(row, "pid");
            size_t at = process_index(measured, pid >= 0 ? (long)pid : 0);
            if (at < measured->named_count)
                json_text(row, "name", measured->named[at].name, sizeof(measured->named[at].name));
        }
    }
}

static const struct share *share_of(const struct sample *sample, long pid)
{
    for (size_t i = 0; i < sample->each_count; i++)
        if (sample->each[i].pid == pid)
            return &sample->each[i];
    return NULL;
}

static const struct share *first_told(const struct measured *measured)
{
    for (size_t i = 0; i < measured->sample_count; i++)
        if (measured->samples[i].each_count > 0)
            return &measured->samples[i].each[0];
    return NULL;
}

/* While there is one process nobody tells whose the figures are. It is the one that the others
 * came from, as nothing outlives it; what was spent by those that ended is not its own. */
static void tell_the_lone(struct measured *measured)
{
    const struct share *first = first_told(measured);
    double own = 0, whole = 0;
    if (!first)
        return;
    const long pid = first->pid;
    for (size_t i = 0; i < measured->sample_count; i++) {
        struct sample *sample = &measured->samples[i];
        double now = isnan(sample->cpu_seconds) ? whole : sample->cpu_seconds;
        const struct share *told = share_of(sample, pid);
        if (told) {
            own = told->cpu_seconds;
        } else if (sample->each_count == 0 && sample->processes == 1) {
            own += now > whole ? now - whole : 0;
            sample->each = xcalloc(1, sizeof(*sample->each));
            sample->each_count = 1;
            sample->each[0] = (struct share){
                .pid = pid,
                .cpu_seconds = own,
                .memory_mb = isnan(sample->memory_mb) ? 0 : sample->memory_mb,
            };
        }
        whole = now;
    }
}

void processes_name(struct json_object *rows, struct measured *measured)
{
    tell_the_lone(measured);
    autofree struct seen *seen = xcalloc(1, sizeof(*seen));
    see(seen, measured);
    if (seen->count < 2)
        return;
    qsort(seen->list, seen->count, sizeof(seen->list[0]), by_peak);
    size_t count = seen->count < CHART_NAMED_MAX ? seen->count : CHART_NAMED_MAX;
    memcpy(measured->named, seen->list, count * sizeof(seen->list[0]));
    measured->named_count = count;
    measured->others = seen->more || seen->count > count;
    qsort(measured->named, count, sizeof(measured->named[0]), by_pid);
    take_names(rows, measured);
}

size_t process_index(const struct measured *measured, long pid)
{
    for (size_t i = 0; i < measured->named_count; i++)
        if (measured->named[i].pid == pid)
            return i;
    return measured->named_count;
}
