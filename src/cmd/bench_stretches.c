/* SPDX-License-Identifier: Apache-2.0 */
/* bench_stretches.c - what the runs of a benchmark spent their time on, from the order to the end.
 */
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "cmd/bench.h"
#include "run/figures.h"
#include "str.h"

static struct bench_stretch *stretch_of(struct subject *subject, const struct span *span)
{
    for (size_t i = 0; i < subject->stretch_count; i++) {
        struct bench_stretch *stretch = &subject->stretches[i];
        if (stretch->lane == span->lane && strcmp(stretch->name, span->name) == 0)
            return stretch;
    }
    if (subject->stretch_count == COUNT(subject->stretches))
        return NULL;
    struct bench_stretch *stretch = &subject->stretches[subject->stretch_count++];
    stretch->lane = span->lane;
    memcpy(stretch->name, span->name, sizeof(stretch->name));
    return stretch;
}

static double seconds(uint64_t ns)
{
    return (double)ns / (double)NS_PER_S;
}

void bench_take_spans(struct subject *subject, const struct spans *spans)
{
    uint64_t begun = UINT64_MAX;
    for (size_t i = 0; i < spans->count; i++)
        if (spans->list[i].begin_ns < begun)
            begun = spans->list[i].begin_ns;
    for (size_t i = 0; i < spans->count; i++) {
        const struct span *span = &spans->list[i];
        struct bench_stretch *stretch = stretch_of(subject, span);
        if (!stretch)
            continue;
        size_t room = (stretch->count + 1) * sizeof(double);
        stretch->at = xrealloc(stretch->at, room);
        stretch->took = xrealloc(stretch->took, room);
        stretch->at[stretch->count] = seconds(span->begin_ns - begun);
        stretch->took[stretch->count++] = seconds(span->end_ns - span->begin_ns);
    }
}

void bench_stretches_done(struct subject *subject)
{
    for (size_t i = 0; i < subject->stretch_count; i++) {
        free(subject->stretches[i].at);
        free(subject->stretches[i].took);
    }
    subject->stretch_count = 0;
}

struct json_object *bench_stretches_json(const struct subject *subject)
{
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < subject->stretch_count; i++) {
        const struct bench_stretch *stretch = &subject->stretches[i];
        struct json_object *object = json_object_new_object();
        json_object_object_add(object, "lane",
                               json_object_new_string(span_lane_name(stretch->lane)));
        json_object_object_add(object, "name", json_object_new_string(stretch->name));
        json_object_object_add(object, "at_seconds",
                               figure_number(statistics_median(stretch->at, stretch->count)));
        json_object_object_add(object, "seconds",
                               figure_number(statistics_median(stretch->took, stretch->count)));
        json_object_array_add(list, object);
    }
    return list;
}

/* All of them in milliseconds: they are read beside each other. */
static void print_stretch(const struct bench_stretch *stretch)
{
    (void)printf("  %12.3f %11.3f  %s\n", statistics_median(stretch->at, stretch->count) * 1e3,
                 statistics_median(stretch->took, stretch->count) * 1e3, stretch->name);
}

static int by_time(const void *one, const void *other)
{
    const struct bench_stretch *const *a = one, *const *b = other;
    double left = statistics_median((*a)->at, (*a)->count);
    double right = statistics_median((*b)->at, (*b)->count);
    return left < right ? -1 : left > right;
}

void bench_print_stretches(const struct subject *subject)
{
    const struct bench_stretch *sorted[SPANS_MAX];
    size_t count = subject->stretch_count;
    if (count == 0)
        return;
    for (size_t i = 0; i < count; i++)
        sorted[i] = &subject->stretches[i];
    qsort(sorted, count, sizeof(const struct bench_stretch *), by_time);
    (void)printf("  %12s %11s  (medians; what stands under different heads happens at once)\n",
                 "at ms", "takes ms");
    for (enum span_lane lane = 0; lane < SPAN_LANES; lane++) {
        (void)printf("  %26s%s\n", "", span_lane_name(lane));
        for (size_t i = 0; i < count; i++)
            if (sorted[i]->lane == lane)
                print_stretch(sorted[i]);
    }
}
