/* SPDX-License-Identifier: Apache-2.0 */
/* door.c - where a server's clients come in. */
#include "cmd/door.h"

#include "cmd/porter.h"
#include "dashboard/dashboard.h"
#include "mcp/admission.h"
#include "mcp/endpoint.h"
#include "mcp/owner.h"
#include "mcp/product.h"
#include "mcp/resources.h"
#include "mcp/session.h"
#include "net/http.h"
#include "net/stdio.h"
#include "str.h"

struct door {
    struct door_parts parts;
    struct session *session; /* over standard input and output ... */
    struct stdio *stdio;
    struct endpoint *endpoint; /* ... or NULL both, and this */
};

static void may_be_quiet(void *context)
{
    const struct door *door = context;
    door->parts.idle(door->parts.context);
}

static struct owner *local_of(const struct door_parts *parts)
{
    return owner_find(parts->owners, OWNER_LOCAL);
}

/* --- standard input and output ------------------------------------------------------------ */

static void send_line(void *context, const char *line)
{
    struct door *door = context;
    stdio_send(door->stdio, line);
}

static void send_answer(void *context, int code, const char *line)
{
    (void)code;
    if (line)
        send_line(context, line);
}

/* Some hundred small lines: more would only wait. */
#define BEHIND_BYTES (16UL * 1024)

static bool is_behind(void *context)
{
    return stdio_pending(((struct door *)context)->stdio) > BEHIND_BYTES;
}

/* All on one line of bytes: what a message is about, its id says. */
static struct sink sink_of(struct door *door)
{
    return (struct sink){
        .notify = send_line, .answer = send_answer, .behind = is_behind, .context = door
    };
}

/* Whoever is at the other end of our pipes is the local principal; that may be bounded too. */
static int look(void *context, const struct rpc_message *message, struct error *err)
{
    struct owner *local = local_of(&((struct door *)context)->parts);
    struct admission admission = { .owner = local, .scopes = local->may->scopes };
    return admission_judge(&admission, message, err);
}

static void on_line(void *context, const char *text, size_t len)
{
    struct door *door = context;
    const struct sink sink = sink_of(door);
    const struct inspection inspection = { .look = look, .context = door };
    (void)session_message(door->session, text, len, &sink, &inspection);
}

static void on_too_long(void *context, const char *head, size_t len)
{
    struct door *door = context;
    const struct sink sink = sink_of(door);
    session_too_long(door->session, head, len, &sink);
}

static void on_closed(void *context)
{
    const struct door *door = context;
    door->parts.closed(door->parts.context);
}

static void open_pipes(struct door *door)
{
    const struct door_parts *parts = &door->parts;
    const struct session_parts session = { .offer = &product_offer,
                                           .services = owner_services(local_of(parts),
                                                                      local_of(parts)->may->scopes),
                                           .hub = parts->hub,
                                           .push = send_line,
                                           .behind = is_behind,
                                           .idle = may_be_quiet,
                                           .context = door };
    const struct stdio_events events = { .line = on_line,
                                         .too_long = on_too_long,
                                         .closed = on_closed,
                                         .flushed = may_be_quiet,
                                         .context = door };
    door->session = session_new(&session);
    door->stdio = stdio_new(parts->base, fd_take(parts->in), fd_take(parts->out), &events);
}

/* --- HTTP ------------------------------------------------------------------------------------ */

static const char *unready(void *context)
{
    const struct door *door = context;
    return door->parts.unready(door->parts.context);
}

static void print_metrics(void *context, struct str *out)
{
    const struct door *door = context;
    metrics_of(owner_services(local_of(&door->parts), SCOPES_ALL), out);
}

static struct owner *authenticate(void *context, struct http_request *request, unsigned *scopes)
{
    return porter_authenticate(((struct door *)context)->parts.porter, request, scopes);
}

static bool still(void *context, const struct http_request *request, const struct owner *owner)
{
    return porter_still(((struct door *)context)->parts.porter, request, owner);
}

static char *challenge(void *context, unsigned scopes)
{
    return porter_challenge(((struct door *)context)->parts.porter, scopes);
}

static struct json_object *metadata(void *context)
{
    return porter_metadata(((struct door *)context)->parts.porter);
}

static void open_http(struct door *door)
{
    const struct door_parts *parts = &door->parts;
    bool asks = parts->porter != NULL;
    const struct endpoint_parts endpoint = { .base = parts->base,
                                             .listener = fd_take(&parts->web->listener),
                                             .tls = parts->web->tls,
                                             .local = parts->web->local,
                                             .offer = &product_offer,
                                             .local_owner = local_of(parts),
                                             .hub = parts->hub,
                                             .authenticate = asks ? authenticate : NULL,
                                             .still = asks ? still : NULL,
                                             .challenge = asks ? challenge : NULL,
                                             .metadata = asks ? metadata : NULL,
                                             .unready = unready,
                                             .metrics = print_metrics,
                                             .page = dashboard_serve,
                                             .closed = may_be_quiet,
                                             .context = door };
    own_close(parts->in);
    own_close(parts->out);
    *parts->in = *parts->out = -1;
    door->endpoint = endpoint_new(&endpoint);
}

/* --- both ------------------------------------------------------------------------------------- */

struct event_base *door_loop(int in, int out, const struct web *web, struct error *err)
{
    return web->listener >= 0 ? http_loop(err) : stdio_loop(in, out, err);
}

struct door *door_new(const struct door_parts *parts)
{
    struct door *door = xcalloc(1, sizeof(*door));
    door->parts = *parts;
    owner_enter(local_of(parts)); /* never forgotten */
    (parts->web->listener >= 0 ? open_http : open_pipes)(door);
    return door;
}

void door_stop(struct door *door, bool silent)
{
    if (door->endpoint) {
        endpoint_stop(door->endpoint);
        return;
    }
    stdio_stop(door->stdio);
    session_end_listening(door->session);
    session_cancel_all(door->session, silent);
}

void door_retire(struct door *door)
{
    endpoint_retire(door->endpoint);
}

size_t door_calls(const struct door *door)
{
    return door->endpoint ? endpoint_calls(door->endpoint) : session_calls(door->session);
}

bool door_quiet(const struct door *door)
{
    if (door->endpoint)
        return endpoint_open(door->endpoint) == 0 && endpoint_calls(door->endpoint) == 0;
    return session_calls(door->session) == 0 && stdio_pending(door->stdio) == 0;
}

void door_free(struct door *door)
{
    if (!door)
        return;
    endpoint_free(door->endpoint);
    owner_leave(local_of(&door->parts));
    stdio_free(door->stdio);
    if (door->session && session_calls(door->session) == 0)
        session_free(door->session);
    free(door);
}
