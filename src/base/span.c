/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include <cordon/span.h>

#include "clock.h"

const char *span_lane_name(enum span_lane lane)
{
    static const char *const names[SPAN_LANES] = { "cordon", "supervisor", "pid 1", "script" };
    return names[lane];
}

void spans_add(struct spans *spans, enum span_lane lane, const char *name, uint64_t begin_ns,
               uint64_t end_ns)
{
    if (spans->count == SPANS_MAX || end_ns < begin_ns)
        return;
    struct span *span = &spans->list[spans->count++];
    *span = (struct span){ .lane = lane, .begin_ns = begin_ns, .end_ns = end_ns };
    (void)snprintf(span->name, sizeof(span->name), "%s", name);
}

uint64_t spans_mark(struct spans *spans, enum span_lane lane, const char *name, uint64_t since)
{
    uint64_t now = now_ns();
    spans_add(spans, lane, name, since, now);
    return now;
}

void spans_join(struct spans *spans, const struct spans *more)
{
    for (size_t i = 0; i < more->count; i++)
        spans_add(spans, more->list[i].lane, more->list[i].name, more->list[i].begin_ns,
                  more->list[i].end_ns);
}
