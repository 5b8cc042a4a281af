/* SPDX-License-Identifier: Apache-2.0 */
/* listening.c - clients that want to hear of changes: subscriptions/listen in the modern era,
 * resources/subscribe and what is pushed anyway in the legacy one. */
#include <string.h>

#include "json.h"
#include "mcp/conversation.h"
#include "mcp/uri.h"
#include "str.h"

/* What a listener asks for, and what it is told. */
static const struct kind {
    enum offer_change what;
    const char *wanted; /* in params.notifications: a flag, or a list of ids */
    const char *method; /* of the notification */
    const char *id;     /* the member that names which; NULL: there is one */
} kinds[] = {
    { CHANGE_TOOLS, "toolsListChanged", "notifications/tools/list_changed", NULL },
    { CHANGE_PROMPTS, "promptsListChanged", "notifications/prompts/list_changed", NULL },
    { CHANGE_RESOURCES, "resourcesListChanged", "notifications/resources/list_changed", NULL },
    { CHANGE_RESOURCE, "resourceSubscriptions", "notifications/resources/updated", "uri" },
    { CHANGE_TASK, "taskIds", "notifications/tasks", "taskId" },
};

static const struct kind *kind_of(enum offer_change what)
{
    const struct kind *kind = kinds;
    while (kind->what != what)
        kind++;
    return kind;
}

/* The parameters of a notification; the caller's. */
static struct json_object *tell(const struct kind *kind, const struct news *news)
{
    struct json_object *params = json_object_new_object();
    if (news->body) {
        json_object_object_foreach(news->body, name, value)
        {
            json_object_object_add(params, name, json_object_get(value));
        }
    } else if (kind->id) {
        json_object_object_add(params, kind->id, rpc_text(news->id));
    }
    return params;
}

static void forget(char **list, const char *text)
{
    while (list && *list && strcmp(*list, text) != 0)
        list++;
    if (!list || !*list)
        return;
    free(*list);
    memmove(list, list + 1, (list_len(list + 1) + 1) * sizeof(*list));
}

/* What has no id is rare and short; of the rest a client that does not read is told once it does,
 * so that nothing piles up. `missed`: the ids that are to be told then. */
enum turn_to { TELL, TOLD, LATER };

static enum turn_to judge(char ***missed, bool behind, const struct news *news)
{
    if (!news->id)
        return TELL;
    bool was = list_has(*missed, news->id);
    if (news->again && !was)
        return TOLD;
    if (behind && !was)
        list_add(missed, news->id);
    if (!behind && was)
        forget(*missed, news->id);
    return behind ? LATER : TELL;
}

/* --- the legacy era ----------------------------------------------------------------------- */

static bool push(struct listener *listener, const struct news *news)
{
    struct session *session =
        (struct session *)((char *)listener - offsetof(struct session, listener));
    const struct kind *kind = kind_of(news->what);
    if (news->what == CHANGE_TASK || !(session->parts.offer->changes & news->what) ||
        !session->parts.push || session->freed ||
        (kind->id && !list_has(session->subscribed, news->id)))
        return true;
    bool behind = session->parts.behind && session->parts.behind(session->parts.context);
    enum turn_to turn = judge(&session->missed, behind, news);
    if (turn != TELL)
        return turn == TOLD;
    autofree char *line = rpc_notification(kind->method, tell(kind, news));
    session_enter(session);
    session->parts.push(session->parts.context, line);
    session_leave(session);
    return true;
}

void session_listen(struct session *session)
{
    session->listener = (struct listener){ .heard = push,
                                           .owner = session->parts.owner,
                                           .services = session->parts.services,
                                           .addresses = &session->subscribed };
    if (session->parts.offer->changes != 0)
        (void)hub_listen(session->parts.hub, &session->listener);
}

void session_unlisten(struct session *session)
{
    hub_unlisten(session->parts.hub, &session->listener);
    list_free(session->subscribed);
    list_free(session->missed);
    session->subscribed = session->missed = NULL;
}

void serve_subscribe(struct call *call)
{
    struct session *session = call->session;
    const char *uri = param_text(call, "uri");
    if (strlen(uri) > URI_BYTES_MAX) { /* kept as long as the session */
        call_error(call, RPC_INVALID_PARAMS, "uri may have at most 1024 bytes");
        return;
    }
    if (!list_has(session->subscribed, uri)) {
        if (hub_addresses(session->parts.hub, call->owner) >= SUBSCRIPTIONS_MAX) {
            call_error(call, RPC_INVALID_PARAMS, TOO_MANY_SUBSCRIPTIONS);
            return;
        }
        list_add(&session->subscribed, uri);
        hub_wants(session->parts.hub);
    }
    call_answer(call, json_object_new_object());
}

void serve_unsubscribe(struct call *call)
{
    const char *uri = param_text(call, "uri");
    forget(call->session->subscribed, uri);
    forget(call->session->missed, uri);
    call_answer(call, json_object_new_object());
}

/* --- the modern era ------------------------------------------------------------------------- */

struct listening {
    struct listener listener; /* first: found again by it */
    struct call *call;
    unsigned what;            /* enum offer_change */
    char **ids[COUNT(kinds)]; /* of the kinds that have some */
    char **missed[COUNT(kinds)];
};

static struct json_object *subscription(const struct call *call)
{
    struct json_object *meta = json_object_new_object();
    json_object_object_add(meta, META_SUBSCRIPTION, json_object_get(call->id_value));
    return meta;
}

