/* SPDX-License-Identifier: Apache-2.0 */
/* record.c - a job's record as JSON. */
#include "job/record.h"

#include "clock.h"
#include "json.h"

static struct json_object *time_json(int64_t epoch_ms)
{
    char text[32];
    if (epoch_ms == 0)
        return NULL;
    iso8601_print(epoch_ms, text);
    return json_object_new_string(text);
}

static struct json_object *text_json(const char *text)
{
    return text ? json_object_new_string(text) : NULL;
}

struct json_object *progress_json(const struct progress *progress)
{
    bool told = progress->current > 0 || progress->total > 0 || progress->message;
    if (!told)
        return NULL;
    struct json_object *object = json_object_new_object();
    json_object_object_add(object, "current", json_number(progress->current));
    json_object_object_add(object, "total",
                           progress->total > 0 ? json_number(progress->total) : NULL);
    json_object_object_add(object, "message", text_json(progress->message));
    return object;
}

struct json_object *record_json(const struct record *record)
{
    struct json_object *object = json_object_new_object();
    json_object_object_add(object, "id", json_object_new_string(record->id));
    json_object_object_add(object, "label", text_json(record->label));
    json_object_object_add(object, "status",
                           json_object_new_string(job_status_name(record->status)));
    json_object_object_add(object, "created_at", time_json(record->created_ms));
    json_object_object_add(object, "started_at", time_json(record->started_ms));
    json_object_object_add(object, "completed_at", time_json(record->completed_ms));
    json_object_object_add(object, "error", text_json(record->error));
    json_object_object_add(object, "result",
                           record->result ? json_tokener_parse(record->result) : NULL);
    json_object_object_add(object, "progress", progress_json(&record->progress));
    return object;
}
