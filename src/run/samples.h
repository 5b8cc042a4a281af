/* SPDX-License-Identifier: Apache-2.0 */
/* samples.h - readings of a run in constant memory: of a long one every second, fourth, ...
 * is kept, so that those that are there are spread over all of it.
 *
 * A zeroed struct is an empty one.
 */
#pragma once

#include <json-c/json.h>
#include <stddef.h>
#include <stdint.h>

#include <cordon/outcome.h>

#define SAMPLES_MAX 256

struct samples {
    struct usage *list; /* NULL until there is one */
    size_t count;
    uint64_t seen;
    uint64_t every; /* of so many one is kept; 0: all so far */
};

void samples_take(struct samples *samples, const struct usage *sample);
void samples_done(struct samples *samples);

/* Adds what a benchmark's result has more than a run's: wall_time_seconds,
 * cpu_time_seconds, peak_rss_mb, samples, runs. */
void samples_add_to(struct json_object *object, const struct samples *samples,
                    const struct usage *usage);
