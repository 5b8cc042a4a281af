/* SPDX-License-Identifier: Apache-2.0 */
/* asking.c - a call that asks its client: by a result that is to be come back to in the modern
 * era, by requests of ours in the legacy one. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <cordon/log.h>

#include "json.h"
#include "mcp/conversation.h"
#include "str.h"

/* Requests of ours that a client has to answer; `responses` grows as it does. */
struct asking {
    struct json_object *params, *meta, *state, *responses;
    struct json_object *ids; /* id -> name, of those that are open */
};

/* --- what a client must be able to ------------------------------------------------------------ */

static const struct {
    const char *method, *mode, *capability;
} askable[] = {
    { "sampling/createMessage", NULL, "sampling" },
    { "elicitation/create", "form", "elicitation.form" },
    { "elicitation/create", "url", "elicitation.url" },
    { "roots/list", NULL, "roots" },
};

static const char *text_at(struct json_object *object, const char *name, const char *otherwise)
{
    struct json_object *value;
    const char *text =
        json_object_object_get_ex(object, name, &value) ? json_object_get_string(value) : otherwise;
    return text ? text : otherwise;
}

/* NULL: the client can be asked all of it. */
static const char *lacking(const struct call *call, struct json_object *requests)
{
    json_object_object_foreach(requests, name, request)
    {
        (void)name;
        struct json_object *params = NULL;
        (void)json_object_object_get_ex(request, "params", &params);
        const char *method = text_at(request, "method", ""),
                   *mode = text_at(params, "mode", "form");
        for (size_t i = 0; i < COUNT(askable); i++)
            if (strcmp(askable[i].method, method) == 0 &&
                (!askable[i].mode || strcmp(askable[i].mode, mode) == 0) &&
                !call_can(call, askable[i].capability))
                return askable[i].capability;
    }
    return NULL;
}

/* --- the modern era --------------------------------------------------------------------------- */

/* What makes a request the same when it comes again; the caller's. */
static struct json_object *essence(struct json_object *params)
{
    static const char *const passing[] = { "_meta", "inputResponses", "requestState" };
    struct json_object *object = json_object_new_object();
    if (params) {
        json_object_object_foreach(params, name, value)
        {
            bool left_out = false;
            for (size_t i = 0; i < COUNT(passing); i++)
                left_out = left_out || strcmp(passing[i], name) == 0;
            if (!left_out)
                json_object_object_add(object, name, json_object_get(value));
        }
    }
    return object;
}

static void ask_by_result(struct call *call, struct json_object *requests,
                          struct json_object *state)
{
    autojson struct json_object *params = essence(call->params);
    const struct round round = { call->owner, call->method->name, params, state };
    char handle[HANDLE_LEN + 1];
    struct error err;
    int r = hub_keep(call->session->parts.hub, &round, call->bytes, handle, &err);
    json_object_put(state);
    if (r < 0) {
        json_object_put(requests);
        log_event(LOG_ERROR, "no-round", KV("reason", err.text));
        call_error(call, RPC_INTERNAL_ERROR, err.text);
        return;
    }
    struct json_object *result = json_object_new_object();
    json_object_object_add(result, "resultType", json_object_new_string("input_required"));
    if (requests)
        json_object_object_add(result, "inputRequests", requests);
    json_object_object_add(result, "requestState", json_object_new_string(handle));
    call_answer(call, result);
}

static bool are_objects(struct json_object *responses)
{
    if (!responses)
        return true;
    json_object_object_foreach(responses, name, value)
    {
        (void)name;
        if (!json_object_is_type(value, json_type_object))
            return false;
    }
    return true;
}

