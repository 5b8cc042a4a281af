/* SPDX-License-Identifier: Apache-2.0 */
/* endpoint.c - MCP over HTTP at /mcp. */
#include "mcp/endpoint.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include <cordon/log.h>

#include "json.h"
#include "mcp/admission.h"
#include "mcp/exchange.h"
#include "mcp/http_rules.h"
#include "mcp/legacy.h"
#include "mcp/metrics.h"
#include "mcp/owner.h"
#include "mcp/rpc.h"
#include "mcp/session.h"
#include "mcp/version.h"

struct endpoint {
    struct endpoint_parts parts;
    struct http *http;
    struct exchanges exchanges;
    struct legacies *legacies;
};

/* What is known of a request once it may be served. */
struct asked {
    struct endpoint *endpoint;
    struct http_request *request;
    struct owner *owner; /* NULL: no product */
    unsigned scopes;     /* of its token */
    bool modern;
};

/* --- refusals ------------------------------------------------------------------------------ */

#define FIELDS_MAX 8

void endpoint_refuse(struct http_request *request, int status, const struct http_field *fields,
                     int code, const char *text)
{
    struct http_field all[FIELDS_MAX] = { { "Content-Type", "application/json" } };
    for (size_t i = 1; i < FIELDS_MAX - 1 && fields && fields->name; i++)
        all[i] = *fields++;
    autofree char *line = rpc_error(NULL, code, text);
    http_reply(request, status, all, line, strlen(line));
}

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
        (void)fail_caller(err, EINVAL, "header " HEADER_SESSION " is missing");
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

