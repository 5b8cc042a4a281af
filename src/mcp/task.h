/* SPDX-License-Identifier: Apache-2.0 */
/* task.h - the tasks extension: a tool's call that is answered by a handle, whose client asks what
 * became of it (io.modelcontextprotocol/tasks, of the modern era).
 *
 * What a task is, how long it is kept and whose it is are the offer's business (struct
 * offer_tasks); here is which client may have one, and how a task is told. A tool decides in its
 * handler: call_takes_task(), then call_task() instead of call_answer(). One that cannot answer
 * otherwise says call_lacks(call, "extensions." EXTENSION_TASKS).
 */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#define EXTENSION_TASKS "io.modelcontextprotocol/tasks"

struct call;

enum task_status {
    TASK_WORKING,
    TASK_INPUT_REQUIRED, /* until its `requests` are answered */
    TASK_COMPLETED,      /* also a tool that says isError */
    TASK_FAILED,         /* with an error of the protocol */
    TASK_CANCELLED,
};

/* Everything is borrowed. */
struct task {
    const char *id; /* unguessable */
    enum task_status status;
    const char *message;            /* a sentence for people; NULL: none */
    int64_t created_ms, changed_ms; /* since the epoch */
    uint64_t ttl_ms;                /* it is kept so long after it was created; 0: for ever */
    unsigned poll_ms;               /* how often to ask; 0: no opinion */
    struct json_object *result;     /* of TASK_COMPLETED: the CallToolResult */
    struct json_object *error;      /* of TASK_FAILED: {"code", "message"} */
    struct json_object *requests;   /* of TASK_INPUT_REQUIRED: as call_ask()'s, the open ones */
};

/* Does its client know tasks? If not, it waits for the answer. */
bool call_takes_task(const struct call *call);

/* Answers tools/call: the task is there, and can be asked for from now on. */
void call_task(struct call *call, const struct task *task);

/* Answers tasks/get; says that there is no such task (of this client); says that tasks/update or
 * tasks/cancel was understood. */
void call_task_told(struct call *call, const struct task *task);
void call_task_absent(struct call *call);
void call_task_noted(struct call *call);

/* What news of CHANGE_TASK say (hub.h). The caller's. */
struct json_object *task_print(const struct task *task);
