/* SPDX-License-Identifier: Apache-2.0 */
/* tasks.c - the fixtures that become tasks, kept in memory. */
#include <event2/event.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "conformance/fixtures.h"
#include "job/store.h"
#include "json.h"
#include "mcp/call.h"
#include "mcp/hub.h"
#include "mcp/offer.h"
#include "mcp/rpc.h"
#include "mcp/task.h"
#include "str.h"

#define TTL_MS      300000 /* more than a run of the suite */
#define POLL_MS     100
#define SECONDS_MAX 600 /* of slow_compute; the suite wants 60 */

#define CONFIRM(message) FORM(message, "confirm", "boolean")

/* What comes after the wait, and after the answers. */
enum ending {
    ENDS_WELL,
    ENDS_BADLY, /* a result with isError */
    ENDS_BROKEN /* an error of the protocol */
};

static const struct kind {
    const char *tool;
    unsigned wait_ms;
    enum ending ending;
    bool always;       /* without tasks there is no answer */
    const char *asks;  /* JSON: what the task waits for */
    const char *first; /* JSON: what is asked before there is a task */
} kinds[] = {
    { "slow_compute", 0, ENDS_WELL, false, NULL, NULL },
    { "failing_job", 1000, ENDS_BADLY, true, NULL, NULL },
    { "protocol_error_job", 100, ENDS_BROKEN, true, NULL, NULL },
    { "confirm_delete", 0, ENDS_WELL, true, ONE("confirm", CONFIRM("Delete it?")), NULL },
    { "multi_input", 0, ENDS_WELL, true,
      "{\"first\": " CONFIRM("The first?") ", \"second\": " CONFIRM("The second?") "}", NULL },
    { "test_tool_with_task", 100, ENDS_WELL, true, NULL,
      ONE("user_name", FORM("What is your name?", "name", "string")) },
};

/* The tools of a run of the suite are few; nothing bounds these. */
struct job {
    char id[JOB_ID_MAX];
    const struct kind *kind;
    struct call *call; /* who waits for the answer; NULL: it is a task */
    struct event *timer;
    enum task_status status;
    int64_t created_ms, changed_ms;
    char *text;
    struct json_object *result, *error, *requests;
    struct job *next, **link;
};

static struct job *jobs;

/* --- their life ------------------------------------------------------------------------ */

static void job_free(struct job *job)
{
    *job->link = job->next;
    if (job->next)
        job->next->link = job->link;
    event_free(job->timer);
    json_object_put(job->result);
    json_object_put(job->error);
    json_object_put(job->requests);
    free(job->text);
    free(job);
}

static struct task view(const struct job *job)
{
    return (struct task){ .id = job->id,
                          .status = job->status,
                          .created_ms = job->created_ms,
                          .changed_ms = job->changed_ms,
                          .ttl_ms = TTL_MS,
                          .poll_ms = POLL_MS,
                          .result = job->result,
                          .error = job->error,
                          .requests = job->requests };
}

static bool has_ended(const struct job *job)
{
    return job->status != TASK_WORKING && job->status != TASK_INPUT_REQUIRED;
}

static void job_wait(struct job *job, double seconds)
{
    const struct timeval wait = { .tv_sec = (time_t)seconds,
                                  .tv_usec = (suseconds_t)(fmod(seconds, 1) * 1e6) };
    (void)event_add(job->timer, &wait);
}

static void job_turn(struct job *job, enum task_status status)
{
    job->status = status;
    job->changed_ms = now_epoch_ms();
    if (has_ended(job))
        job_wait(job, TTL_MS / 1000.0);
    const struct task task = view(job);
    autojson struct json_object *body = task_print(&task);
    hub_publish(fixtures.hub,
                &(const struct news){ .what = CHANGE_TASK, .id = job->id, .body = body });
}

static struct json_object *result_of(const struct job *job)
{
    struct json_object *block = json_object_new_object(), *content = json_object_new_array();
    json_object_object_add(block, "type", json_object_new_string("text"));
    json_object_object_add(block, "text", json_object_new_string(job->text));
    json_object_array_add(content, block);
    struct json_object *result = json_object_new_object();
    json_object_object_add(result, "content", content);
    if (job->kind->ending == ENDS_BADLY)
        json_object_object_add(result, "isError", json_object_new_boolean(true));
    return result;
}

static void job_end(struct job *job)
{
    if (job->call) {
        struct call *call = job->call;
        struct json_object *result = result_of(job);
        job_free(job);
        call_answer(call, result);
        return;
    }
    if (job->kind->ending == ENDS_BROKEN) {
        job->error = json_object_new_object();
        json_object_object_add(job->error, "code", json_object_new_int(RPC_INTERNAL_ERROR));
        json_object_object_add(job->error, "message", json_object_new_string(job->text));
        job_turn(job, TASK_FAILED);
        return;
    }
    job->result = result_of(job);
    job_turn(job, TASK_COMPLETED);
}

