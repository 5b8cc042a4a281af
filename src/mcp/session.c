/* SPDX-License-Identifier: Apache-2.0 */
/* session.c - one conversation: messages in, and to each its answer. */
#include "mcp/session.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <cordon/log.h>

#include "mcp/conversation.h"
#include "net/stdio.h"
#include "str.h"

/* --- requests ------------------------------------------------------------------------------- */

static void answer_error(const struct sink *sink, const char *id, int code, const char *text)
{
    autofree char *line = rpc_error(id, code, text);
    sink->answer(sink->context, code, line);
}

static void unknown_method(struct call *call, const char *name)
{
    char shown[80], text[128];
    (void)snprintf(text, sizeof(text), "unknown method %s", printable(name, shown, sizeof(shown)));
    call_error(call, RPC_METHOD_NOT_FOUND, text);
}

/* What _meta says of any request. False: it was answered. */
static bool take_meta(struct call *call)
{
    struct json_object *token;
    if (!json_object_object_get_ex(call->params, "_meta", &call->meta))
        return true;
    if (!json_object_is_type(call->meta, json_type_object)) {
        call_error(call, RPC_INVALID_PARAMS, "_meta must be an object");
        return false;
    }
    if (!json_object_object_get_ex(call->meta, "progressToken", &token))
        return true;
    if (!json_object_is_type(token, json_type_int) &&
        (!json_object_is_type(token, json_type_string) ||
         json_object_get_string_len(token) > RPC_ID_MAX)) {
        call_error(call, RPC_INVALID_PARAMS,
                   "progressToken must be a string or an integer, of at most 1024 bytes");
        return false;
    }
    call->progress_token = json_object_get(token);
    return true;
}

static void serve(struct call *call, const char *name)
{
    struct session *session = call->session;
    struct error err;
    call->version = session->version ? session->version : version_newest(ERA_LEGACY);
    call->capabilities = json_object_get(session->capabilities);
    const struct method *method = method_find(name, call->version->era, session->parts.offer);
    if (!method) {
        unknown_method(call, name);
        return;
    }
    call->method = method;
    call->tool = method->name;
    if (!session->version && !(method->flags & METHOD_EARLY))
        call_error(call, RPC_INVALID_REQUEST, "initialize comes first");
    else if (method_check(method, call->params, &err) < 0)
        call_error(call, RPC_INVALID_PARAMS, err.text);
    else
        method->serve(call);
}

static void serve_request(struct session *session, const struct rpc_message *message,
                          const struct sink *sink)
{
    if (call_find(session, message->id_value)) {
        /* Without the id: the client waits for one answer to it, and gets it. */
        answer_error(sink, NULL, RPC_INVALID_REQUEST, "a call with this id is still running");
        return;
    }
    struct call *call = call_new(session, message, sink);
    session->serving = call;
    if (take_meta(call))
        serve(call, message->method);
    if (session->serving) { /* it goes on; the message does not */
        call->params = NULL;
        call->meta = NULL;
    }
    session->serving = NULL;
}

/* --- notifications -------------------------------------------------------------------- */

static void cancelled(struct session *session, const struct rpc_message *message)
{
    struct json_object *id;
    if (!json_object_object_get_ex(message->params, "requestId", &id))
        return;
    struct call *call = call_find(session, id);
    if (!call)
        return;
    call->silent = true;
    call->cancel(call, true);
}

static void serve_notification(struct session *session, const struct rpc_message *message)
{
    if (strcmp(message->method, "notifications/cancelled") == 0)
        cancelled(session, message);
    /* All others, known or not, ask nothing of us. */
}

/* --- in --------------------------------------------------------------------------------- */

static enum taken take(struct session *session, const struct rpc_message *message,
                       const struct sink *sink, const struct inspection *inspection)
{
    struct error err = { 0 };
    int code = inspection ? inspection->look(inspection->context, message, &err) : 0;
    if (code && !message->id)
        return TAKEN_REFUSED;
    if (code)
        answer_error(sink, message->id, code, err.text);
    else if (message->id)
        serve_request(session, message, sink);
    else
        serve_notification(session, message);
    return message->id ? TAKEN_ANSWERED : TAKEN_SILENTLY;
}

enum taken session_message(struct session *session, const char *text, size_t len,
                           const struct sink *sink, const struct inspection *inspection)
{
    struct rpc_message message;
    struct error err = { 0 };
    enum taken taken = TAKEN_ANSWERED;
    session_enter(session);
    int code = rpc_read(text, len, &message, &err);
    if (code == RPC_BATCH) {
        answer_error(sink, NULL, RPC_INVALID_REQUEST,
                     "batches are not part of this protocol version");
    } else if (code == RPC_INVALID_PARAMS && !message.id) {
        log_event(LOG_DEBUG, "bad notification", KV("reason", err.text));
        taken = TAKEN_REFUSED;
    } else if (code) {
        answer_error(sink, message.id, code, err.text);
    } else if (!message.method) {
        answer_error(sink, NULL, RPC_INVALID_REQUEST, "a response to no request of this server");
    } else {
        taken = take(session, &message, sink, inspection);
    }
    rpc_done(&message);
    session_leave(session);
    return taken;
}

void session_too_long(struct session *session, const char *head, size_t len,
                      const struct sink *sink)
{
    autofree char *id = rpc_find_id(head, len);
    char text[80];
    (void)session;
    (void)snprintf(text, sizeof(text), "a message may have at most %lu bytes", STDIO_LINE_MAX);
    answer_error(sink, id, RPC_INVALID_REQUEST, text);
}

/* --- life --------------------------------------------------------------------------------- */

struct session *session_new(const struct session_parts *parts)
{
    struct session *session = xcalloc(1, sizeof(*session));
    session->parts = *parts;
    return session;
}

void session_cancel_all(struct session *session, bool silent)
{
    session_enter(session);
    for (struct call *call = session->calls, *next; call; call = next) {
        next = call->next;
        call->silent = call->silent || silent;
        call->cancel(call, false);
    }
    session_leave(session);
}

size_t session_calls(const struct session *session)
{
    return session->call_count;
}

const char *session_version(const struct session *session)
{
    return session->version ? session->version->name : NULL;
}

void session_enter(struct session *session)
{
    session->depth++;
}

void session_leave(struct session *session)
{
    if (--session->depth > 0 || !session->freed || session->call_count > 0)
        return;
    json_object_put(session->capabilities);
    free(session);
}

void session_free(struct session *session)
{
    if (!session)
        return;
    session_enter(session);
    session->freed = true;
    session_cancel_all(session, true);
    session_leave(session);
}
