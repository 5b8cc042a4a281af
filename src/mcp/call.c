/* SPDX-License-Identifier: Apache-2.0 */
/* call.c - one request from its arrival to its answer. */
#include "mcp/call.h"

#include <string.h>

#include "clock.h"
#include "job/store.h"
#include "json.h"
#include "mcp/conversation.h"
#include "str.h"

/* Small enough to mean nothing, big enough to show on every number (PROGRESS_NUMBER_MAX). */
#define PROGRESS_STEP 0.001

/* --- life -------------------------------------------------------------------------------- */

struct call *call_find(const struct session *session, struct json_object *id)
{
    for (struct call *call = session->calls; call; call = call->next)
        if (!call->silent && json_object_equal(call->id_value, id))
            return call;
    return NULL;
}

struct call *call_new(struct session *session, const struct rpc_message *message,
                      const struct sink *sink)
{
    struct call *call = xcalloc(1, sizeof(*call));
    call->services = session->parts.services;
    call->owner = session->parts.owner;
    call->arrived_ns = now_ns();
    call->session = session;
    call->sink = *sink;
    call->id = xstrdup(message->id);
    call->id_value = json_object_get(message->id_value);
    call->params = message->params;
    call->next = session->calls;
    call->link = &session->calls;
    if (call->next)
        call->next->link = &call->next;
    session->calls = call;
    session->call_count++;
    call->bytes = message->bytes;
    session->call_bytes += call->bytes;
    call->level = SAY_NOTHING;
    call->progress = -PROGRESS_STEP; /* a script begins at 0 */
    return call;
}

static void forget_answers(struct call *call)
{
    json_object_put(TAKE(&call->responses));
    json_object_put(TAKE(&call->state));
}

void call_served(struct session *session)
{
    struct call *call = TAKE(&session->serving);
    if (!call)
        return;
    call->params = NULL;
    call->meta = NULL;
    forget_answers(call);
    if (session->freed && call->cancel && !call->ending) {
        call->ending = true;
        call->cancel(call, false);
    }
}

static void call_end(struct call *call)
{
    struct session *session = call->session;
    *call->link = call->next;
    if (call->next)
        call->next->link = call->link;
    session->call_bytes -= call->bytes;
    if (session->serving == call)
        session->serving = NULL;
    forget_answers(call);
    json_object_put(call->capabilities);
    json_object_put(call->progress_token);
    json_object_put(call->id_value);
    free(call->id);
    free(call);
    if (--session->call_count == 0 && session->parts.idle && !session->freed)
        session->parts.idle(session->parts.context);
}

/* --- the answer ---------------------------------------------------------------------------- */

/* Takes `line`, which may be NULL. */
static void last_word(struct call *call, int code, char *line)
{
    struct session *session = call->session;
    session_enter(session);
    call->cancel = NULL;
    call->sink.answer(call->sink.context, code, line);
    free(line);
    call_end(call);
    session_leave(session);
}

void call_answer(struct call *call, struct json_object *result)
{
    if (call->silent) {
        json_object_put(result);
        last_word(call, 0, NULL);
        return;
    }
    if (call->version->era == ERA_MODERN)
        envelope_put(call, result);
    last_word(call, 0, rpc_result(call->id, result));
}

void call_answer_text(struct call *call, const char *result)
{
    last_word(call, 0, call->silent ? NULL : rpc_result_text(call->id, result));
}

void call_error_with(struct call *call, int code, const char *text, struct json_object *data)
{
    if (call->silent) {
        json_object_put(data);
        last_word(call, 0, NULL);
        return;
    }
    last_word(call, code, rpc_error_with(call->id, code, text, data));
}

void call_error(struct call *call, int code, const char *text)
{
    call_error_with(call, code, text, NULL);
}

void call_absent(struct call *call, const char *uri, const char *text)
{
    struct json_object *data = json_object_new_object();
    json_object_object_add(data, "uri", rpc_text(uri));
    call_error_with(call,
                    call->version->era == ERA_LEGACY ? RPC_RESOURCE_NOT_FOUND : RPC_INVALID_PARAMS,
                    text, data);
}

void call_keepable(struct call *call, uint64_t ttl_ms, bool shared)
{
    call->ttl_ms = ttl_ms;
    call->shared = shared;
}

/* More is not in the protocol. */
#define COMPLETIONS_MAX 100

