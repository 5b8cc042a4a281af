/* SPDX-License-Identifier: Apache-2.0 */
/* samples.c - readings of a run in constant memory. */
#include "run/samples.h"

#include <stdio.h>
#include <string.h>

#include "run/figures.h"
#include "run/result.h"
#include "str.h"

static struct sample_row row_of(const struct sample *sample)
{
    struct sample_row row = { .usage = sample->usage, .each_count = sample->each_count };
    if (row.each_count > SAMPLE_PROCESSES_MAX)
        row.each_count = SAMPLE_PROCESSES_MAX;
    if (row.each_count > 0) {
        row.each = xcalloc(row.each_count, sizeof(*row.each));
        memcpy(row.each, sample->each, row.each_count * sizeof(*row.each));
    }
    return row;
}

static void hand_over(struct sample_row *from, struct sample_row *to)
{
    if (to->each) {
        free(from->each);
    } else {
        to->each = from->each;
        to->each_count = from->each_count;
    }
}

/* Every second one stays, and the first. */
static void thin_out(struct samples *samples)
{
    for (size_t i = 0; i < samples->count; i++) {
        if (i % 2 == 0)
            samples->list[i / 2] = samples->list[i];
        else
            hand_over(&samples->list[i], &samples->list[i / 2]);
    }
    samples->count = (samples->count + 1) / 2;
    samples->every *= 2;
}

static void make_room(struct samples *samples)
{
    if (samples->every == 0)
        samples->every = 1;
    if (samples->count < samples->room)
        return;
    if (samples->count == SAMPLES_MAX) {
        thin_out(samples);
        return;
    }
    samples->room = samples->room ? 2 * samples->room : SAMPLES_MAX / 64;
    samples->list = xrealloc(samples->list, samples->room * sizeof(*samples->list));
}

void samples_take(struct samples *samples, const struct sample *sample)
{
    struct sample_row row = row_of(sample);
    bool kept = samples->every == 0 || samples->seen % samples->every == 0;
    samples->seen++;
    if (!kept) {
        hand_over(&row, &samples->list[samples->count - 1]);
        return;
    }
    make_room(samples);
    samples->list[samples->count++] = row;
}

void samples_done(struct samples *samples)
{
    for (size_t i = 0; i < samples->count; i++)
        free(samples->list[i].each);
    free(samples->list);
    *samples = (struct samples){ 0 };
}

/* --- as JSON ------------------------------------------------------------------------- */

/* The script's choice of bytes: one line of text, whatever it was. */
static const char *shown_name(const char *name, char out[64])
{
    char plain[sizeof(((struct sample_process *)0)->name)];
    (void)snprintf(plain, sizeof(plain), "%s", name);
    for (char *c = plain; !utf8_valid(name, strlen(name)) && *c; c++)
        if ((unsigned char)*c >= 0x80)
            *c = '?';
    return printable(plain, out, 64);
}

static struct json_object *process_json(const struct sample_process *process)
{
    char name[64];
    struct json_object *row = json_object_new_object();
    json_object_object_add(row, "pid", json_object_new_uint64(process->pid));
    json_object_object_add(row, "name", json_object_new_string(shown_name(process->name, name)));
    json_object_object_add(row, "cpu_seconds", figure_seconds(process->cpu_ns));
    json_object_object_add(row, "memory_mb", figure_mb(process->memory_bytes));
    return row;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* A reading is a little later than it says: no figure is beyond the final one. */
static struct json_object *row_json(const struct sample_row *row, const struct usage *final)
{
    const struct usage *usage = &row->usage;
    struct json_object *object = json_object_new_object();
    uint64_t cpu_ns = usage->cpu_user_ns + usage->cpu_system_ns;
    /* The peak is told without the cache of files, a reading may have some of it. */
    uint64_t most = final->memory_peak_bytes > 0 ? final->memory_peak_bytes : UINT64_MAX;
    json_object_object_add(object, "time_seconds",
                           figure_seconds(least(usage->wall_ns, final->wall_ns)));
    json_object_object_add(object, "cpu_seconds",
                           figure_seconds(
                               least(cpu_ns, final->cpu_user_ns + final->cpu_system_ns)));
    json_object_object_add(object, "memory_mb", figure_mb(least(usage->memory_peak_bytes, most)));
    json_object_object_add(object, "processes", json_object_new_uint64(usage->pids_peak));
    if (row->each_count == 0)
        return object;
    struct json_object *each = json_object_new_array();
    for (uint32_t i = 0; i < row->each_count; i++)
        json_object_array_add(each, process_json(&row->each[i]));
    json_object_object_add(object, "each", each);
    return object;
}

/* What the end is like: all time is used, and the memory is what was last seen; what there was
 * most of, where nobody looked while it ran or there was too much of it. */
static struct sample_row last_row(const struct samples *samples, const struct outcome *outcome)
{
    struct sample_row row = { .usage = outcome->usage };
    if (samples->count < 2) {
        row.usage.pids_peak = 1;
        return row;
    }
    const struct usage *before = &samples->list[samples->count - 1].usage;
    row.usage.pids_peak = before->pids_peak;
    if (outcome->end != END_MEMORY)
        row.usage.memory_peak_bytes = before->memory_peak_bytes;
    return row;
}

static struct json_object *rows_json(const struct samples *samples, const struct outcome *outcome,
                                     size_t step)
{
    const struct usage *final = &outcome->usage;
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < samples->count; i += step)
        json_object_array_add(list, row_json(&samples->list[i], final));
    struct sample_row last = last_row(samples, outcome);
    if (final->wall_ns > 0)
        json_object_array_add(list, row_json(&last, final));
    return list;
}

struct json_object *samples_json(const struct samples *samples, const struct outcome *outcome,
                                 size_t room)
{
    struct json_object *list = rows_json(samples, outcome, 1);
    for (size_t step = 2; result_cost(list) > room && step <= SAMPLES_MAX; step *= 2) {
        json_object_put(list);
        list = rows_json(samples, outcome, step);
    }
    return list;
}