/* NULL: it was refused. */
static struct legacy *session_named(const struct asked *asked)
{
    struct http_request *request = asked->request;
    const char *id = http_header(request, HEADER_SESSION);
    if (http_header_count(request, HEADER_SESSION) != 1) {
        refuse(request, 400,
               id ? "header " HEADER_SESSION " is there more than once"
                  : "header " HEADER_SESSION " is missing");
        return NULL;
    }
    struct legacy *legacy = legacy_find(asked->endpoint->legacies, id, asked->owner);
    if (!legacy)
        refuse(request, 404, "there is no such session, or no more; initialize begins one");
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

static void serve_mcp(const struct asked *asked)
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

/* --- what watches a server -------------------------------------------------------------------- */

static void say(struct http_request *request, int status, const char *text)
{
    static const struct http_field fields[] = { { "Content-Type", "text/plain; charset=utf-8" },
                                                { "Cache-Control", "no-store" },
                                                { 0 } };
    http_reply(request, status, fields, text, strlen(text));
}

static void serve_health(const struct asked *asked)
{
    say(asked->request, 200, "ok\n");
}

static void serve_ready(const struct asked *asked)
{
    const struct endpoint_parts *parts = &asked->endpoint->parts;
    const char *why = parts->unready ? parts->unready(parts->context) : NULL;
    autofree char *text = xasprintf("%s\n", why ? why : "ready");
    say(asked->request, why ? 503 : 200, text);
}

static void print_gauge(struct str *out, const char *name, const char *help, size_t value)
{
    str_printf(out, "# HELP %s %s\n# TYPE %s gauge\n%s %zu\n", name, help, name, name, value);
}

static void print_own_metrics(const struct endpoint *endpoint, struct str *out)
{
    str_puts(out, "# HELP cordon_http_replies_total Replies over HTTP, refusals included.\n"
                  "# TYPE cordon_http_replies_total counter\n");
    for (unsigned digit = 2; digit <= 5; digit++)
        str_printf(out, "cordon_http_replies_total{status=\"%uxx\"} %" PRIu64 "\n", digit,
                   http_replies(endpoint->http, digit));
    print_gauge(out, "cordon_http_connections", "Open connections.",
                http_connections(endpoint->http));
    print_gauge(out, "cordon_http_streams", "Open streams of events.", endpoint->exchanges.streams);
    print_gauge(out, "cordon_http_sessions", "Sessions of clients before 2026-07-28.",
                legacies_count(endpoint->legacies));
}

static void refuse_scope(const struct asked *asked, unsigned scopes)
{
    const struct endpoint_parts *parts = &asked->endpoint->parts;
    autofree char *challenge = parts->challenge ? parts->challenge(parts->context, scopes) : NULL;
    const struct http_field fields[] = { { challenge ? "WWW-Authenticate" : NULL, challenge },
                                         { 0 } };
    endpoint_refuse(asked->request, 403, fields, ADMISSION_SCOPE,
                    "this token is not good for that");
}

static void serve_metadata(const struct asked *asked)
{
    static const struct http_field fields[] = { { "Content-Type", "application/json" },
                                                { "Cache-Control", "max-age=3600" },
                                                { 0 } };
    const struct endpoint_parts *parts = &asked->endpoint->parts;
    autojson struct json_object *document =
        parts->metadata ? parts->metadata(parts->context) : NULL;
    if (!document) {
        say(asked->request, 404, "tokens for this server come from its operator\n");
        return;
    }
    const char *text = json_object_to_json_string_ext(document, JSON_C_TO_STRING_PLAIN |
                                                                    JSON_C_TO_STRING_NOSLASHESCAPE);
    http_reply(asked->request, 200, fields, text, strlen(text));
}

static void serve_metrics(const struct asked *asked)
{
    const struct endpoint *endpoint = asked->endpoint;
    autostr struct str text = { 0 };
    if (!(asked->scopes & SCOPE_ADMIN)) {
        refuse_scope(asked, SCOPE_ADMIN);
        return;
    }
    if (!endpoint->parts.metrics) {
        say(asked->request, 404, "there are no metrics here\n");
        return;
    }
    endpoint->parts.metrics(endpoint->parts.context, &text);
    print_own_metrics(endpoint, &text);
    const struct http_field fields[] = {
        { "Content-Type", METRICS_TYPE },
        { "Cache-Control", "no-store" },
        { 0 },
    };
    http_reply(asked->request, 200, fields, text.data ? text.data : "", text.len);
}

/* --- which path ------------------------------------------------------------------------------- */

static const struct route {
    const char *path;
    void (*serve)(const struct asked *asked);
    bool any_method; /* else GET and HEAD */
    bool open;       /* to whom nobody knows: who watches a server has no token */
} routes[] = {
    { ENDPOINT_PATH, serve_mcp, true, false },
    { "/healthz", serve_health, false, true },
    { "/readyz", serve_ready, false, true },
    { "/metrics", serve_metrics, false, false },
    { "/.well-known/oauth-protected-resource" ENDPOINT_PATH, serve_metadata, false, true },
    { "/.well-known/oauth-protected-resource", serve_metadata, false, true },
};

static const struct route *route_find(const char *path)
{
    for (size_t i = 0; i < COUNT(routes); i++)
        if (strcmp(routes[i].path, path) == 0)
            return &routes[i];
    return NULL;
}

static bool comes_from_here(const struct endpoint *endpoint, const struct http_request *request)
{
    const char *host = http_header(request, "Host"), *origin = http_header(request, "Origin");
    /* Who has to show a token may come through a proxy, by any name; no stranger's page has one. */
    bool local = endpoint->parts.local && !endpoint->parts.authenticate;
    return rule_host(host, local) && rule_origin(origin, host, local) &&
           http_header_count(request, "Origin") <= 1;
}

/* The era is the body's (http_rules.h); the headers say which it has to be. */
static bool is_modern(const struct http_request *request)
{
    const char *version = http_header(request, HEADER_VERSION);
    return version && !version_find(version, ERA_LEGACY);
}

static void on_request(void *context, struct http_request *request)
{
    struct endpoint *endpoint = context;
    const struct endpoint_parts *parts = &endpoint->parts;
    const struct route *route = route_find(http_path(request));
    struct asked asked = {
        .endpoint = endpoint, .request = request, .owner = parts->local_owner, .scopes = SCOPES_ALL
    };
    const char *method = http_method(request);
    if (!comes_from_here(endpoint, request)) {
        refuse(request, 403, "Host and Origin must name this server");
        return;
    }
    if (!route) {
        say(request, 404, "MCP is at " ENDPOINT_PATH "\n");
        return;
    }
    if (!route->any_method && strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
        static const struct http_field allow[] = { { "Allow", "GET, HEAD" }, { 0 } };
        endpoint_refuse(request, 405, allow, RPC_INVALID_REQUEST, "this method is not served");
        return;
    }
    if (!route->open && parts->authenticate) {
        asked.owner = parts->authenticate(parts->context, request, &asked.scopes);
        if (!asked.owner)
            return;
    }
    asked.modern = is_modern(request);
    route->serve(&asked);
}

/* --- life ------------------------------------------------------------------------------------- */

struct endpoint *endpoint_new(const struct endpoint_parts *parts)
{
    struct endpoint *endpoint = xcalloc(1, sizeof(*endpoint));
    endpoint->parts = *parts;
    endpoint->exchanges.base = parts->base;
    endpoint->exchanges.keep_alive_ms = parts->keep_alive_ms ? parts->keep_alive_ms : KEEP_ALIVE_MS;
    endpoint->legacies = legacies_new(parts, &endpoint->exchanges);
    const struct http_parts http = { .base = parts->base,
                                     .listener = parts->listener,
                                     .tls = parts->tls,
                                     .request = on_request,
                                     .closed = parts->closed,
                                     .context = endpoint,
                                     .closed_context = parts->context };
    endpoint->http = http_new(&http);
    return endpoint;
}

void endpoint_stop(struct endpoint *endpoint)
{
    http_stop(endpoint->http);
    legacy_cancel_all(endpoint->legacies);
    for (struct exchange *exchange = endpoint->exchanges.first, *next; exchange; exchange = next) {
        next = exchange->next;
        if (exchange->session)
            session_cancel_all(exchange->session, false);
    }
}

size_t endpoint_open(const struct endpoint *endpoint)
{
    return http_connections(endpoint->http);
}

size_t endpoint_calls(const struct endpoint *endpoint)
{
    size_t calls = 0;
    for (const struct exchange *one = endpoint->exchanges.first; one; one = one->next)
        calls += one->post;
    return calls;
}

void endpoint_free(struct endpoint *endpoint)
{
    if (!endpoint)
        return;
    http_free(endpoint->http); /* whose clients go now: their conversations are cancelled */
    legacies_free(endpoint->legacies);
    if (!endpoint->exchanges.first) /* else something still waits for a last word */
        free(endpoint);
}
