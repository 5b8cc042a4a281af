/* SPDX-License-Identifier: Apache-2.0 */
/* timeline.h - runs as a file for a trace viewer: one line per stretch of time.
 *
 * Source: the Trace Event Format (JSON object form) that chrome://tracing reads, and Perfetto and
 * Speedscope with it. Times are CLOCK_MONOTONIC in microseconds; a run is a "process", a lane of it
 * a "thread".
 */
#pragma once

#include <cordon/span.h>

#include "str.h"

/* A zeroed one is empty. */
struct timeline {
    struct str events; /* who writes them away as they come may empty it */
    unsigned runs;
    bool begun; /* there have been events */
};

/* One more run. `label`: any text. */
void timeline_add(struct timeline *timeline, const char *label, const struct spans *spans);

/* The whole document, appended to *out. */
void timeline_print(const struct timeline *timeline, struct str *out);
void timeline_done(struct timeline *timeline);
