/* SPDX-License-Identifier: Apache-2.0 */
/* span.h - what the time of a run went to: stretches of CLOCK_MONOTONIC, each with a name.
 *
 * Plain data, safe to copy; zeros are none.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Whose time it was. Those of one lane follow each other, or lie within each other. */
enum span_lane {
    SPAN_FRONT,      /* cordon */
    SPAN_SUPERVISOR, /* cordon-sandbox: the run's supervisor, and the gate before it */
    SPAN_INIT,       /* pid 1 of the box */
    SPAN_PAYLOAD,    /* the script, and the process that became it */
    SPAN_LANES,
};

/* "cordon" "supervisor" "pid 1" "script" */
const char *span_lane_name(enum span_lane lane);

#define SPANS_MAX     96 /* about twice as many as a run has steps */
#define SPAN_NAME_MAX 24

struct span {
    enum span_lane lane;
    char name[SPAN_NAME_MAX]; /* printable ASCII */
    uint64_t begin_ns, end_ns;
};

struct spans {
    size_t count;
    struct span list[SPANS_MAX];
};

/* What there is no room for, and what would end before it began, is left out. */
void spans_add(struct spans *spans, enum span_lane lane, const char *name, uint64_t begin_ns,
               uint64_t end_ns);

/* Adds the stretch from `since` until now, and returns now: where the next one begins. */
uint64_t spans_mark(struct spans *spans, enum span_lane lane, const char *name, uint64_t since);

/* Those of `more` behind those of `spans`. */
void spans_join(struct spans *spans, const struct spans *more);
