/* SPDX-License-Identifier: Apache-2.0 */
/* egress_parts.h - what the files of the egress process share.
 *
 *     egress_main.c     its life: order, resolver, cage, loop, last words
 *     egress_cage.c     what it may ask of the kernel
 *     egress_proxy.c    connections, up to the moment when both ends stand
 *     egress_relay.c    bytes both ways, and the end
 */
#pragma once

#include <event2/bufferevent.h>
#include <event2/dns.h>
#include <event2/event.h>
#include <event2/listener.h>

#include "egress_address.h"
#include "egress_order.h"
#include "egress_request.h"

/* A box's connections at once; more wait in the backlog until one ends. uv opens 50. */
#define CONNECTIONS_MAX 64

/* Each connection has two sockets; the rest are the loop, the resolver's and ours. */
#define DESCRIPTORS_MAX (2 * CONNECTIONS_MAX + 64)

/* How long a box may take over the head of a request, however it drips. */
#define HEAD_MS 10000
/* For the name, and for each of its addresses. */
#define RESOLVE_MS 15000
#define CONNECT_MS 10000
/* Without a byte in either direction. */
#define IDLE_MS (10 * 60 * 1000)
/* For the client to read a refusal and close, or to be told the end. */
#define LINGER_MS 2000

/* Bytes that wait for a slow reader before its writer has to wait. */
#define BUFFER_MAX (128 * 1024)

#define ADDRESSES_MAX 8 /* of one name: enough for both families and a few dead ones */

struct proxy {
    struct event_base *base;
    struct evdns_base *dns;
    struct egress_order order;
    struct attached attached;
    struct evconnlistener *listener;
    struct event *supervisor; /* its socket */
    unsigned connections;
    struct outcome told; /* of it only what was denied */
};

struct side {
    struct bufferevent *io;
    bool ended; /* nothing more comes from there */
    bool shut;  /* nothing more goes there */
};

enum connection_state { STATE_HEAD, STATE_RESOLVE, STATE_CONNECT, STATE_RELAY, STATE_ANSWERED };

struct connection {
    struct proxy *proxy;
    enum connection_state state;
    struct side client, server;
    struct event *timer;
    struct evdns_getaddrinfo_request *resolving;
    struct host to;
    bool inward, tunnel;
    const struct egress_upstream *upstream;
    struct sockaddr_storage addresses[ADDRESSES_MAX];
    size_t address_count, address_next;
    struct str head;    /* to be sent first */
    uint64_t body_left; /* of a plain request: what of the client's bytes goes on */
    uint64_t last_ns;   /* when a byte last moved */
};

/* Opens a connection for a socket that was accepted (taken). */
void connection_open(struct proxy *proxy, int fd);
void connection_close(struct connection *connection);
/* Everything is said: the client has a moment to read it and to go. */
void connection_linger(struct connection *connection);
void connection_timer(struct connection *connection, int ms);

/* Both ends stand. */
void relay_begin(struct connection *connection);
void relay_idle(struct connection *connection);

/* Ids and capabilities are given up by now. 0, or -1 with errno. */
int egress_cage(uint64_t cpu_ms);
