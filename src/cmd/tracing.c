/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/tracing.h"

#include <time.h>

#include "clock.h"
#include "cmd/command.h"

void tracing_begin(struct tracing *tracing, const struct options *options)
{
    struct timespec used = { 0 };
    uint64_t now = now_ns();
    *tracing = (struct tracing){ .file = { .option = "--trace", .path = options->trace, .fd = -1 },
                                 .since_ns = started_ns };
    /* The kernel does not say to the millisecond when a program was executed. Until here it has
     * waited for nothing, so what it has used is what has passed. */
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) == 0)
        spans_add(&tracing->spans, SPAN_FRONT, "load",
                  now - (uint64_t)used.tv_sec * NS_PER_S - (uint64_t)used.tv_nsec, started_ns);
    tracing_mark(tracing, "options");
}

int tracing_open(struct tracing *tracing, const char *workspace, struct error *err)
{
    return report_open(&tracing->file, workspace, err);
}

void tracing_next(struct tracing *tracing)
{
    tracing->spans.count = 0;
    tracing->loaded_ns = 0;
    tracing->since_ns = now_ns();
}

void tracing_mark(struct tracing *tracing, const char *name)
{
    tracing->since_ns = spans_mark(&tracing->spans, SPAN_FRONT, name, tracing->since_ns);
}

void tracing_mark_start(struct tracing *tracing, const char *name)
{
    tracing->loaded_ns = tracing->since_ns; /* it may run before whoever started it goes on */
    tracing_mark(tracing, name);
}

static void add_loading(struct tracing *tracing)
{
    const struct spans *spans = &tracing->spans;
    uint64_t until = UINT64_MAX;
    for (size_t i = 0; i < spans->count; i++)
        if (spans->list[i].lane == SPAN_SUPERVISOR && spans->list[i].begin_ns < until)
            until = spans->list[i].begin_ns;
    if (tracing->loaded_ns > 0 && until < UINT64_MAX)
        spans_add(&tracing->spans, SPAN_SUPERVISOR, "load", tracing->loaded_ns, until);
}

void tracing_end(struct tracing *tracing, const char *label)
{
    add_loading(tracing);
    if (tracing->file.path)
        timeline_add(&tracing->timeline, label, &tracing->spans);
}

int tracing_write(const struct tracing *tracing, struct error *err)
{
    autostr struct str text = { 0 };
    if (!tracing->file.path)
        return 0;
    timeline_print(&tracing->timeline, &text);
    return report_write(&tracing->file, text.data, text.len, err);
}

void tracing_close(struct tracing *tracing)
{
    report_close(&tracing->file);
    timeline_done(&tracing->timeline);
}
