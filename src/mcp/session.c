/* SPDX-License-Identifier: Apache-2.0 */
/* session.c - one conversation: messages in, and to each its answer. */
#include "mcp/session.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <cordon/launch.h>
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

/* Of a server of both eras the client decides, request by request; what exists in one era alone
 * belongs to it where nothing was agreed on. */
static enum era era_of(const struct call *call, const char *name)
{
    const struct session *session = call->session;
    if (session->parts.kind != SESSION_BOTH)
        return session->parts.kind == SESSION_LEGACY ? ERA_LEGACY : ERA_MODERN;
    if (envelope_there(call->meta))
        return ERA_MODERN;
    return !session->version && !method_find(name, ERA_LEGACY, session->parts.offer) &&
                   method_find(name, ERA_MODERN, session->parts.offer)
               ? ERA_MODERN
               : ERA_LEGACY;
}

/* What the era asks of a request before its method is looked at. False: it was answered. */
static bool admit(struct call *call, enum era era)
{
    const struct session *session = call->session;
    call->version = version_newest(era);
    if (era == ERA_MODERN)
        return envelope_take(call);
    if (session->version)
        call->version = session->version;
    call->capabilities = json_object_get(session->capabilities);
    return true;
}

static void serve(struct call *call, const char *name)
{
    struct session *session = call->session;
    enum era era = era_of(call, name);
    struct error err;
    if (!admit(call, era))
        return;
    const struct method *method = method_find(name, era, session->parts.offer);
    if (!method) {
        unknown_method(call, name);
        return;
    }
    call->method = method;
    call->tool = method->name;
    if (era == ERA_LEGACY && !session->version && !(method->flags & METHOD_EARLY))
        call_error(call, RPC_INVALID_REQUEST,
                   "initialize comes first, or _meta says which version this is");
    else if (method_check(method, call->params, &err) < 0)
        call_error(call, RPC_INVALID_PARAMS, err.text);
    else if (round_resume(call))
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
    call_served(session);
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
    if (call->cancel)
        call->cancel(call, true);
}

static void serve_notification(struct session *session, const struct rpc_message *message)
{
    if (strcmp(message->method, "notifications/cancelled") == 0)
        cancelled(session, message);
    /* All others, known or not, ask nothing of us. */
}

/* --- in --------------------------------------------------------------------------------- */

static enum taken serve_message(struct session *session, const struct rpc_message *message,
                                const struct sink *sink)
{
    if (message->id) {
        serve_request(session, message, sink);
        return TAKEN_ANSWERED;
    }
    if (message->method) {
        serve_notification(session, message);
        return TAKEN_SILENTLY;
    }
    if (asking_answer(session, message))
        return TAKEN_SILENTLY;
    answer_error(sink, NULL, RPC_INVALID_REQUEST, "a response to no request of this server");
    return TAKEN_ANSWERED;
}

enum taken session_take(struct session *session, const struct rpc_message *message, int code,
                        const struct error *err, const struct sink *sink,
                        const struct inspection *inspection)
{
    struct error own = *err;
    if (code == RPC_INVALID_PARAMS && !message->id) {
        log_event(LOG_DEBUG, "bad notification", KV("reason", err->text));
        return TAKEN_REFUSED;
    }
    if (!code && inspection)
        code = inspection->look(inspection->context, message, &own);
    if (!code)
        return serve_message(session, message, sink);
    if (message->method && !message->id)
        return TAKEN_REFUSED;
    answer_error(sink, message->id, code, own.text);
    return TAKEN_ANSWERED;
}

static enum taken take_batch(struct session *session, struct json_object *list,
                             const struct sink *sink, const struct inspection *inspection)
{
    size_t count = json_object_array_length(list);
    if (session->version && session->version->batches && count > 0 && count <= BATCH_MAX)
        return batch_take(session, list, sink, inspection);
    answer_error(sink, NULL, RPC_INVALID_REQUEST,
                 session->version && session->version->batches
                     ? "a batch has from 1 to 256 messages"
                     : "batches are not part of this protocol version");
    return TAKEN_ANSWERED;
}

enum taken session_message(struct session *session, const char *text, size_t len,
                           const struct sink *sink, const struct inspection *inspection)
{
    struct rpc_message message;
    struct error err = { 0 };
    session_enter(session);
    int code = rpc_read(text, len, &message, &err);
    enum taken taken = code == RPC_BATCH
                           ? take_batch(session, message.root, sink, inspection)
                           : session_take(session, &message, code, &err, sink, inspection);
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
    if (!session->parts.owner)
        session->parts.owner = OWNER_LOCAL;
    return session;
}

void session_serve_with(struct session *session, const struct services *services)
{
    session->parts.services = services;
}

/* One whose handler is on the stack, or that is being answered, cannot be cancelled: it ends by
 * itself, or call_served() sees to it. */
static struct call *next_to_end(const struct session *session)
{
    struct call *call = session->calls;
    while (call && (call->ending || !call->cancel))
        call = call->next;
    return call;
}

static void cancel_each(struct session *session, bool silent)
{
    for (struct call *call = session->calls; call; call = call->next)
        call->silent = call->silent || silent;
    /* From the beginning each time: what one is told may end others. */
    for (struct call *call; (call = next_to_end(session));) {
        call->ending = true;
        call->cancel(call, false);
    }
}

void session_cancel_all(struct session *session, bool silent)
{
    session_enter(session);
    cancel_each(session, silent);
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
    session_unlisten(session);
    cancel_each(session, true);
    session_leave(session);
}
