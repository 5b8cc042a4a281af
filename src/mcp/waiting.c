/* SPDX-License-Identifier: Apache-2.0 */
/* waiting.c - a call that waits for its job. */
#include "mcp/waiting.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <string.h>

#include <cordon/log.h>

#include "clock.h"
#include "mcp/job_task.h"
#include "mcp/picture.h"
#include "mcp/rpc.h"
#include "mcp/services.h"
#include "mcp/task.h"
#include "mcp/tools.h"
#include "run/result.h"
#include "str.h"

/* A client that hears nothing for long gives up. */
#define HEARTBEAT_S 5

#define BUDGET_VARIABLE  "SMART_ASYNC_TIMEOUT_SECONDS"
#define BUDGET_DEFAULT_S 20
#define BUDGET_MAX_S     1000000

struct waiting {
    struct job_watch watch; /* first: the table knows a waiting call by it */
    struct call *call;
    struct event *budget, *heartbeat; /* NULL: none */
    struct progress said;             /* the job's last; its message is ours */
    char *title;                      /* of the picture that its result gets; NULL: none */
    struct picture *picture;          /* while that is drawn; the job is over then */
    struct json_object *result;       /* the same */
};

static struct call *waiting_end(struct waiting *waiting)
{
    struct call *call = waiting->call;
    job_unwatch(&waiting->watch);
    if (waiting->budget)
        event_free(waiting->budget);
    if (waiting->heartbeat)
        event_free(waiting->heartbeat);
    free(waiting->said.message);
    free(waiting->title);
    json_object_put(waiting->result);
    free(waiting);
    return call;
}

static void forget_timer(struct event **timer)
{
    if (*timer)
        event_free(*timer);
    *timer = NULL;
}

/* --- the answer, and the picture that goes with a benchmark's ---------------------------- */

static void warn_of_no_picture(struct json_object *result, const struct error *err)
{
    struct json_object *warnings = NULL;
    autofree char *text = xasprintf("no picture: %s", err->text);
    if (json_object_object_get_ex(result, "warnings", &warnings))
        json_object_array_add(warnings, rpc_text(text));
}

static void on_picture(void *context, struct json_object *block, const struct error *err)
{
    struct waiting *waiting = context;
    struct json_object *object = json_object_get(waiting->result), *content = NULL;
    if (!block)
        warn_of_no_picture(object, err);
    struct json_object *result = tool_result(object, false);
    if (block && json_object_object_get_ex(result, "content", &content))
        json_object_array_add(content, block);
    call_answer(waiting_end(waiting), result);
}

/* The job is over, and what is left to wait for is soon there. */
static void await_picture(struct waiting *waiting, struct json_object *result)
{
    struct error err = { 0 };
    waiting->result = json_object_get(result);
    forget_timer(&waiting->budget);
    const struct picture_wish wish = { .result = result,
                                       .title = waiting->title,
                                       .beside = result_cost(result) };
    if (picture_begin(waiting->call->services, &wish, on_picture, waiting, &waiting->picture,
                      &err) < 0)
        on_picture(waiting, NULL, &err);
}

static void on_ended(struct job_watch *watch, struct json_object *result, bool fault)
{
    struct waiting *waiting = (struct waiting *)watch;
    if (waiting->title && !fault && !waiting->call->silent)
        await_picture(waiting, result);
    else
        call_answer(waiting_end(waiting), tool_result(json_object_get(result), fault));
}

static void on_cancel(struct call *call, bool grace)
{
    struct waiting *waiting = call->work;
    if (waiting->picture)
        picture_stop(waiting->picture); /* the same for what goes with it */
    else
        (void)jobs_cancel(call->services->jobs, waiting->watch.id,
                          grace); /* its end ends the call */
}

/* --- answers before the end ----------------------------------------------------------- */

static void answer_early(struct waiting *waiting, enum job_status status, const char *message)
{
    struct json_object *object = json_object_new_object();
    json_object_object_add(object, "job_id", json_object_new_string(waiting->watch.id));
    json_object_object_add(object, "status", json_object_new_string(job_status_name(status)));
    if (message)
        json_object_object_add(object, "message", json_object_new_string(message));
    call_answer(waiting_end(waiting), tool_result(object, false));
}

/* As people write seconds: 20.0, 0.25. */
static char *budget_message(uint64_t budget_ns)
{
    double seconds = (double)budget_ns / (double)NS_PER_S;
    char text[32];
    (void)snprintf(text, sizeof(text), "%.15g", seconds);
    bool whole = budget_ns % NS_PER_S == 0;
    return xasprintf("Task exceeded %s%ss time budget; running in background", text,
                     whole ? ".0" : "");
}

