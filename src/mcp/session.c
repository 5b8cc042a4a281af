/* SPDX-License-Identifier: Apache-2.0 */
/* session.c - one client's conversation. */
#include "mcp/session.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <cordon/log.h>

#include "clock.h"
#include "job/store.h"
#include "json.h"
#include "mcp/metrics.h"
#include "mcp/readers.h"
#include "mcp/resources.h"
#include "mcp/rpc.h"
#include "mcp/tools.h"
#include "net/stdio.h"
#include "run/result.h"
#include "str.h"

/* Newest first: what is offered to a client that wants something else. */
static const char *const versions[] = { "2025-11-25", "2025-06-18" };

static const char instructions[] =
    "Runs Python in a sandbox without network. py_run_script_in_dir gives the script a directory "
    "of the host to work in; py_run_script_with_dependencies gives it packages and a scratch "
    "directory. A run that takes long answers with a job_id and goes on: py_job_status shows what "
    "is new of it, job-stream://JOB_ID its output.";

/* Small enough to mean nothing, big enough to show on every number (PROGRESS_NUMBER_MAX). */
#define PROGRESS_STEP 0.001

#define TEXT_OF(value)  TEXT_OF_(value)
#define TEXT_OF_(value) #value
#define TOO_MANY                                                               \
    "too many calls at once; at most " TEXT_OF(CALLS_MAX) " are, of " TEXT_OF( \
        CALLS_MIB_MAX) " MiB together"

struct session {
    struct session_parts parts;
    const char *version; /* NULL before initialize */
    struct call *calls;
    size_t call_count, call_bytes; /* of those in flight */
};

static struct json_object *text_json(const char *text)
{
    return json_object_new_string(text);
}

/* --- out --------------------------------------------------------------------------- */

static void send_result(struct session *session, const char *id, struct json_object *result)
{
    autofree char *line = rpc_result(id, result);
    session->parts.send(session->parts.context, line);
}

static void send_error(struct session *session, const char *id, int code, const char *text)
{
    autofree char *line = rpc_error(id, code, text);
    session->parts.send(session->parts.context, line);
}

/* --- calls ------------------------------------------------------------------------- */

static struct call *call_find(const struct session *session, struct json_object *id)
{
    for (struct call *call = session->calls; call; call = call->next)
        if (!call->silent && json_object_equal(call->id_value, id))
            return call;
    return NULL;
}

static struct call *call_new(struct session *session, const struct rpc_message *message,
                             const char *tool, struct json_object *token)
{
    struct call *call = xcalloc(1, sizeof(*call));
    call->services = &session->parts.services;
    call->tool = tool;
    call->arrived_ns = now_ns();
    call->session = session;
    call->id = xstrdup(message->id);
    call->id_value = json_object_get(message->id_value);
    call->next = session->calls;
    call->link = &session->calls;
    if (call->next)
        call->next->link = &call->next;
    session->calls = call;
    session->call_count++;
    call->bytes = message->bytes;
    session->call_bytes += call->bytes;
    call->progress_token = json_object_get(token);
    call->progress = -PROGRESS_STEP; /* a script begins at 0 */
    return call;
}

static void call_end(struct call *call)
{
    struct session *session = call->session;
    *call->link = call->next;
    if (call->next)
        call->next->link = call->link;
    session->call_bytes -= call->bytes;
    json_object_put(call->progress_token);
    json_object_put(call->id_value);
    free(call->id);
    free(call);
    if (--session->call_count == 0)
        session->parts.idle(session->parts.context);
}

void call_answer(struct call *call, struct json_object *result)
{
    if (call->silent)
        json_object_put(result);
    else
        send_result(call->session, call->id, result);
    call_end(call);
}

void call_error(struct call *call, int code, const char *text)
{
    if (!call->silent)
        send_error(call->session, call->id, code, text);
    call_end(call);
}

void call_stopped(struct call *call, const struct outcome *outcome)
{
    const struct capture none = { 0 };
    const struct result_input input = { .outcome = outcome,
                                        .output = { &none, &none },
                                        .elapsed_ns = now_ns() - call->arrived_ns,
                                        .use_uv = true };
    if (outcome->end == END_FAULT)
        log_event(LOG_ERROR, "fault", KV("reason", outcome->error.text));
    call_answer(call, tool_result(result_build(&input), outcome->end != END_CANCELLED));
}

void call_refuse(struct call *call, const struct error *error)
{
    const struct outcome outcome = { .end = blame_end(error->blame), .error = *error };
    metrics_refused(call->services->metrics, call->tool, outcome.end);
    call_stopped(call, &outcome);
}

void call_fail(struct call *call, const struct error *error)
{
    if (blame_end(error->blame) == END_FAULT)
        log_event(LOG_ERROR, "fault", KV("tool", call->tool), KV("reason", error->text));
    call_answer(call, tool_error(error));
}

