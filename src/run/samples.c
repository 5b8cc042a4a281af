/* SPDX-License-Identifier: Apache-2.0 */
/* samples.c - readings of a run in constant memory. */
#include "run/samples.h"

#include "clock.h"
#include "json.h"
#include "str.h"

#define MIB (1024.0 * 1024.0)

/* Of six digits after the point nothing is left that was measured. */
static struct json_object *rounded(double value)
{
    return json_number((double)(int64_t)(value * 1e6 + 0.5) / 1e6);
}

static struct json_object *seconds(uint64_t ns)
{
    return rounded((double)ns / (double)NS_PER_S);
}

void samples_take(struct samples *samples, const struct usage *sample)
{
    if (!samples->list) {
        samples->list = xcalloc(SAMPLES_MAX, sizeof(*samples->list));
        samples->every = 1;
    }
    if (samples->seen++ % samples->every != 0)
        return;
    if (samples->count == SAMPLES_MAX) {
        for (size_t i = 0; i < SAMPLES_MAX / 2; i++)
            samples->list[i] = samples->list[2 * i];
        samples->count = SAMPLES_MAX / 2;
        samples->every *= 2;
    }
    samples->list[samples->count++] = *sample;
}

void samples_done(struct samples *samples)
{
    free(samples->list);
    *samples = (struct samples){ 0 };
}

static struct json_object *sample_json(const struct usage *sample)
{
    struct json_object *row = json_object_new_object();
    json_object_object_add(row, "time_seconds", seconds(sample->wall_ns));
    json_object_object_add(row, "cpu_seconds",
                           seconds(sample->cpu_user_ns + sample->cpu_system_ns));
    json_object_object_add(row, "memory_mb", rounded((double)sample->memory_peak_bytes / MIB));
    json_object_object_add(row, "processes", json_object_new_uint64(sample->pids_peak));
    return row;
}

void samples_add_to(struct json_object *object, const struct samples *samples,
                    const struct usage *usage)
{
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < samples->count; i++)
        json_object_array_add(list, sample_json(&samples->list[i]));
    json_object_object_add(object, "wall_time_seconds", seconds(usage->wall_ns));
    json_object_object_add(object, "cpu_time_seconds",
                           seconds(usage->cpu_user_ns + usage->cpu_system_ns));
    json_object_object_add(object, "peak_rss_mb", rounded((double)usage->memory_peak_bytes / MIB));
    json_object_object_add(object, "samples", list);
    json_object_object_add(object, "runs", json_object_new_int(1));
}
