/* SPDX-License-Identifier: Apache-2.0 */
/* samples.h - readings of a run in constant memory: of a long one every second, fourth, ...
 * is kept, so that those that are there are spread over all of it. What was known of the
 * processes of one that is not kept goes to the one before it, where that has nothing.
 *
 * A zeroed struct is an empty one.
 */
#pragma once

#include <json-c/json.h>
#include <stddef.h>
#include <stdint.h>

#include <cordon/measure.h>

#define SAMPLES_MAX 2048

struct sample_row {
    struct usage usage;
    uint32_t each_count;
    struct sample_process *each; /* NULL where there is only one */
};

struct samples {
    struct sample_row *list; /* NULL until there is one */
    size_t count, room;
    uint64_t seen;
    uint64_t every; /* of so many one is kept; 0: all so far */
};

void samples_take(struct samples *samples, const struct sample *sample);
void samples_done(struct samples *samples);

/* [{time_seconds, cpu_seconds, memory_mb, processes, each}], the caller's. The last row is the
 * end, from the final figures: a script that ended before its first reading has one too. At
 * most `room` of what a reply has (result_cost), the fewer rows the less there is. */
struct json_object *samples_json(const struct samples *samples, const struct outcome *outcome,
                                 size_t room);
