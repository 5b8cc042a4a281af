/* SPDX-License-Identifier: Apache-2.0 */
/* tracer.h - `cordon serve --trace FILE`: when each phase of each run began and ended.
 *
 * The file is a trace at every moment: an array that a viewer reads without its last bracket too.
 */
#pragma once

#include <cordon/launch.h>
#include <cordon/span.h>

struct tracer;

/* Takes `fd`, which is written to from now on. */
struct tracer *tracer_new(int fd);
void tracer_free(struct tracer *tracer); /* NULL is fine */

/* One run of a job that is traced; a zeroed one is not, and everything here does nothing then. */
struct traced {
    struct tracer *tracer;
    struct spans *spans;
    uint64_t since_ns;
};

/* `tracer` may be NULL. The launch is to tell of its time, too. */
void traced_begin(struct traced *traced, struct tracer *tracer, struct launch *launch,
                  uint64_t arrived_ns);

/* What lies between the mark before this one, or the arrival, and now. */
void traced_mark(struct traced *traced, const char *name);
void traced_take(struct traced *traced, const struct spans *spans);

/* Writes it down and ends it. `label` is any text. */
void traced_end(struct traced *traced, const char *label);
