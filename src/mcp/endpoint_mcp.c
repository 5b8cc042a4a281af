/* SPDX-License-Identifier: Apache-2.0 */
/* endpoint_mcp.c - what is asked at /mcp: a message by POST, in the legacy era a stream by GET, and
 * by DELETE the end. */
#include <string.h>
#include <strings.h>

#include "mcp/admission.h"
#include "mcp/endpoint_inside.h"
#include "mcp/http_rules.h"
#include "mcp/legacy.h"
#include "mcp/owner.h"
#include "mcp/rpc.h"
#include "mcp/session.h"

/* Whoever tries by hand is told both ways in. */
#define NO_SESSION                                                                       \
    "header " HEADER_SESSION " is missing: send initialize first, whose answer has it, " \
    "or have no session, with header " HEADER_VERSION ": 2026-07-28 and the _meta of that version"

/* --- refusals ------------------------------------------------------------------------------ */

static void refuse(struct http_request *request, int status, const char *text)
{
    endpoint_refuse(request, status, NULL, RPC_INVALID_REQUEST, text);
}

static void come_again(struct http_request *request, const char *text)
{
    static const struct http_field fields[] = { { "Retry-After", "1" }, { 0 } };
    endpoint_refuse(request, 503, fields, RPC_INTERNAL_ERROR, text);
}

/* --- POST ------------------------------------------------------------------------------------ */

/* While a message is looked at, and what came of that. */
struct posted {
    const struct asked *asked;
    struct exchange *exchange;
    bool begins; /* no session yet: it can only be the request for one */
    int code;
    struct error err;
};

static const char *find_header(void *context, const char *name, unsigned *count)
{
    *count = http_header_count(context, name);
    return http_header(context, name);
}

/* May it be served to him? What is to be said beside the status goes into the head. */
static int admit(const struct posted *posted, const struct rpc_message *message, struct error *err)
{
    const struct asked *asked = posted->asked;
    const struct endpoint_parts *parts = &asked->endpoint->parts;
    struct admission admission = { .owner = asked->owner, .scopes = asked->scopes };
    int code = admission_judge(&admission, message, err);
    if (code == ADMISSION_SCOPE && parts->challenge)
        exchange_add(posted->exchange, "WWW-Authenticate",
                     parts->challenge(parts->context, admission.wanted));
    if (code == ADMISSION_RATE)
        exchange_add(posted->exchange, "Retry-After", xasprintf("%u", admission.retry_s));
    return code;
}

static int look(void *context, const struct rpc_message *message, struct error *err)
{
    struct posted *posted = context;
    struct http_request *request = posted->asked->request;
    const struct rule_headers headers = { .find = find_header,
                                          .context = request,
                                          .offer = posted->asked->endpoint->parts.offer };
    posted->code =
        posted->asked->modern ? rule_compare(&headers, message, err) : rule_legacy(message, err);
    if (!posted->code && posted->begins &&
        (!message->id || !message->method || strcmp(message->method, "initialize") != 0)) {
        (void)fail_caller(err, EINVAL, NO_SESSION);
        posted->code = RPC_INVALID_REQUEST;
    }
    if (!posted->code)
        posted->code = admit(posted, message, err);
    if (posted->code)
        posted->err = *err;
    return posted->code;
}

/* The message goes to its session, which answers now, later or never. */
static void hand_on(const struct asked *asked, struct session *session, struct legacy *legacy)
{
    struct endpoint *endpoint = asked->endpoint;
    struct posted posted = { .asked = asked, .begins = legacy && !legacy->listed };
    const struct inspection inspection = { .look = look, .context = &posted };
    size_t len;
    const char *body = http_body(asked->request, &len);
    struct exchange *exchange = exchange_new(&endpoint->exchanges, asked->request,
                                             legacy ? NULL : session, legacy, asked->owner);
    posted.exchange = exchange;
    const struct sink sink = exchange_sink(exchange);
    enum taken taken = session_message(session, body, len, &sink, &inspection);
    if (taken == TAKEN_ANSWERED)
        return;
    struct http_request *request = exchange_give_up(exchange);
    if (taken == TAKEN_SILENTLY)
        http_reply(request, 202, NULL, NULL, 0);
    else if (posted.code)
        endpoint_refuse(request, 400, NULL, posted.code, posted.err.text);
    else
        refuse(request, 400, "the message is not one of this protocol");
}

