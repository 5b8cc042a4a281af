/* SPDX-License-Identifier: Apache-2.0 */
/* egress_relay.c - bytes both ways, each end at its own speed, until both are done. */
#include <event2/buffer.h>
#include <sys/socket.h>

#include "clock.h"
#include "egress_parts.h"

/* Says that nothing more comes, once everything is written. */
static void finish(struct side *to)
{
    if (to->shut || evbuffer_get_length(bufferevent_get_output(to->io)) > 0)
        return;
    to->shut = true;
    (void)shutdown(bufferevent_getfd(to->io), SHUT_WR);
}

static void finish_both(struct connection *connection)
{
    struct side *client = &connection->client, *server = &connection->server;
    if (server->ended)
        finish(client);
    if (client->ended)
        finish(server);
    /* A plain request has one answer: its end is the end. */
    if (!client->shut || (!server->shut && connection->tunnel))
        return;
    if (client->ended)
        connection_close(connection);
    else
        connection_linger(connection);
}

/* Of a plain request its body and no more: what follows would be another
 * request, to a host that nobody judged. */
static void forward(struct connection *connection, struct evbuffer *from, struct evbuffer *to)
{
    bool bounded = from == bufferevent_get_input(connection->client.io) && !connection->tunnel;
    size_t waiting = evbuffer_get_length(from);
    if (!bounded) {
        (void)evbuffer_add_buffer(to, from);
        return;
    }
    size_t part = waiting < connection->body_left ? waiting : (size_t)connection->body_left;
    (void)evbuffer_remove_buffer(from, to, part);
    connection->body_left -= part;
    (void)evbuffer_drain(from, waiting - part);
}

static void pump(struct connection *connection, struct side *from, struct side *to)
{
    if (to->shut) {
        (void)evbuffer_drain(bufferevent_get_input(from->io), SIZE_MAX);
        return;
    }
    connection->last_ns = now_ns();
    struct evbuffer *out = bufferevent_get_output(to->io);
    forward(connection, bufferevent_get_input(from->io), out);
    if (evbuffer_get_length(out) >= BUFFER_MAX)
        (void)bufferevent_disable(from->io, EV_READ);
}

static struct side *other(struct connection *connection, struct bufferevent *io)
{
    return io == connection->client.io ? &connection->server : &connection->client;
}

static struct side *same(struct connection *connection, struct bufferevent *io)
{
    return io == connection->client.io ? &connection->client : &connection->server;
}

static void on_read(struct bufferevent *io, void *context)
{
    struct connection *connection = context;
    pump(connection, same(connection, io), other(connection, io));
}

/* Little is left to write: whoever had to wait may go on. */
static void on_write(struct bufferevent *io, void *context)
{
    struct connection *connection = context;
    struct side *source = other(connection, io);
    connection->last_ns = now_ns();
    if (!source->ended)
        (void)bufferevent_enable(source->io, EV_READ);
    finish_both(connection);
}

static void on_event(struct bufferevent *io, short what, void *context)
{
    struct connection *connection = context;
    struct side *side = same(connection, io), *to = other(connection, io);
    if (!(what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)))
        return;
    pump(connection, side, to);
    side->ended = true;
    (void)bufferevent_disable(io, EV_READ);
    if (what & BEV_EVENT_ERROR) {
        side->shut = true;
        /* A client that is gone wants nothing more; a server's last words still count. */
        if (side == &connection->client) {
            connection_close(connection);
            return;
        }
        connection->tunnel = false;
    }
    finish_both(connection);
}

void relay_idle(struct connection *connection)
{
    uint64_t idle_ms = (now_ns() - connection->last_ns) / NS_PER_MS;
    if (idle_ms >= IDLE_MS)
        connection_close(connection);
    else
        connection_timer(connection, IDLE_MS - (int)idle_ms);
}

void relay_begin(struct connection *connection)
{
    struct side *sides[] = { &connection->client, &connection->server };
    connection->state = STATE_RELAY;
    connection->last_ns = now_ns();
    connection_timer(connection, IDLE_MS);
    for (size_t i = 0; i < COUNT(sides); i++) {
        bufferevent_setcb(sides[i]->io, on_read, on_write, on_event, connection);
        bufferevent_setwatermark(sides[i]->io, EV_READ, 0, BUFFER_MAX);
        bufferevent_setwatermark(sides[i]->io, EV_WRITE, BUFFER_MAX / 4, 0);
        if (!sides[i]->ended)
            (void)bufferevent_enable(sides[i]->io, EV_READ | EV_WRITE);
    }
    /* What came before the other end stood. */
    pump(connection, &connection->client, &connection->server);
    finish_both(connection);
}
