/* SPDX-License-Identifier: Apache-2.0 */
/* metrics.h - what this server has counted since it started, for whoever watches it.
 *
 * Labels are words of ours (tools, ends) and of the operator (the policies that clients may
 * name); anything else a client says is counted as "other". So the number of series is bounded,
 * and nothing a stranger chose is in them.
 */
#pragma once

#include <cordon/note.h>

#include "str.h"

struct metrics;

/* `policies`: those a client may name; NULL-ended, copied. */
struct metrics *metrics_new(char *const *policies);
void metrics_free(struct metrics *metrics); /* NULL is fine */

/* A run that has ended. `started` NULL: no box stood. `queue_ns`: how long it waited for its turn.
 * `bytes`: of output that was kept, and `dropped` the rest; per stream. */
struct metrics_run {
    const char *tool, *policy;
    const struct outcome *outcome;
    const struct started *started;
    uint64_t queue_ns, bytes[2], dropped[2];
};
void metrics_run(struct metrics *metrics, const struct metrics_run *run);

/* A call that came to no run: refused, or a fault. NULL is fine. */
void metrics_refused(struct metrics *metrics, const char *tool, enum end end);

/* Runs of the moment. */
struct metrics_now {
    size_t running, pending;
};

/* All of it in the text exposition format 0.0.4 of Prometheus. */
void metrics_print(const struct metrics *metrics, const struct metrics_now *now, struct str *out);

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"