static void on_time(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    struct job *job = context;
    if (has_ended(job))
        job_free(job); /* it was kept for as long as it was said */
    else
        job_end(job);
}

/* --- how they begin ---------------------------------------------------------------------- */

static void on_cancel(struct call *call, bool grace)
{
    (void)grace;
    job_free(call->work);
    call_error(call, RPC_INTERNAL_ERROR, "cancelled");
}

/* Takes `text`, which is what it says in the end. */
static void job_begin(struct call *call, const struct kind *kind, double seconds, char *text)
{
    struct error err;
    struct job *job = xcalloc(1, sizeof(*job));
    job->kind = kind;
    job->text = text;
    job->timer = event_new(fixtures.base, -1, 0, on_time, job);
    job->link = &jobs;
    job->next = jobs;
    if (job->next)
        job->next->link = &job->next;
    jobs = job;
    if (job_id_make(job->id, &err) < 0) {
        job_free(job);
        call_error(call, RPC_INTERNAL_ERROR, err.text);
        return;
    }
    job->created_ms = job->changed_ms = now_epoch_ms();
    if (kind->asks) {
        job->requests = json_tokener_parse(kind->asks);
        job->status = TASK_INPUT_REQUIRED;
    } else {
        job_wait(job, seconds);
    }
    if (call_takes_task(call)) {
        const struct task task = view(job);
        call_task(call, &task);
        return;
    }
    job->call = call;
    call->work = job;
    call->cancel = on_cancel;
}

static double seconds_of(const struct kind *kind, struct json_object *arguments)
{
    struct json_object *value = NULL;
    if (!json_object_object_get_ex(arguments, "seconds", &value))
        return kind->wait_ms / 1000.0;
    double seconds = json_object_get_double(value);
    return seconds > 0 ? fmin(seconds, SECONDS_MAX) : 0;
}

static const struct kind *kind_of(const struct call *call)
{
    const struct kind *kind = kinds;
    while (kind < kinds + COUNT(kinds) - 1 && strcmp(kind->tool, fixture_name(call)) != 0)
        kind++;
    return kind;
}

void task_answer(struct call *call, struct json_object *arguments)
{
    const struct kind *kind = kind_of(call);
    struct json_object *name = NULL;
    if (kind->always && !call_takes_task(call)) {
        call_lacks(call, "extensions." EXTENSION_TASKS);
        return;
    }
    if (kind->first && json_pointer_get(call->responses, "/user_name/content/name", &name) < 0) {
        call_ask(call, json_tokener_parse(kind->first), NULL);
        return;
    }
    job_begin(call, kind, seconds_of(kind, arguments),
              name ? xasprintf("Hello, %s!", json_object_get_string(name))
                   : xasprintf("%s has ended", kind->tool));
}

/* --- what becomes of them ------------------------------------------------------------------ */

static struct job *job_find(const char *id)
{
    for (struct job *job = jobs; job; job = job->next)
        if (!job->call && strcmp(job->id, id) == 0)
            return job;
    return NULL;
}

static void tell(struct call *call, const char *id)
{
    struct job *job = job_find(id);
    if (!job) {
        call_task_absent(call);
        return;
    }
    const struct task task = view(job);
    call_task_told(call, &task);
}

static void take_answers(struct job *job, struct json_object *answers)
{
    json_object_object_foreach(answers, name, value)
    {
        if (json_object_is_type(value, json_type_object))
            json_object_object_del(job->requests, name);
    }
    if (json_object_object_length(job->requests) == 0)
        job_end(job);
}

static void update(struct call *call, const char *id, struct json_object *responses)
{
    struct job *job = job_find(id);
    if (!job) {
        call_task_absent(call);
        return;
    }
    if (job->status == TASK_INPUT_REQUIRED)
        take_answers(job, responses);
    call_task_noted(call);
}

static void cancel(struct call *call, const char *id)
{
    struct job *job = job_find(id);
    if (!job) {
        call_task_absent(call);
        return;
    }
    if (!has_ended(job))
        job_turn(job, TASK_CANCELLED);
    call_task_noted(call);
}

const struct offer_tasks fixtures_tasks = { .get = tell, .update = update, .cancel = cancel };

void fixtures_end(void)
{
    for (struct job *job = jobs, *next; job; job = next) {
        next = job->next;
        job_free(job);
    }
}