static void post_modern(const struct asked *asked)
{
    const struct endpoint_parts *parts = &asked->endpoint->parts;
    const struct owner *owner = asked->owner;
    const struct session_parts session = { .offer = parts->offer,
                                           .services =
                                               owner ? owner_services(owner, asked->scopes) : NULL,
                                           .owner = owner ? owner->name : NULL,
                                           .hub = parts->hub,
                                           .kind = SESSION_MODERN };
    hand_on(asked, session_new(&session), NULL);
}

/* NULL: it was refused. A token that is good for less than the session's others would see what they
 * asked for (a stream that is gone on with, subscriptions). */
static struct legacy *session_named(const struct asked *asked)
{
    struct http_request *request = asked->request;
    const char *id = http_header(request, HEADER_SESSION);
    if (http_header_count(request, HEADER_SESSION) != 1) {
        refuse(request, 400, id ? "header " HEADER_SESSION " is there more than once" : NO_SESSION);
        return NULL;
    }
    struct legacy *legacy = legacy_find(asked->endpoint->legacies, id, asked->owner);
    if (!legacy)
        refuse(request, 404, "there is no such session, or no more; initialize begins one");
    if (legacy && !legacy_widen(legacy, asked->scopes)) {
        endpoint_refuse_scope(asked, legacy->scopes);
        return NULL;
    }
    return legacy;
}

static void post_legacy(const struct asked *asked)
{
    bool begins = http_header_count(asked->request, HEADER_SESSION) == 0;
    struct legacy *legacy = begins
                                ? legacy_new(asked->endpoint->legacies, asked->owner, asked->scopes)
                                : session_named(asked);
    if (!legacy)
        return;
    hand_on(asked, legacy->session, legacy);
    if (begins && !legacy->listed)
        legacy_free(legacy);
}

/* Of all the values of Accept; none is none. */
struct accepted {
    const char *type;
    bool found;
};

static bool accept_one(void *context, const char *name, const char *value)
{
    struct accepted *accepted = context;
    accepted->found = strcasecmp(name, "Accept") == 0 && rule_accepts(value, accepted->type);
    return !accepted->found;
}

static bool accepts(const struct http_request *request, const char *type)
{
    struct accepted accepted = { .type = type };
    (void)http_each_header(request, accept_one, &accepted);
    return accepted.found;
}

/* What waits and streams in all, or of this owner. */
static struct exchanges_held held(const struct asked *asked, bool his)
{
    const struct exchanges *exchanges = &asked->endpoint->exchanges;
    struct exchanges_held all = { exchanges->waiting, exchanges->waiting_bytes,
                                  exchanges->streams };
    return his ? exchanges_of(exchanges, asked->owner) : all;
}

static bool fits(const struct asked *asked, bool his, size_t bytes, bool streams)
{
    const struct exchanges_held has = held(asked, his);
    size_t share = his ? SHARE : 1;
    return has.waiting < EXCHANGES_MAX / share &&
           has.bytes + bytes <= EXCHANGES_BYTES_MAX / share &&
           (!streams || has.streams < STREAMS_MAX / share);
}

/* Is there room for one more, of so many bytes? */
static bool has_room(const struct asked *asked, size_t bytes, bool streams)
{
    bool known = asked->endpoint->parts.authenticate != NULL;
    return fits(asked, false, bytes, streams) && (!known || fits(asked, true, bytes, streams));
}

