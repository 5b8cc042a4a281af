/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - cordon-conformance: the fixtures over HTTP, and over standard input and output. */
#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "conformance/fixtures.h"
#include "fd.h"
#include "mcp/endpoint.h"
#include "mcp/hub.h"
#include "mcp/offer.h"
#include "mcp/session.h"
#include "net/listen.h"
#include "net/stdio.h"

static const char usage[] =
    "usage: cordon-conformance [--http ADDR:PORT]\n"
    "\n"
    "Serves the fixtures of the official MCP conformance suite: at http://ADDR:PORT/mcp,\n"
    "where port 0 is any that is free, or on standard input and output. For tests: it runs\n"
    "nothing, and asks nobody who they are.\n";

/* --- standard input and output ------------------------------------------------------ */

struct pipes {
    struct event_base *base;
    struct session *session;
    struct stdio *stdio;
};

static void on_notify(void *context, const char *line)
{
    stdio_send(((struct pipes *)context)->stdio, line);
}

static void on_answer(void *context, int code, const char *line)
{
    (void)code;
    if (line)
        on_notify(context, line);
}

static bool is_behind(void *context)
{
    (void)context;
    return false;
}

static struct sink sink_of(struct pipes *pipes)
{
    return (struct sink){
        .notify = on_notify, .answer = on_answer, .behind = is_behind, .context = pipes
    };
}

static void on_line(void *context, const char *text, size_t len)
{
    struct pipes *pipes = context;
    const struct sink sink = sink_of(pipes);
    (void)session_message(pipes->session, text, len, &sink, NULL);
}

static void on_too_long(void *context, const char *head, size_t len)
{
    struct pipes *pipes = context;
    const struct sink sink = sink_of(pipes);
    session_too_long(pipes->session, head, len, &sink);
}

static void end_when_read(struct pipes *pipes)
{
    if (stdio_pending(pipes->stdio) == 0)
        (void)event_base_loopbreak(pipes->base);
}

static void on_closed(void *context)
{
    struct pipes *pipes = context;
    session_cancel_all(pipes->session, true);
    end_when_read(pipes);
}

static void on_flushed(void *context)
{
    (void)context;
}

static int serve_pipes(struct error *err)
{
    autoclose int in = -1, out = -1;
    struct pipes pipes = { 0 };
    int r = stdio_claim(&in, &out, err);
    if (r < 0)
        return r;
    pipes.base = stdio_loop(in, out, err);
    if (!pipes.base)
        return -EIO;
    fixtures = (struct fixtures){ .base = pipes.base, .hub = hub_new() };
    const struct session_parts parts = {
        .offer = &fixtures_offer,
        .hub = fixtures.hub,
        .push = on_notify,
        .context = &pipes,
    };
    pipes.session = session_new(&parts);
    const struct stdio_events events = { .line = on_line,
                                         .too_long = on_too_long,
                                         .closed = on_closed,
                                         .flushed = on_flushed,
                                         .context = &pipes };
    pipes.stdio = stdio_new(pipes.base, fd_take(&in), fd_take(&out), &events);
    (void)event_base_dispatch(pipes.base);
    stdio_free(pipes.stdio);
    session_free(pipes.session);
    fixtures_end();
    hub_free(fixtures.hub);
    event_base_free(pipes.base);
    return 0;
}

/* --- HTTP ---------------------------------------------------------------------------- */

struct http_server {
    struct event_base *base;
    struct endpoint *endpoint;
    bool ending;
};

static void end_when_sent(void *context)
{
    struct http_server *server = context;
    if (server->ending && endpoint_open(server->endpoint) == 0)
        (void)event_base_loopbreak(server->base);
}

static void on_signal(evutil_socket_t number, short what, void *context)
{
    (void)number, (void)what;
    struct http_server *server = context;
    server->ending = true;
    endpoint_stop(server->endpoint);
    end_when_sent(server);
}

/* Takes `listener`. */
static void serve_on(int listener, bool local)
{
    struct http_server server = { .base = event_base_new() };
    autofree char *where = address_text(listener);
    fixtures = (struct fixtures){ .base = server.base, .hub = hub_new() };
    const struct endpoint_parts parts = {
        .base = server.base,
        .listener = listener,
        .local = local,
        .offer = &fixtures_offer,
        .hub = fixtures.hub,
        .closed = end_when_sent,
        .context = &server,
    };
    server.endpoint = endpoint_new(&parts);
    struct event *signals[] = { evsignal_new(server.base, SIGTERM, on_signal, &server),
                                evsignal_new(server.base, SIGINT, on_signal, &server) };
    for (size_t i = 0; i < COUNT(signals); i++)
        (void)event_add(signals[i], NULL);
    (void)fprintf(stderr, "cordon-conformance: listens at http://%s" ENDPOINT_PATH "\n", where);
    (void)event_base_dispatch(server.base);
    for (size_t i = 0; i < COUNT(signals); i++)
        event_free(signals[i]);
    endpoint_free(server.endpoint);
    fixtures_end();
    hub_free(fixtures.hub);
    event_base_free(server.base);
}

static int serve_http(const char *text, struct error *err)
{
    struct address address;
    int r = address_parse(text, &address, err);
    if (r < 0)
        return r;
    int listener = address_listen(&address, err);
    if (listener < 0)
        return listener;
    serve_on(listener, address.local);
    return 0;
}

/* --- the command line ------------------------------------------------------------------ */

int main(int argc, char **argv)
{
    struct error err = { 0 };
    bool http = argc == 3 && strcmp(argv[1], "--http") == 0;
    if (argc > 1 && !http) {
        bool help = strcmp(argv[1], "--help") == 0;
        (void)fputs(usage, help ? stdout : stderr);
        return help ? 0 : 2;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    if ((http ? serve_http(argv[2], &err) : serve_pipes(&err)) < 0) {
        (void)fprintf(stderr, "cordon-conformance: %s\n", err.text);
        return 1;
    }
    return 0;
}