/* The same job, which its client asks for in another way. */
static void answer_as_task(struct waiting *waiting)
{
    char id[JOB_ID_MAX];
    struct error err;
    memcpy(id, waiting->watch.id, sizeof(id));
    struct call *call = waiting_end(waiting);
    if (job_task_begin(call, id, &err) < 0)
        call_error(call, RPC_INTERNAL_ERROR, err.text);
}

static void on_budget(evutil_socket_t fd, short what, void *context)
{
    struct waiting *waiting = context;
    const struct services *services = waiting->call->services;
    struct error err;
    (void)fd;
    (void)what;
    /* Who is told an id must find something under it; without that the call waits on. */
    if (jobs_keep(services->jobs, waiting->watch.id, &err) < 0) {
        log_event(LOG_ERROR, "waits-on", KV("job", waiting->watch.id), KV("reason", err.text));
        return;
    }
    if (call_takes_task(waiting->call)) {
        answer_as_task(waiting);
        return;
    }
    autofree char *message = budget_message(services->budget_ns);
    answer_early(waiting, JOB_RUNNING, message);
}

int budget_parse(const char *text, uint64_t *ret_ns, struct error *err)
{
    double seconds = BUDGET_DEFAULT_S;
    if (text && *text) {
        char *end;
        seconds = strtod(text, &end);
        bool decimal = strspn(text, "0123456789.") == strlen(text);
        if (!decimal || *end || !(seconds >= 0 && seconds <= BUDGET_MAX_S)) {
            char shown[80];
            return fail_host_as(err, EINVAL,
                                BUDGET_VARIABLE " is \"%s\"; seconds from 0 (never) to %d are "
                                                "allowed",
                                printable(text, shown, sizeof(shown)), BUDGET_MAX_S);
        }
    }
    *ret_ns = (uint64_t)(seconds * (double)NS_PER_S);
    return 0;
}

/* --- progress ---------------------------------------------------------------------------- */

static void on_progress(struct job_watch *watch, const struct progress *progress)
{
    struct waiting *waiting = (struct waiting *)watch;
    free(waiting->said.message);
    waiting->said = *progress;
    waiting->said.message = progress->message ? xstrdup(progress->message) : NULL;
    call_progress(waiting->call, &waiting->said);
}

/* What it is waiting for: its turn, which nobody else speaks of. */
static void say_position(struct waiting *waiting, unsigned position)
{
    autofree char *message = xasprintf("queued, position %u", position);
    struct progress progress = waiting->said;
    progress.message = message;
    call_progress(waiting->call, &progress);
}

static void on_heartbeat(evutil_socket_t fd, short what, void *context)
{
    struct waiting *waiting = context;
    unsigned position = jobs_position(waiting->call->services->jobs, waiting->watch.id);
    (void)fd;
    (void)what;
    if (position > 0)
        say_position(waiting, position);
    else
        call_progress(waiting->call, &waiting->said);
}

/* --- the beginning ------------------------------------------------------------------------- */

static struct event *timer(struct waiting *waiting, event_callback_fn act, short kind, uint64_t ns)
{
    const struct timeval wait = { .tv_sec = (time_t)(ns / NS_PER_S),
                                  .tv_usec = (suseconds_t)(ns % NS_PER_S / 1000) };
    struct event *event = event_new(waiting->call->services->base, -1, kind, act, waiting);
    if (!event || event_add(event, &wait) < 0)
        abort(); /* out of memory */
    return event;
}

int wait_for_job(struct call *call, struct job_order *order, bool async, struct error *err)
{
    const struct services *services = call->services;
    struct waiting *waiting = xcalloc(1, sizeof(*waiting));
    waiting->call = call;
    waiting->title = order->picture ? xstrdup(order->picture) : NULL;
    waiting->watch.ended = on_ended;
    waiting->watch.progress = call->progress_token ? on_progress : NULL;
    order->owner = services->owner;
    order->announced = async;
    int r = jobs_start(services->jobs, order, &waiting->watch, err);
    if (r < 0) {
        free(waiting->title);
        free(waiting);
        return r;
    }
    call->work = waiting;
    call->cancel = on_cancel;
    if (async) {
        answer_early(waiting, JOB_PENDING, NULL);
        return 0;
    }
    uint64_t spent = now_ns() - call->arrived_ns, budget = services->budget_ns;
    if (budget > 0)
        waiting->budget = timer(waiting, on_budget, 0, budget > spent ? budget - spent : 0);
    if (call->progress_token) {
        waiting->heartbeat = timer(waiting, on_heartbeat, EV_PERSIST, HEARTBEAT_S * NS_PER_S);
        unsigned position = jobs_position(services->jobs, waiting->watch.id);
        if (position > 0)
            say_position(waiting, position);
    }
    return 0;
}
