/* SPDX-License-Identifier: Apache-2.0 */
/* task.c - who may have tasks, and how they are told. */
#include "mcp/task.h"

#include "clock.h"
#include "mcp/conversation.h"

static const char *const status_names[] = {
    [TASK_WORKING] = "working",     [TASK_INPUT_REQUIRED] = "input_required",
    [TASK_COMPLETED] = "completed", [TASK_FAILED] = "failed",
    [TASK_CANCELLED] = "cancelled",
};

/* --- how they are told ---------------------------------------------------------------- */

static void add_text(struct json_object *object, const char *name, const char *text)
{
    if (text)
        json_object_object_add(object, name, rpc_text(text));
}

static void add_time(struct json_object *object, const char *name, int64_t epoch_ms)
{
    char text[32];
    iso8601_print(epoch_ms, text);
    add_text(object, name, text);
}

/* Without what came of it: so it is told to who called the tool. */
static struct json_object *outline(const struct task *task)
{
    struct json_object *object = json_object_new_object();
    add_text(object, "taskId", task->id);
    add_text(object, "status", status_names[task->status]);
    add_text(object, "statusMessage", task->message);
    add_time(object, "createdAt", task->created_ms);
    add_time(object, "lastUpdatedAt", task->changed_ms);
    json_object_object_add(object, "ttlMs",
                           task->ttl_ms ? json_object_new_uint64(task->ttl_ms) : NULL);
    if (task->poll_ms)
        json_object_object_add(object, "pollIntervalMs", json_object_new_int64(task->poll_ms));
    return object;
}

static void add(struct json_object *object, const char *name, struct json_object *borrowed)
{
    if (borrowed)
        json_object_object_add(object, name, json_object_get(borrowed));
}

struct json_object *task_print(const struct task *task)
{
    struct json_object *object = outline(task);
    if (task->status == TASK_COMPLETED)
        add(object, "result", task->result);
    else if (task->status == TASK_FAILED)
        add(object, "error", task->error);
    else if (task->status == TASK_INPUT_REQUIRED)
        add(object, "inputRequests", task->requests);
    return object;
}

bool call_takes_task(const struct call *call)
{
    return call->version->era == ERA_MODERN && call_can(call, "extensions." EXTENSION_TASKS);
}

void call_task(struct call *call, const struct task *task)
{
    struct json_object *result = outline(task);
    add_text(result, "resultType", "task");
    call_answer(call, result);
}

void call_task_told(struct call *call, const struct task *task)
{
    call_answer(call, task_print(task));
}

void call_task_absent(struct call *call)
{
    call_error(call, RPC_INVALID_PARAMS, "there is no such task");
}

void call_task_noted(struct call *call)
{
    call_answer(call, json_object_new_object());
}

/* --- who may ask ---------------------------------------------------------------------- */

/* Before the id is looked at: who does not know tasks learns nothing of them. */
static bool lacks_tasks(struct call *call)
{
    if (call_takes_task(call))
        return false;
    call_lacks(call, "extensions." EXTENSION_TASKS);
    return true;
}

void serve_get_task(struct call *call)
{
    if (!lacks_tasks(call))
        call->session->parts.offer->tasks->get(call, param_text(call, "taskId"));
}

void serve_update_task(struct call *call)
{
    if (!lacks_tasks(call))
        call->session->parts.offer->tasks->update(call, param_text(call, "taskId"),
                                                  param_object(call, "inputResponses"));
}

void serve_cancel_task(struct call *call)
{
    if (!lacks_tasks(call))
        call->session->parts.offer->tasks->cancel(call, param_text(call, "taskId"));
}
