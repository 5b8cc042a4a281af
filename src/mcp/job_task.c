/* SPDX-License-Identifier: Apache-2.0 */
/* job_task.c - a job as a task. */
#include "mcp/job_task.h"

#include <errno.h>
#include <string.h>

#include "config.h"
#include "json.h"
#include "mcp/job.h"
#include "mcp/job_chart.h"
#include "mcp/job_view.h"
#include "mcp/rpc.h"
#include "mcp/services.h"
#include "mcp/task.h"
#include "mcp/tools.h"
#include "str.h"

/* --- what a task says of its job ---------------------------------------------------------- */

struct view {
    struct task task;
    char *message;
};

static void view_done(struct view *view)
{
    free(view->message);
    json_object_put(view->task.result);
    json_object_put(view->task.error);
}

/* A script that was stopped has a result all the same; only who was stopped by its client, or has
 * lost its server, has none. */
static enum task_status status_of(const struct record *record)
{
    if (!job_status_ended(record->status))
        return TASK_WORKING;
    if (record->status == JOB_CANCELLED)
        return TASK_CANCELLED;
    return record->result ? TASK_COMPLETED : TASK_FAILED;
}

static char *message_of(const struct services *services, const struct record *record)
{
    const struct progress *progress = &record->progress;
    unsigned position = jobs_position(services->jobs, record->id);
    if (job_status_ended(record->status))
        return xasprintf("%s; its output is job-stream://%s",
                         record->error ? record->error : "ended", record->id);
    if (record->status == JOB_PENDING && position > 0)
        return xasprintf("waits for its turn, as number %u", position);
    const char *said = progress->message ? progress->message : job_status_name(record->status);
    if (progress->total > 0)
        return xasprintf("%g of %g: %s", progress->current, progress->total, said);
    return xstrdup(said);
}

/* Where its picture is: who asks for a task twice would have it drawn twice. */
static void add_chart(struct json_object *result, const struct record *record)
{
    struct json_object *content = NULL, *link = json_object_new_object();
    autofree char *uri = xasprintf(CHART_HEAD "%s" CHART_TAIL, record->id);
    json_object_object_add(link, "type", json_object_new_string("resource_link"));
    json_object_object_add(link, "uri", rpc_text(uri));
    json_object_object_add(link, "name", json_object_new_string("chart.png"));
    json_object_object_add(link, "mimeType", json_object_new_string(CHART_TYPE));
    (void)json_object_object_get_ex(result, "content", &content);
    json_object_array_add(content, link);
}

/* As the call would have been answered; of a benchmark with a link in its picture's place. */
static struct json_object *result_of(const struct record *record)
{
    struct json_object *object = json_tokener_parse(record->result), *end = NULL;
    bool measured = record->tool && strcmp(record->tool, "py_benchmark_script") == 0;
    if (!json_object_is_type(object, json_type_object)) {
        json_object_put(object);
        return NULL;
    }
    (void)json_object_object_get_ex(object, "end", &end);
    const char *name = end ? json_object_get_string(end) : "";
    bool fault = strcmp(name, end_name(END_REFUSED)) == 0 || strcmp(name, end_name(END_FAULT)) == 0;
    struct json_object *result = tool_result(object, fault);
    if (measured && !fault)
        add_chart(result, record);
    return result;
}

static struct json_object *error_of(const struct record *record)
{
    struct json_object *error = json_object_new_object();
    json_object_object_add(error, "code", json_object_new_int(RPC_INTERNAL_ERROR));
    json_object_object_add(error, "message",
                           rpc_text(record->error ? record->error : "its result is lost"));
    return error;
}

static void view(const struct services *services, const struct record *record, struct view *ret)
{
    const struct config *config = services->config;
    uint64_t age = config ? config->jobs_max_age_ms : UINT64_MAX;
    *ret = (struct view){ .message = message_of(services, record) };
    ret->task = (struct task){
        .id = record->id,
        .status = status_of(record),
        .message = ret->message,
        .created_ms = record->created_ms,
        .changed_ms = record->completed_ms ? record->completed_ms
                      : record->started_ms ? record->started_ms
                                           : record->created_ms,
        .ttl_ms = age == UINT64_MAX ? 0 : age,
        .poll_ms = JOB_TASK_POLL_MS,
    };
    if (ret->task.status == TASK_COMPLETED && !(ret->task.result = result_of(record)))
        ret->task.status = TASK_FAILED;
    if (ret->task.status == TASK_FAILED)
        ret->task.error = error_of(record);
}

struct json_object *job_task_print(const struct services *services, const struct record *record)
{
    struct view shown;
    view(services, record, &shown);
    struct json_object *object = task_print(&shown.task);
    view_done(&shown);
    return object;
}

int job_task_begin(struct call *call, const char *id, struct error *err)
{
    struct record record;
    struct view shown;
    int r = job_view_find(call->services, id, &record, err);
    if (r < 0)
        return r;
    view(call->services, &record, &shown);
    call_task(call, &shown.task);
    view_done(&shown);
    record_done(&record);
    return 0;
}

/* --- what is asked of it -------------------------------------------------------------------- */

/* False: it was answered. */
static bool find(struct call *call, const char *id, struct record *ret)
{
    struct error err = { 0 };
    if (job_view_find(call->services, id, ret, &err) == 0)
        return true;
    if (err.code == ENOENT && err.blame == BLAME_CALLER)
        call_task_absent(call);
    else
        call_error(call, RPC_INTERNAL_ERROR, err.text);
    return false;
}

static void get(struct call *call, const char *id)
{
    struct record record;
    struct view shown;
    if (!find(call, id, &record))
        return;
    view(call->services, &record, &shown);
    call_task_told(call, &shown.task);
    view_done(&shown);
    record_done(&record);
}

/* No run asks anything, so that no answer is outstanding: what comes is left out. */
static void update(struct call *call, const char *id, struct json_object *responses)
{
    struct record record;
    (void)responses;
    if (!find(call, id, &record))
        return;
    record_done(&record);
    call_task_noted(call);
}

/* Its end comes later, also where another server runs it: that one finds the wish. */
static void cancel(struct call *call, const char *id)
{
    const struct services *services = call->services;
    struct record record;
    struct error err = { 0 };
    if (!find(call, id, &record))
        return;
    int r = 0;
    if (!job_status_ended(record.status) && !jobs_cancel(services->jobs, record.id, true))
        r = store_wish_end(services->store, record.id, &err);
    record_done(&record);
    if (r < 0)
        call_error(call, RPC_INTERNAL_ERROR, err.text);
    else
        call_task_noted(call);
}

const struct offer_tasks product_tasks = { get, update, cancel };
