/* SPDX-License-Identifier: Apache-2.0 */
#include "run/timeline.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>

#include "run/capture.h"

static struct json_object *event(const struct timeline *timeline, const char *phase,
                                 const char *name, unsigned lane)
{
    struct json_object *object = json_object_new_object();
    json_object_object_add(object, "ph", json_object_new_string(phase));
    json_object_object_add(object, "name", json_object_new_string(name));
    json_object_object_add(object, "pid", json_object_new_uint64(timeline->runs));
    json_object_object_add(object, "tid", json_object_new_uint64(lane));
    return object;
}

/* Takes the object. */
static void put(struct timeline *timeline, struct json_object *object)
{
    if (timeline->begun)
        str_puts(&timeline->events, ",\n");
    timeline->begun = true;
    str_puts(&timeline->events, json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN));
    json_object_put(object);
}

/* What a viewer calls a run and its lanes, and the order in which it shows them. */
static void name(struct timeline *timeline, const char *what, unsigned lane, const char *text)
{
    struct json_object *object = event(timeline, "M", what, lane);
    struct json_object *arguments = json_object_new_object();
    json_object_object_add(arguments, "name", json_object_new_string(text));
    json_object_object_add(object, "args", arguments);
    put(timeline, object);
}

static void sort(struct timeline *timeline, unsigned lane)
{
    struct json_object *object = event(timeline, "M", "thread_sort_index", lane);
    struct json_object *arguments = json_object_new_object();
    json_object_object_add(arguments, "sort_index", json_object_new_uint64(lane));
    json_object_object_add(object, "args", arguments);
    put(timeline, object);
}

/* To the nanosecond, which a double that is printed shortest would not always be. */
static struct json_object *microseconds(uint64_t ns)
{
    char text[32];
    (void)snprintf(text, sizeof(text), "%" PRIu64 ".%03" PRIu64, ns / 1000, ns % 1000);
    return json_object_new_double_s((double)ns / 1000, text);
}

void timeline_add(struct timeline *timeline, const char *label, const struct spans *spans)
{
    autofree char *shown = text_label(label);
    timeline->runs++;
    name(timeline, "process_name", 0, shown);
    for (unsigned lane = 0; lane < SPAN_LANES; lane++) {
        name(timeline, "thread_name", lane + 1, span_lane_name(lane));
        sort(timeline, lane + 1);
    }
    for (size_t i = 0; i < spans->count; i++) {
        const struct span *span = &spans->list[i];
        struct json_object *object = event(timeline, "X", span->name, span->lane + 1);
        json_object_object_add(object, "cat", json_object_new_string(span_lane_name(span->lane)));
        json_object_object_add(object, "ts", microseconds(span->begin_ns));
        json_object_object_add(object, "dur", microseconds(span->end_ns - span->begin_ns));
        put(timeline, object);
    }
}

void timeline_print(const struct timeline *timeline, struct str *out)
{
    str_puts(out, "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n");
    str_add(out, timeline->events.data, timeline->events.len);
    str_puts(out, "\n]}\n");
}

void timeline_done(struct timeline *timeline)
{
    str_done(&timeline->events);
    *timeline = (struct timeline){ 0 };
}