bool round_resume(struct call *call)
{
    const char *handle = param_text(call, "requestState");
    if (call->version->era != ERA_MODERN || !(call->method->flags & METHOD_ASKS))
        return true;
    /* First: what was answered wrongly can be answered again. */
    struct json_object *responses = param_object(call, "inputResponses");
    if (!are_objects(responses)) {
        call_error(call, RPC_INVALID_PARAMS, "each of inputResponses must be an object");
        return false;
    }
    if (handle) {
        autojson struct json_object *params = essence(call->params);
        const struct round asked = { call->owner, call->method->name, params, NULL };
        if (!hub_take(call->session->parts.hub, handle, &asked, &call->state)) {
            call_error(call, RPC_INVALID_PARAMS,
                       "requestState is not one that was given for this request, or has expired");
            return false;
        }
    }
    call->responses = json_object_get(responses);
    return true;
}

/* --- the legacy era --------------------------------------------------------------------------- */

static void asking_free(struct asking *asking)
{
    json_object_put(asking->params);
    json_object_put(asking->meta);
    json_object_put(asking->state);
    json_object_put(asking->responses);
    json_object_put(asking->ids);
    free(asking);
}

static void on_cancel(struct call *call, bool grace)
{
    (void)grace;
    asking_free(TAKE(&call->asking));
    call_error(call, RPC_INTERNAL_ERROR, "the server ends");
}

/* All is answered: the handler once more. */
static void ask_again(struct call *call)
{
    struct session *session = call->session;
    struct asking *asking = TAKE(&call->asking);
    call->params = asking->params;
    call->meta = asking->meta;
    call->state = TAKE(&asking->state);
    call->responses = TAKE(&asking->responses);
    call->cancel = NULL;
    session->serving = call;
    call->method->serve(call);
    call_served(session);
    asking_free(asking);
}

static void send_requests(struct call *call, struct json_object *requests)
{
    json_object_object_foreach(requests, name, request)
    {
        char id[32];
        struct json_object *params = NULL;
        (void)json_object_object_get_ex(request, "params", &params);
        (void)snprintf(id, sizeof(id), "cordon-%llu", (unsigned long long)++call->session->asked);
        json_object_object_add(call->asking->ids, id, json_object_new_string(name));
        autofree char *line = rpc_request(id, text_at(request, "method", ""), params);
        call_send(call, line);
    }
}

static void ask_by_requests(struct call *call, struct json_object *requests,
                            struct json_object *state)
{
    struct asking *asking = xcalloc(1, sizeof(*asking));
    asking->params = json_object_get(call->params);
    asking->meta = json_object_get(call->meta);
    asking->state = state;
    asking->responses = json_object_new_object();
    asking->ids = json_object_new_object();
    call->asking = asking;
    call->cancel = on_cancel;
    if (requests)
        send_requests(call, requests);
    json_object_put(requests);
    if (json_object_object_length(asking->ids) == 0)
        ask_again(call);
}

void call_ask(struct call *call, struct json_object *requests, struct json_object *state)
{
    const char *lacks = requests ? lacking(call, requests) : NULL;
    if (lacks || call->silent) {
        json_object_put(requests);
        json_object_put(state);
        call_lacks(call, lacks ? lacks : "");
    } else if (call->version->era == ERA_MODERN) {
        ask_by_result(call, requests, state);
    } else {
        ask_by_requests(call, requests, state);
    }
}

bool asking_answer(struct session *session, const struct rpc_message *message)
{
    struct json_object *name = NULL;
    const char *id = json_object_get_string(message->id_value);
    struct call *call = session->calls;
    while (call && !(call->asking && json_object_object_get_ex(call->asking->ids, id, &name)))
        call = call->next;
    if (!call || !json_object_is_type(message->id_value, json_type_string))
        return false;
    struct json_object *answer = json_object_get(message->result);
    if (!answer) {
        answer = json_object_new_object();
        json_object_object_add(answer, "error", json_object_get(message->failure));
    }
    json_object_object_add(call->asking->responses, json_object_get_string(name), answer);
    json_object_object_del(call->asking->ids, id);
    if (json_object_object_length(call->asking->ids) == 0)
        ask_again(call);
    return true;
}
