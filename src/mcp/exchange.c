/* SPDX-License-Identifier: Apache-2.0 */
/* exchange.c - one HTTP request that is answered later. */
#include "mcp/exchange.h"

#include <string.h>

#include "mcp/http_rules.h"
#include "mcp/legacy.h"
#include "mcp/owner.h"
#include "mcp/rpc.h"
#include "mcp/session.h"
#include "str.h"

/* As over stdio: some hundred small lines; more would only wait. */
#define BEHIND_BYTES (16UL * 1024)

/* After so long a client that was left comes back. */
#define COME_BACK_MS    200
#define TEXT_OF(value)  TEXT_OF_(value)
#define TEXT_OF_(value) #value

/* --- life --------------------------------------------------------------------------------- */

static void plan(struct exchange *exchange, unsigned ms)
{
    const struct timeval time = { .tv_sec = ms / 1000, .tv_usec = (suseconds_t)(ms % 1000) * 1000 };
    (void)event_add(exchange->timer, &time);
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
    struct exchange *exchange = context;
    (void)fd;
    (void)what;
    if (exchange->streaming)
        exchange_send(exchange, ":\n\n", 3);
    else
        exchange_stream(exchange, NULL);
    plan(exchange, exchange->all->keep_alive_ms);
}

static void on_gone(void *context)
{
    struct exchange *exchange = context;
    exchange->request = NULL;
    (void)event_del(exchange->timer);
    if (!exchange->post)
        exchange_end(exchange);
    else /* cancels, and our answer comes, maybe right now; in the legacy era nothing of that */
        session_free(TAKE(&exchange->session));
}

struct exchange *exchange_new(struct exchanges *all, struct http_request *request,
                              struct session *session, struct legacy *legacy, struct owner *owner)
{
    struct exchange *exchange = xcalloc(1, sizeof(*exchange));
    exchange->all = all;
    exchange->request = request;
    exchange->session = session;
    exchange->legacy = legacy;
    exchange->next = all->first;
    exchange->link = &all->first;
    if (exchange->next)
        exchange->next->link = &exchange->next;
    all->first = exchange;
    if (legacy)
        legacy->waiting++;
    exchange->owner = owner;
    if (owner)
        owner_enter(owner);
    exchange->post = strcmp(http_method(request), "POST") == 0;
    if (exchange->post) {
        (void)http_body(request, &exchange->bytes);
        all->waiting++;
        all->waiting_bytes += exchange->bytes;
    }
    exchange->timer = evtimer_new(all->base, on_timer, exchange);
    if (!exchange->timer)
        abort();
    bool resumes = exchange->post && legacy && legacy_resumes(legacy);
    plan(exchange,
         resumes && all->keep_alive_ms > RESUMABLE_MS ? RESUMABLE_MS : all->keep_alive_ms);
    http_watch(request, on_gone, exchange);
    return exchange;
}

struct exchanges_held exchanges_of(const struct exchanges *all, const struct owner *owner)
{
    struct exchanges_held held = { 0 };
    for (const struct exchange *one = all->first; one; one = one->next)
        if (one->owner == owner) {
            held.waiting += one->post && !one->streaming;
            held.bytes += one->post ? one->bytes : 0;
            held.streams += one->streaming;
        }
    return held;
}

static void exchange_free(struct exchange *exchange)
{
    struct exchanges *all = exchange->all;
    *exchange->link = exchange->next;
    if (exchange->next)
        exchange->next->link = exchange->link;
    if (exchange->post && !exchange->streaming)
        all->waiting--;
    if (exchange->post)
        all->waiting_bytes -= exchange->bytes;
    if (exchange->streaming)
        all->streams--;
    if (exchange->stream) {
        exchange->stream->exchange = NULL;
        if (exchange->post)
            stream_done(exchange->stream);
    }
    if (exchange->legacy)
        exchange->legacy->waiting--;
    event_free(exchange->timer);
    free(exchange->more_value);
    session_free(exchange->session);
    if (exchange->owner)
        owner_leave(exchange->owner);
    free(exchange);
}

void exchange_add(struct exchange *exchange, const char *name, char *value)
{
    free(exchange->more_value);
    exchange->more_name = name;
    exchange->more_value = value;
}

struct http_request *exchange_give_up(struct exchange *exchange)
{
    struct http_request *request = exchange->request;
    exchange_free(exchange);
    return request;
}

void exchange_end(struct exchange *exchange)
{
    static const struct http_field events[] = { { "Content-Type", "text/event-stream" }, { 0 } };
    bool streaming = exchange->streaming;
    struct http_request *request = exchange_give_up(exchange);
    if (request && streaming)
        http_stream_end(request);
    else if (request) /* a request that its client cancelled has no answer, but an end */
        http_reply(request, 200, events, NULL, 0);
}