static bool on_news(struct listener *listener, const struct news *news)
{
    struct listening *listening = (struct listening *)listener;
    const struct kind *kind = kind_of(news->what);
    if (!(listening->what & news->what) ||
        (kind->id && !list_has(listening->ids[kind - kinds], news->id)))
        return true;
    const struct sink *sink = &listening->call->sink;
    enum turn_to turn = judge(&listening->missed[kind - kinds], sink->behind(sink->context), news);
    if (turn != TELL)
        return turn == TOLD;
    struct json_object *params = tell(kind, news);
    json_object_object_add(params, "_meta", subscription(listening->call));
    call_notify(listening->call, kind->method, params);
    return true;
}

static void listening_free(struct listening *listening)
{
    for (size_t i = 0; i < COUNT(kinds); i++) {
        list_free(listening->ids[i]);
        list_free(listening->missed[i]);
    }
    free(listening);
}

static void listening_end(struct call *call, bool grace)
{
    struct listening *listening = call->work;
    (void)grace;
    hub_unlisten(call->session->parts.hub, &listening->listener);
    call->session->listens--;
    listening_free(listening);
    struct json_object *result = json_object_new_object();
    json_object_object_add(result, "_meta", subscription(call));
    call_answer(call, result);
}

void session_end_listening(struct session *session)
{
    session_enter(session);
    for (struct call *call = session->calls; call;) {
        bool listens = call->cancel == listening_end;
        if (listens)
            listening_end(call, true);
        call = listens ? session->calls : call->next; /* who is told may end others */
    }
    session_leave(session);
}

static bool is_id(struct json_object *value)
{
    return json_object_is_type(value, json_type_string) &&
           json_object_get_string_len(value) <= URI_BYTES_MAX;
}

/* Of what was asked that which is offered, as the acknowledgement says it. NULL: the parameter is
 * wrong, and *wrong says which. */
static struct json_object *agree(struct listening *listening, const char **wrong)
{
    const struct call *call = listening->call;
    struct json_object *wanted = param_object(call, "notifications");
    autojson struct json_object *agreed = json_object_new_object();
    size_t total = 0;
    for (size_t i = 0; i < COUNT(kinds); i++) {
        struct json_object *value;
        if (!json_object_object_get_ex(wanted, kinds[i].wanted, &value))
            continue;
        *wrong = kinds[i].wanted;
        if (!json_object_is_type(value, kinds[i].id ? json_type_array : json_type_boolean))
            return NULL;
        size_t count = kinds[i].id ? json_object_array_length(value) : 0;
        for (size_t j = 0; j < count; j++)
            if (!is_id(json_object_array_get_idx(value, j)) || ++total > SUBSCRIPTIONS_MAX)
                return NULL;
        bool asked = kinds[i].id ? count > 0 : json_object_get_boolean(value);
        if (!asked || !(call->session->parts.offer->changes & kinds[i].what))
            continue;
        for (size_t j = 0; j < count; j++)
            list_add(&listening->ids[i],
                     json_object_get_string(json_object_array_get_idx(value, j)));
        listening->what |= kinds[i].what;
        json_object_object_add(agreed, kinds[i].wanted, json_object_get(value));
    }
    return TAKE(&agreed);
}

static void listening_refuse(struct listening *listening, int code, const char *text)
{
    struct call *call = listening->call;
    listening_free(listening);
    call_error(call, code, text);
}

/* Who does not know tasks is told so, before any id is looked at. */
static bool lacks_tasks(const struct call *call)
{
    return (call->session->parts.offer->changes & CHANGE_TASK) &&
           json_object_object_get_ex(param_object(call, "notifications"), "taskIds", NULL) &&
           !call_takes_task(call);
}

void serve_listen(struct call *call)
{
    struct session *session = call->session;
    if (lacks_tasks(call)) {
        call_lacks(call, "extensions." EXTENSION_TASKS);
        return;
    }
    struct listening *listening = xcalloc(1, sizeof(*listening));
    const char *wrong = NULL;
    listening->call = call;
    listening->listener =
        (struct listener){ .heard = on_news,
                           .owner = call->owner,
                           .services = call->services,
                           .addresses = &listening->ids[kind_of(CHANGE_RESOURCE) - kinds],
                           .tasks = &listening->ids[kind_of(CHANGE_TASK) - kinds] };
    struct json_object *agreed = agree(listening, &wrong);
    if (!agreed) {
        autofree char *text =
            xasprintf("notifications.%s must be %s", wrong,
                      strstr(wrong, "Changed") ? "true or false" : SUBSCRIPTIONS_ARE);
        listening_refuse(listening, RPC_INVALID_PARAMS, text);
        return;
    }
    struct hub *hub = session->parts.hub; /* the client may be gone once it was told */
    size_t more = list_len(listening->ids[kind_of(CHANGE_RESOURCE) - kinds]) +
                  list_len(listening->ids[kind_of(CHANGE_TASK) - kinds]);
    if (more > 0 && hub_addresses(hub, call->owner) + more > SUBSCRIPTIONS_MAX) {
        json_object_put(agreed);
        listening_refuse(listening, RPC_INVALID_PARAMS, TOO_MANY_SUBSCRIPTIONS);
        return;
    }
    if (session->listens >= LISTENS_MAX || !hub_listen(hub, &listening->listener)) {
        json_object_put(agreed);
        listening_refuse(listening, RPC_INTERNAL_ERROR, "too many subscriptions are open");
        return;
    }
    session->listens++;
    call->work = listening;
    call->cancel = listening_end;
    struct json_object *params = json_object_new_object();
    json_object_object_add(params, "notifications", agreed);
    json_object_object_add(params, "_meta", subscription(call));
    call_notify(call, "notifications/subscriptions/acknowledged", params);
    if (more > 0)
        hub_wants(hub);
}