void call_complete(struct call *call, char *const *values, size_t total)
{
    struct json_object *list = json_object_new_array();
    size_t count = list_len(values);
    for (size_t i = 0; i < count && i < COMPLETIONS_MAX; i++)
        json_object_array_add(list, rpc_text(values[i]));
    struct json_object *completion = json_object_new_object();
    json_object_object_add(completion, "values", list);
    json_object_object_add(completion, "total", json_object_new_uint64(total));
    json_object_object_add(completion, "hasMore",
                           json_object_new_boolean(total > json_object_array_length(list)));
    struct json_object *result = json_object_new_object();
    json_object_object_add(result, "completion", completion);
    call_answer(call, result);
}

/* --- before it ------------------------------------------------------------------------------- */

void call_send(struct call *call, const char *line)
{
    struct session *session = call->session;
    session_enter(session);
    call->sink.notify(call->sink.context, line);
    session_leave(session);
}

void call_notify(struct call *call, const char *method, struct json_object *params)
{
    autofree char *line = rpc_notification(method, params);
    call_send(call, line);
}

void call_progress(struct call *call, const struct progress *progress)
{
    if (!call->progress_token || call->silent || call->sink.behind(call->sink.context))
        return;
    double least = call->progress + PROGRESS_STEP;
    call->progress = progress->current > least ? progress->current : least;
    struct json_object *params = json_object_new_object();
    json_object_object_add(params, "progressToken", json_object_get(call->progress_token));
    json_object_object_add(params, "progress", json_number(call->progress));
    if (progress->total > 0)
        json_object_object_add(params, "total", json_number(progress->total));
    if (progress->message)
        json_object_object_add(params, "message", rpc_text(progress->message));
    call_notify(call, "notifications/progress", params);
}

static const char *const level_names[] = {
    [SAY_DEBUG] = "debug",     [SAY_INFO] = "info",           [SAY_NOTICE] = "notice",
    [SAY_WARNING] = "warning", [SAY_ERROR] = "error",         [SAY_CRITICAL] = "critical",
    [SAY_ALERT] = "alert",     [SAY_EMERGENCY] = "emergency",
};

enum say_level say_level_find(const char *name)
{
    size_t i = 0;
    while (i < COUNT(level_names) && strcmp(level_names[i], name) != 0)
        i++;
    return (enum say_level)i;
}

void call_log(struct call *call, enum say_level level, const char *logger, struct json_object *data)
{
    bool legacy = call->version->era == ERA_LEGACY;
    if (level < (legacy ? call->session->level : call->level) || call->silent ||
        call->sink.behind(call->sink.context)) {
        json_object_put(data);
        return;
    }
    struct json_object *params = json_object_new_object();
    json_object_object_add(params, "level", json_object_new_string(level_names[level]));
    if (logger)
        json_object_object_add(params, "logger", json_object_new_string(logger));
    json_object_object_add(params, "data", data);
    call_notify(call, "notifications/message", params);
}

void call_leave(struct call *call)
{
    if (call->silent || !call->sink.leave)
        return;
    session_enter(call->session);
    call->sink.leave(call->sink.context);
    session_leave(call->session);
}

/* --- what its client can --------------------------------------------------------------------- */

bool call_can(const struct call *call, const char *capability)
{
    const char *dot = strchr(capability, '.');
    autofree char *first =
        dot ? xstrndup(capability, (size_t)(dot - capability)) : xstrdup(capability);
    struct json_object *object, *part;
    if (!json_object_object_get_ex(call->capabilities, first, &object) || !dot)
        return object != NULL;
    if (json_object_object_get_ex(object, dot + 1, &part))
        return true;
    /* A client older than the two modes says nothing of them, and knows the form. */
    return strcmp(capability, "elicitation.form") == 0 &&
           json_object_is_type(object, json_type_object) && json_object_object_length(object) == 0;
}

void call_lacks(struct call *call, const char *capability)
{
    const char *dot = strchr(capability, '.');
    autofree char *first =
        dot ? xstrndup(capability, (size_t)(dot - capability)) : xstrdup(capability);
    struct json_object *object = json_object_new_object();
    if (dot)
        json_object_object_add(object, dot + 1, json_object_new_object());
    struct json_object *required = json_object_new_object();
    json_object_object_add(required, first, object);
    struct json_object *data = json_object_new_object();
    json_object_object_add(data, "requiredCapabilities", required);
    autofree char *text = xasprintf("this needs a client that declares %s", capability);
    bool legacy = call->version->era == ERA_LEGACY;
    call_error_with(call, legacy ? RPC_INVALID_REQUEST : RPC_MISSING_CAPABILITY, text, data);
}