/* --- the stream ------------------------------------------------------------------------------- */

static void begin(struct exchange *exchange)
{
    const struct http_field fields[] = {
        { "Content-Type", "text/event-stream" },
        { "Cache-Control", "no-cache, no-transform" },
        { "X-Accel-Buffering", "no" }, /* a proxy is to pass on what comes, as it comes */
        { exchange->legacy && exchange->legacy->listed ? HEADER_SESSION : NULL,
          exchange->legacy ? exchange->legacy->id : NULL },
        { 0 },
    };
    http_stream(exchange->request, fields);
}

void exchange_stream(struct exchange *exchange, struct stream *resumed)
{
    struct exchanges *all = exchange->all;
    if (exchange->streaming || !exchange->request || all->streams >= STREAMS_MAX)
        return;
    if (exchange->post)
        all->waiting--;
    all->streams++;
    exchange->streaming = true;
    begin(exchange);
    plan(exchange, all->keep_alive_ms);
    if (!exchange->legacy)
        return;
    exchange->stream = resumed ? resumed : stream_new(exchange->legacy);
    exchange->stream->exchange = exchange;
    if (!resumed && legacy_resumes(exchange->legacy))
        exchange_say(exchange, ""); /* an id to come back with, before there is anything */
}

void exchange_send(struct exchange *exchange, const char *text, size_t len)
{
    if (exchange->streaming && exchange->request)
        http_stream_send(exchange->request, text, len);
}

void exchange_say(struct exchange *exchange, const char *line)
{
    autostr struct str event = { 0 };
    if (exchange->stream)
        stream_event(exchange->stream, line, &event);
    else
        str_printf(&event, "data: %s\n\n", line);
    exchange_send(exchange, event.data, event.len);
}

void exchange_replace(struct exchange *exchange, struct http_request *request)
{
    if (exchange->request)
        http_stream_end(exchange->request);
    exchange->request = request;
    http_watch(request, on_gone, exchange);
    begin(exchange);
    plan(exchange, exchange->all->keep_alive_ms);
}

/* --- the sink of a POST ----------------------------------------------------------------------- */

static void on_notify(void *context, const char *line)
{
    exchange_stream(context, NULL);
    exchange_say(context, line);
}

/* Its client is to come back, as one that lost its connection would. */
static void on_leave(void *context)
{
    struct exchange *exchange = context;
    if (!exchange->request || !exchange->legacy || !legacy_resumes(exchange->legacy))
        return;
    exchange_stream(exchange, NULL);
    if (!exchange->streaming)
        return;
    static const char retry[] = "retry: " TEXT_OF(COME_BACK_MS) "\n\n";
    exchange_send(exchange, retry, strlen(retry));
    (void)event_del(exchange->timer);
    http_stream_end(TAKE(&exchange->request));
}

static bool is_behind(void *context)
{
    const struct exchange *exchange = context;
    return !exchange->request || http_unread(exchange->request) > BEHIND_BYTES;
}

static void reply(struct http_request *request, int status, const struct legacy *legacy,
                  const struct http_field *more, const char *line)
{
    struct http_field fields[4] = { { "Content-Type", "application/json" } };
    size_t count = 1;
    if (legacy)
        fields[count++] = (struct http_field){ HEADER_SESSION, legacy->id };
    if (more->name)
        fields[count++] = *more;
    http_reply(request, status, fields, line, strlen(line));
}

static void on_answer(void *context, int code, const char *line)
{
    struct exchange *exchange = context;
    struct legacy *legacy = exchange->legacy;
    bool modern = exchange->session != NULL;
    if (exchange->streaming || !line || !exchange->request) {
        if (line && exchange->streaming)
            exchange_say(exchange, line);
        exchange_end(exchange);
        return;
    }
    bool full =
        legacy && !legacy->listed && session_version(legacy->session) && !legacy_list(legacy);
    autofree char *value = TAKE(&exchange->more_value);
    const struct http_field more = { exchange->more_name, value };
    struct http_request *request = exchange_give_up(exchange);
    if (full)
        endpoint_refuse(request, 503, NULL, RPC_INTERNAL_ERROR, "too many sessions; come again");
    else
        reply(request, rule_status(code, modern), legacy && legacy->listed ? legacy : NULL, &more,
              line);
}

struct sink exchange_sink(struct exchange *exchange)
{
    return (struct sink){ .notify = on_notify,
                          .answer = on_answer,
                          .leave = on_leave,
                          .behind = is_behind,
                          .context = exchange };
}
