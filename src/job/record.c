/* SPDX-License-Identifier: Apache-2.0 */
/* record.c - a job's record: its words, its JSON, its end. */
#include "job/record.h"

#include <string.h>

#include "clock.h"
#include "json.h"
#include "str.h"

/* --- words ------------------------------------------------------------------------- */

static const char *const status_names[JOB_STATUS_COUNT] = {
    [JOB_PENDING] = "pending", [JOB_RUNNING] = "running",     [JOB_COMPLETED] = "completed",
    [JOB_FAILED] = "failed",   [JOB_CANCELLED] = "cancelled",
};

const char *job_status_name(enum job_status status)
{
    return status_names[status];
}

int job_status_find(const char *name)
{
    for (int i = 0; i < JOB_STATUS_COUNT; i++)
        if (strcmp(status_names[i], name) == 0)
            return i;
    return -1;
}

bool job_status_ended(enum job_status status)
{
    return status >= JOB_COMPLETED;
}

const char *job_lost(enum job_status status)
{
    return status == JOB_PENDING ? "server or command stopped before job began"
                                 : "server stopped while job was running";
}

/* --- JSON -------------------------------------------------------------------------- */

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
    if (*record->traceparent)
        json_object_object_add(object, "traceparent", json_object_new_string(record->traceparent));
    return object;
}

/* What a result says of a stream, "output": {"stdout_bytes": 12}; somebody else may have written
 * it. */
static uint64_t bytes_written(const struct record *record, int stream)
{
    autojson struct json_object *result =
        record->result ? json_tokener_parse(record->result) : NULL;
    struct json_object *output = NULL, *bytes = NULL;
    if (!json_object_is_type(result, json_type_object) ||
        !json_object_object_get_ex(result, "output", &output) ||
        !json_object_is_type(output, json_type_object) ||
        !json_object_object_get_ex(output, stream == 1 ? "stdout_bytes" : "stderr_bytes", &bytes) ||
        !json_object_is_type(bytes, json_type_int) || json_object_get_int64(bytes) < 0)
        return 0;
    return json_object_get_uint64(bytes);
}

uint64_t record_missing(const struct record *record, int stream, uint64_t kept, const char **reason)
{
    uint64_t written = bytes_written(record, stream);
    if (written <= kept)
        return 0;
    *reason = kept < record->bytes[stream - 1] ? "they could not be written to the disk"
              : record->tool && strcmp(record->tool, TOOL_BENCH) == 0
                  ? "cordon bench keeps the output of its last run in the result alone"
                  : "output limit reached";
    return written - kept;
}

/* --- the end ----------------------------------------------------------------------- */

void record_done(struct record *record)
{
    free(record->tool);
    free(record->label);
    free(record->error);
    free(record->result);
    free(record->progress.message);
    *record = (struct record){ 0 };
}

void record_copy(const struct record *record, struct record *ret)
{
    const char *texts[] = { record->tool, record->label, record->error, record->result,
                            record->progress.message };
    *ret = *record;
    char **copies[] = { &ret->tool, &ret->label, &ret->error, &ret->result,
                        &ret->progress.message };
    for (size_t i = 0; i < COUNT(texts); i++)
        *copies[i] = texts[i] ? xstrdup(texts[i]) : NULL;
}
