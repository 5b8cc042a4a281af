/* SPDX-License-Identifier: Apache-2.0 */
/* endpoint.c - MCP over HTTP: who may ask, which path, and what watches a server. */
#include "mcp/endpoint.h"

#include <event2/event.h>
#include <inttypes.h>
#include <string.h>

#include "json.h"
#include "mcp/admission.h"
#include "mcp/endpoint_inside.h"
#include "mcp/http_rules.h"
#include "mcp/legacy.h"
#include "mcp/metrics.h"
#include "mcp/owner.h"
#include "mcp/rpc.h"
#include "mcp/session.h"
#include "mcp/version.h"

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

void endpoint_refuse_scope(const struct asked *asked, unsigned scopes)
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
        endpoint_refuse_scope(asked, SCOPE_ADMIN);
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
        endpoint_refuse(request, 403, NULL, RPC_INVALID_REQUEST,
                        "Host and Origin must name this server");
        return;
    }
    if (!route && parts->page && parts->page(request))
        return;
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

/* --- who listens on --------------------------------------------------------------------------- */

/* A call was asked for with a token that was good, and has an end; listening has none. */
static bool listens(const struct http_request *request)
{
    const char *method = http_header(request, "Mcp-Method");
    return strcmp(http_method(request), "POST") != 0 ||
           (method && strcmp(method, "subscriptions/listen") == 0);
}

static void on_again(evutil_socket_t fd, short what, void *context)
{
    const struct endpoint *endpoint = context;
    const struct endpoint_parts *parts = &endpoint->parts;
    (void)fd;
    (void)what;
    for (struct exchange *one = endpoint->exchanges.first; one; one = one->next)
        if (one->request && listens(one->request) &&
            !parts->still(parts->context, one->request, one->owner))
            http_cut(one->request);
}

static void judge_again(struct endpoint *endpoint)
{
    static const struct timeval period = { .tv_sec = JUDGED_AGAIN_S };
    endpoint->again = event_new(endpoint->parts.base, -1, EV_PERSIST, on_again, endpoint);
    if (!endpoint->again || event_add(endpoint->again, &period) < 0)
        abort();
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
    if (parts->still)
        judge_again(endpoint);
    return endpoint;
}

void endpoint_retire(struct endpoint *endpoint)
{
    http_retire(endpoint->http);
    legacy_end_listening(endpoint->legacies);
    for (struct exchange *exchange = endpoint->exchanges.first, *next; exchange; exchange = next) {
        next = exchange->next;
        if (exchange->session)
            session_end_listening(exchange->session);
    }
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
    if (endpoint->again)
        event_free(endpoint->again);
    http_free(endpoint->http); /* whose clients go now: their conversations are cancelled */
    legacies_free(endpoint->legacies);
    if (!endpoint->exchanges.first) /* else something still waits for a last word */
        free(endpoint);
}
