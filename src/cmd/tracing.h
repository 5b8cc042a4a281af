/* SPDX-License-Identifier: Apache-2.0 */
/* tracing.h - --trace FILE: when each phase of a run began and ended, for a trace viewer. */
#pragma once

#include "cmd/report.h"
#include "run/timeline.h"

struct tracing {
    struct report file;
    struct timeline timeline;
    struct spans spans; /* of the run that is under way */
    uint64_t since_ns;  /* the end of the last stretch of ours */
    uint64_t loaded_ns; /* when cordon-sandbox began to be loaded; 0: it has not */
};

struct options;

/* Before the first run: what is to be written, and when this program began. */
void tracing_begin(struct tracing *tracing, const struct options *options);

/* Before anything runs. `workspace` is the run's, or NULL (named.h). */
int tracing_open(struct tracing *tracing, const char *workspace, struct error *err) must_check;

/* A further run begins now. */
void tracing_next(struct tracing *tracing);

/* What lies between the mark before this one and now. */
void tracing_mark(struct tracing *tracing, const char *name);

/* The same, of the stretch in which cordon-sandbox was started: it is loaded until the first
 * moment that it tells of. */
void tracing_mark_start(struct tracing *tracing, const char *name);

/* The run has ended. */
void tracing_end(struct tracing *tracing, const char *label);

/* The file. */
int tracing_write(const struct tracing *tracing, struct error *err) must_check;
void tracing_close(struct tracing *tracing);
