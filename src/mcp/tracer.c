/* SPDX-License-Identifier: Apache-2.0 */
#include "mcp/tracer.h"

#include <stdlib.h>

#include <cordon/log.h>
#include <cordon/own.h>

#include "fd.h"
#include "run/timeline.h"

struct tracer {
    int fd; /* -1: it could not be written to */
    struct timeline timeline;
};

static void put(struct tracer *tracer, const char *text, size_t len)
{
    struct error err = { 0 };
    if (tracer->fd < 0 || fd_write_all(tracer->fd, text, len, &err) == 0)
        return;
    log_event(LOG_WARN, "trace-ended", KV("reason", err.text));
    own_close(&tracer->fd);
    tracer->fd = -1;
}

struct tracer *tracer_new(int fd)
{
    struct tracer *tracer = xcalloc(1, sizeof(*tracer));
    tracer->fd = fd;
    put(tracer, "[\n", 2);
    return tracer;
}

void tracer_free(struct tracer *tracer)
{
    if (!tracer)
        return;
    put(tracer, "\n]\n", 3);
    own_close(&tracer->fd);
    timeline_done(&tracer->timeline);
    free(tracer);
}

void traced_begin(struct traced *traced, struct tracer *tracer, struct launch *launch,
                  uint64_t arrived_ns)
{
    if (!tracer)
        return;
    *traced = (struct traced){ .tracer = tracer,
                               .spans = xcalloc(1, sizeof(struct spans)),
                               .since_ns = arrived_ns };
    launch->timed = true;
}

void traced_mark(struct traced *traced, const char *name)
{
    if (traced->spans)
        traced->since_ns = spans_mark(traced->spans, SPAN_FRONT, name, traced->since_ns);
}

void traced_take(struct traced *traced, const struct spans *spans)
{
    if (traced->spans)
        spans_join(traced->spans, spans);
}

void traced_end(struct traced *traced, const char *label)
{
    struct tracer *tracer = traced->tracer;
    if (!traced->spans)
        return;
    struct timeline *timeline = &tracer->timeline;
    timeline->events.len = 0;
    timeline_add(timeline, label, traced->spans);
    put(tracer, timeline->events.data, timeline->events.len);
    free(traced->spans);
    *traced = (struct traced){ 0 };
}