void call_cancelled(struct call *call)
{
    /* Its client did not ask for that: the gate died, and its question with it. */
    if (!call->silent) {
        struct error err;
        (void)fail_host_as(&err, EPIPE, "the gate died");
        call_refuse(call, &err);
        return;
    }
    call_stopped(call, &(const struct outcome){ .end = END_CANCELLED });
}

void call_progress(struct call *call, const struct progress *progress)
{
    struct session *session = call->session;
    if (!call->progress_token || call->silent || session->parts.behind(session->parts.context))
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
    autofree char *line = rpc_notification("notifications/progress", params);
    session->parts.send(session->parts.context, line);
}

void session_cancel_all(struct session *session, bool silent)
{
    for (struct call *call = session->calls, *next; call; call = next) {
        next = call->next;
        call->silent = call->silent || silent;
        call->cancel(call, false);
    }
}

size_t session_calls(const struct session *session)
{
    return session->call_count;
}

/* --- methods ------------------------------------------------------------------------ */

static const char *version_agreed(const char *wanted)
{
    for (size_t i = 0; i < COUNT(versions); i++)
        if (strcmp(versions[i], wanted) == 0)
            return versions[i];
    return versions[0];
}

static void initialize(struct session *session, const struct rpc_message *message)
{
    struct json_object *wanted;
    if (session->version) {
        send_error(session, message->id, RPC_INVALID_REQUEST, "already initialized");
        return;
    }
    if (!json_object_object_get_ex(message->params, "protocolVersion", &wanted) ||
        !json_object_is_type(wanted, json_type_string)) {
        send_error(session, message->id, RPC_INVALID_PARAMS, "protocolVersion must be a string");
        return;
    }
    session->version = version_agreed(json_object_get_string(wanted));

    struct json_object *tools = json_object_new_object();
    json_object_object_add(tools, "listChanged", json_object_new_boolean(0));
    struct json_object *resources = json_object_new_object();
    json_object_object_add(resources, "listChanged", json_object_new_boolean(0));
    json_object_object_add(resources, "subscribe", json_object_new_boolean(0));
    struct json_object *capabilities = json_object_new_object();
    json_object_object_add(capabilities, "tools", tools);
    json_object_object_add(capabilities, "resources", resources);
    struct json_object *server = json_object_new_object();
    json_object_object_add(server, "name", text_json("cordon"));
    json_object_object_add(server, "title", text_json("cordon: Python in a sandbox"));
    json_object_object_add(server, "version", text_json(CORDON_VERSION));
    struct json_object *result = json_object_new_object();
    json_object_object_add(result, "protocolVersion", text_json(session->version));
    json_object_object_add(result, "capabilities", capabilities);
    json_object_object_add(result, "serverInfo", server);
    json_object_object_add(result, "instructions", text_json(instructions));
    send_result(session, message->id, result);
}

static void ping(struct session *session, const struct rpc_message *message)
{
    send_result(session, message->id, json_object_new_object());
}

/* Takes `list`. There is one page, so no cursor was ever given out. */
static void send_list(struct session *session, const struct rpc_message *message,
                      struct json_object *list)
{
    struct json_object *cursor;
    if (!json_object_object_get_ex(message->params, "cursor", &cursor)) {
        send_result(session, message->id, list);
        return;
    }
    json_object_put(list);
    send_error(session, message->id, RPC_INVALID_PARAMS, "unknown cursor");
}

static void list_tools(struct session *session, const struct rpc_message *message)
{
    send_list(session, message, tools_list());
}

/* *ret is borrowed; NULL where the client gave none. False: not a token. */
static bool progress_token(const struct rpc_message *message, struct json_object **ret)
{
    struct json_object *meta;
    *ret = NULL;
    if (!json_object_object_get_ex(message->params, "_meta", &meta) ||
        !json_object_object_get_ex(meta, "progressToken", ret))
        return true;
    return json_object_is_type(*ret, json_type_int) ||
           (json_object_is_type(*ret, json_type_string) &&
            json_object_get_string_len(*ret) <= RPC_ID_MAX);
}

/* NULL: it was answered, as its id is in use. */
static struct call *call_begin(struct session *session, const struct rpc_message *message,
                               const char *tool, struct json_object *token)
{
    if (!call_find(session, message->id_value))
        return call_new(session, message, tool, token);
    /* Without the id: the client waits for one answer to it, and gets it. */
    send_error(session, NULL, RPC_INVALID_REQUEST, "a call with this id is still running");
    return NULL;
}

static bool is_full(const struct session *session)
{
    return session->call_count > CALLS_MAX || session->call_bytes > CALLS_BYTES_MAX;
}