static void post(const struct asked *asked)
{
    struct http_request *request = asked->request;
    const char *method = http_header(request, "Mcp-Method");
    bool listens = method && strcmp(method, "subscriptions/listen") == 0;
    size_t len;
    (void)http_body(request, &len);
    if (!accepts(request, "application/json") || !accepts(request, "text/event-stream"))
        refuse(request, 406, "Accept must list application/json and text/event-stream");
    else if (!rule_is_json(http_header(request, "Content-Type")))
        refuse(request, 415, "Content-Type must be application/json");
    else if (!has_room(asked, len, listens))
        come_again(request, "too many requests or streams at once; come again");
    else
        (asked->modern ? post_modern : post_legacy)(asked);
}

/* --- GET and DELETE: the legacy era's --------------------------------------------------------- */

static void listen_on(const struct asked *asked, struct legacy *legacy, struct stream *resumed)
{
    if (legacy->listening.exchange)
        exchange_end(legacy->listening.exchange);
    struct exchange *exchange =
        exchange_new(&asked->endpoint->exchanges, asked->request, NULL, legacy, asked->owner);
    exchange_stream(exchange, resumed ? resumed : &legacy->listening);
    if (!resumed && legacy_resumes(legacy))
        exchange_say(exchange, "");
}

/* Goes on with a stream where its client stopped reading. */
static void resume(const struct asked *asked, struct legacy *legacy, const char *event_id)
{
    autostr struct str missed = { 0 };
    struct stream *stream = stream_resume(legacy, event_id, &missed);
    if (!stream) {
        refuse(asked->request, 400, "Last-Event-ID names nothing that is still kept");
        return;
    }
    struct exchange *exchange = stream->exchange;
    if (exchange && exchange->post) {
        exchange_replace(exchange, asked->request);
        exchange_send(exchange, missed.data, missed.len);
        return;
    }
    if (stream == &legacy->listening) {
        listen_on(asked, legacy, stream);
        exchange_send(stream->exchange, missed.data, missed.len);
        return;
    }
    /* It is over: this is the rest. */
    exchange =
        exchange_new(&asked->endpoint->exchanges, asked->request, NULL, legacy, asked->owner);
    exchange_stream(exchange, stream);
    exchange_send(exchange, missed.data, missed.len);
    exchange_end(exchange);
    stream_read(stream);
}

static void get(const struct asked *asked)
{
    const char *event_id = http_header(asked->request, "Last-Event-ID");
    if (!accepts(asked->request, "text/event-stream")) {
        refuse(asked->request, 406, "Accept must list text/event-stream");
        return;
    }
    struct legacy *legacy = session_named(asked);
    if (!legacy)
        return;
    if (!has_room(asked, 0, true))
        come_again(asked->request, "too many requests or streams at once; come again");
    else if (event_id)
        resume(asked, legacy, event_id);
    else
        listen_on(asked, legacy, NULL);
}

static void delete (const struct asked *asked)
{
    struct legacy *legacy = session_named(asked);
    if (!legacy)
        return;
    legacy_free(legacy);
    http_reply(asked->request, 204, NULL, NULL, 0);
}

void serve_mcp(const struct asked *asked)
{
    static const struct {
        const char *method;
        void (*serve)(const struct asked *asked);
        bool modern;
    } methods[] = { { "POST", post, true }, { "GET", get, false }, { "DELETE", delete, false } };
    if (http_crowded(asked->endpoint->http)) {
        come_again(asked->request, "too many answers wait for their clients to read; come again");
        return;
    }
    for (size_t i = 0; i < COUNT(methods); i++)
        if (strcmp(methods[i].method, http_method(asked->request)) == 0 &&
            (methods[i].modern || !asked->modern)) {
            methods[i].serve(asked);
            return;
        }
    const struct http_field allow[] = { { "Allow", asked->modern ? "POST" : "GET, POST, DELETE" },
                                        { 0 } };
    endpoint_refuse(asked->request, 405, allow, RPC_INVALID_REQUEST, "this method is not served");
}