static void call_tool(struct session *session, const struct rpc_message *message)
{
    struct json_object *name, *arguments = NULL, *token;
    if (!json_object_object_get_ex(message->params, "name", &name) ||
        !json_object_is_type(name, json_type_string)) {
        send_error(session, message->id, RPC_INVALID_PARAMS, "name must be a string");
        return;
    }
    const struct tool *tool = tool_find(json_object_get_string(name));
    if (!tool) {
        char shown[80], text[128];
        (void)snprintf(text, sizeof(text), "unknown tool %s",
                       printable(json_object_get_string(name), shown, sizeof(shown)));
        send_error(session, message->id, RPC_INVALID_PARAMS, text);
        return;
    }
    if (json_object_object_get_ex(message->params, "arguments", &arguments) &&
        !json_object_is_type(arguments, json_type_object)) {
        send_error(session, message->id, RPC_INVALID_PARAMS, "arguments must be an object");
        return;
    }
    if (!progress_token(message, &token)) {
        send_error(session, message->id, RPC_INVALID_PARAMS,
                   "progressToken must be a string or an integer, of at most 1024 bytes");
        return;
    }
    struct call *call = call_begin(session, message, tool->name, token);
    if (!call)
        return;
    if (is_full(session)) {
        struct error err;
        (void)fail_policy(&err, EBUSY, TOO_MANY);
        call_refuse(call, &err);
        return;
    }
    tool->handle(call, arguments);
}

static void list_templates(struct session *session, const struct rpc_message *message)
{
    send_list(session, message, resource_templates_list());
}

static void list_resources(struct session *session, const struct rpc_message *message)
{
    send_list(session, message, resources_list(&session->parts.services));
}

static void read_resource(struct session *session, const struct rpc_message *message)
{
    struct json_object *uri;
    if (!json_object_object_get_ex(message->params, "uri", &uri) ||
        !json_object_is_type(uri, json_type_string) ||
        strlen(json_object_get_string(uri)) != (size_t)json_object_get_string_len(uri)) {
        send_error(session, message->id, RPC_INVALID_PARAMS, "uri must be a string");
        return;
    }
    struct call *call = call_begin(session, message, "resources/read", NULL);
    if (!call)
        return;
    if (is_full(session))
        call_error(call, RPC_INTERNAL_ERROR, TOO_MANY);
    else
        resource_read(call, json_object_get_string(uri));
}

static const struct method {
    const char *name;
    void (*serve)(struct session *session, const struct rpc_message *message);
    bool always; /* also before initialize */
} methods[] = {
    { "initialize", initialize, true },
    { "ping", ping, true },
    { "tools/list", list_tools, false },
    { "tools/call", call_tool, false },
    { "resources/list", list_resources, false },
    { "resources/templates/list", list_templates, false },
    { "resources/read", read_resource, false },
};

static void serve_request(struct session *session, const struct rpc_message *message)
{
    const struct method *method = methods;
    while (method < methods + COUNT(methods) && strcmp(method->name, message->method) != 0)
        method++;
    if (method == methods + COUNT(methods)) {
        /* Before the handshake too: a newer client's server/discover then falls
         * back to initialize. */
        char shown[80], text[128];
        (void)snprintf(text, sizeof(text), "unknown method %s",
                       printable(message->method, shown, sizeof(shown)));
        send_error(session, message->id, RPC_METHOD_NOT_FOUND, text);
        return;
    }
    if (!session->version && !method->always)
        send_error(session, message->id, RPC_INVALID_REQUEST, "initialize comes first");
    else
        method->serve(session, message);
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

void session_line(struct session *session, const char *text, size_t len)
{
    struct rpc_message message;
    struct error err = { 0 };
    int code = rpc_read(text, len, &message, &err);
    bool request = message.id != NULL;
    if (code == RPC_INVALID_PARAMS && !request)
        log_event(LOG_DEBUG, "bad notification", KV("reason", err.text));
    else if (code)
        send_error(session, message.id, code, err.text);
    else if (request)
        serve_request(session, &message);
    else
        serve_notification(session, &message);
    rpc_done(&message);
}

void session_too_long(struct session *session, const char *head, size_t len)
{
    autofree char *id = rpc_find_id(head, len);
    char text[80];
    (void)snprintf(text, sizeof(text), "a message may have at most %lu bytes", STDIO_LINE_MAX);
    send_error(session, id, RPC_INVALID_REQUEST, text);
}

/* --- life --------------------------------------------------------------------------------- */

struct session *session_new(const struct session_parts *parts)
{
    struct session *session = xcalloc(1, sizeof(*session));
    session->parts = *parts;
    session->parts.services.readers = readers_new();
    return session;
}

void session_free(struct session *session)
{
    if (!session)
        return;
    readers_free(session->parts.services.readers);
    free(session);
}
