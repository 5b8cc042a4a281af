/* SPDX-License-Identifier: Apache-2.0 */
/* egress_proxy.c - one connection: head, judgement, name, address, and both ends stand.
 *
 * The judgement is made twice, of the name and of every address it leads to,
 * and the connection goes to the address that was judged: what a name server
 * says later does not matter.
 */
#include <errno.h>
#include <event2/buffer.h>
#include <event2/util.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "clock.h"
#include "egress_parts.h"

/* --- birth, death, answers -------------------------------------------------------------- */

void connection_timer(struct connection *connection, int ms)
{
    const struct timeval left = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };
    (void)event_add(connection->timer, &left);
}

void connection_close(struct connection *connection)
{
    struct proxy *proxy = connection->proxy;
    if (connection->resolving)
        evdns_getaddrinfo_cancel(connection->resolving); /* calls back later, without us */
    if (connection->client.io)
        bufferevent_free(connection->client.io);
    if (connection->server.io)
        bufferevent_free(connection->server.io);
    event_free(connection->timer);
    str_done(&connection->head);
    free(connection);
    proxy->connections--;
    (void)evconnlistener_enable(proxy->listener);
}

static void on_answered(struct bufferevent *io, void *context)
{
    struct connection *connection = context;
    if (connection->client.shut)
        return;
    connection->client.shut = true;
    (void)shutdown(bufferevent_getfd(io), SHUT_WR);
}

static void on_more(struct bufferevent *io, void *context)
{
    (void)context;
    (void)evbuffer_drain(bufferevent_get_input(io), SIZE_MAX);
}

static void on_client_gone(struct bufferevent *io, short what, void *context)
{
    (void)io;
    (void)what;
    connection_close(context);
}

void connection_linger(struct connection *connection)
{
    struct bufferevent *client = connection->client.io;
    if (connection->server.io)
        bufferevent_free(TAKE(&connection->server.io));
    connection->state = STATE_ANSWERED;
    connection_timer(connection, LINGER_MS);
    on_more(client, connection);
    bufferevent_setcb(client, on_more, on_answered, on_client_gone, connection);
    bufferevent_setwatermark(client, EV_READ, 0, 0);
    bufferevent_setwatermark(client, EV_WRITE, 0, 0);
    if (!connection->client.ended)
        (void)bufferevent_enable(client, EV_READ);
    (void)bufferevent_enable(client, EV_WRITE);
}

/* One line, and then the client's time to read it: closing a socket with unread
 * bytes would take the answer back. */
static void answer(struct connection *connection, int status, const char *reason, const char *text)
{
    connection_linger(connection);
    (void)evbuffer_add_printf(bufferevent_get_output(connection->client.io),
                              "HTTP/1.1 %d %s\r\nContent-Type: text/plain; charset=utf-8\r\n"
                              "Connection: close\r\nContent-Length: %zu\r\n\r\ncordon: %s\n",
                              status, reason, strlen(text) + strlen("cordon: \n"), text);
}

/* Refused by a rule: told to the box, and to whoever runs it. */
static void refuse(struct connection *connection, const char *why)
{
    char shown[HOST_PRINT_MAX], reason[POLICY_NAME_MAX + 24];
    uint16_t port = connection->to.port;
    host_print(connection->to.name, port == 443 || port == 80 ? 0 : port, shown);
    outcome_deny(&connection->proxy->told, DENIED_HOST, shown, 1);
    (void)snprintf(reason, sizeof(reason), "Forbidden by policy %s",
                   connection->proxy->order.policy);
    autofree char *text = xasprintf("%s %s", shown, why);
    answer(connection, 403, reason, text);
}

static void fail(struct connection *connection, int status, const char *why)
{
    autofree char *text = xasprintf("%s: %s", connection->to.name, why);
    answer(connection, status, status == 504 ? "Gateway Timeout" : "Bad Gateway", text);
}

static size_t address_len(const struct sockaddr *address)
{
    return address->sa_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
}

/* --- connecting ------------------------------------------------------------------------------ */

static void connect_next(struct connection *connection, int problem);

/* Both neighbours have their own idea of when a packet is full. */
static void send_at_once(struct bufferevent *io)
{
    const int on = 1;
    (void)setsockopt(bufferevent_getfd(io), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

static void established(struct connection *connection)
{
    struct evbuffer *out = bufferevent_get_output(connection->server.io);
    if (connection->head.len > 0)
        (void)evbuffer_add(out, connection->head.data, connection->head.len);
    /* Another proxy answers the CONNECT itself. */
    if (connection->tunnel && !connection->upstream)
        (void)evbuffer_add_printf(bufferevent_get_output(connection->client.io),
                                  "HTTP/1.1 200 Connection established\r\n\r\n");
    send_at_once(connection->client.io);
    send_at_once(connection->server.io);
    relay_begin(connection);
}

static void on_connected(struct bufferevent *io, short what, void *context)
{
    struct connection *connection = context;
    (void)io;
    if (what & BEV_EVENT_CONNECTED)
        established(connection);
    else if (what & (BEV_EVENT_ERROR | BEV_EVENT_EOF))
        connect_next(connection, EVUTIL_SOCKET_ERROR());
}

/* The addresses in turn; `problem` is the last one's. */
static void connect_next(struct connection *connection, int problem)
{
    if (connection->server.io)
        bufferevent_free(TAKE(&connection->server.io));
    while (connection->address_next < connection->address_count) {
        struct sockaddr *at =
            (struct sockaddr *)(void *)&connection->addresses[connection->address_next++];
        struct bufferevent *io =
            bufferevent_socket_new(connection->proxy->base, -1, BEV_OPT_CLOSE_ON_FREE);
        if (!io)
            break;
        bufferevent_setcb(io, NULL, NULL, on_connected, connection);
        connection->state = STATE_CONNECT;
        connection_timer(connection, CONNECT_MS);
        if (bufferevent_socket_connect(io, at, (int)address_len(at)) == 0) {
            connection->server.io = io;
            return;
        }
        problem = errno;
        bufferevent_free(io);
    }
    char why[128];
    (void)snprintf(why, sizeof(why), "cannot be connected: %s",
                   strerror(problem ? problem : ECONNREFUSED));
    fail(connection, problem == ETIMEDOUT ? 504 : 502, why);
}

/* Adds an address that may be connected; else *why says what it is. */
static void judge_address(struct connection *connection, const struct sockaddr *address,
                          const char **why)
{
    const char *is = NULL;
    enum reach reach = address_reach(&connection->proxy->attached, address, &is);
    bool exact = connection->to.kind == HOST_IPV4 || connection->to.kind == HOST_IPV6;
    bool permitted = reach == REACH_PUBLIC || (connection->inward && reach == REACH_PRIVATE) ||
                     (connection->inward && exact);
    /* An upstream is the operator's own word for where it is. */
    if (!permitted && !connection->upstream)
        *why = is;
    else if (connection->address_count < ADDRESSES_MAX)
        memcpy(&connection->addresses[connection->address_count++], address, address_len(address));
}

static void set_port(struct sockaddr_storage *address, uint16_t port)
{
    if (address->ss_family == AF_INET)
        ((struct sockaddr_in *)(void *)address)->sin_port = htons(port);
    else
        ((struct sockaddr_in6 *)(void *)address)->sin6_port = htons(port);
}

static void connect_judged(struct connection *connection, const char *why)
{
    if (connection->address_count == 0) {
        autofree char *text = xasprintf("leads to %s", why);
        refuse(connection, text);
        return;
    }
    uint16_t port = connection->upstream ? connection->upstream->port : connection->to.port;
    for (size_t i = 0; i < connection->address_count; i++)
        set_port(&connection->addresses[i], port);
    connect_next(connection, 0);
}

/* --- names ------------------------------------------------------------------------------------ */

/* IPv4 first: where IPv6 is broken it is often so without an error, and each
 * dead address costs its whole time. */
static void on_resolved(int problem, struct evutil_addrinfo *answers, void *context)
{
    struct connection *connection = context;
    static const int families[] = { AF_INET, AF_INET6 };
    const char *why = "no address";
    if (problem == EVUTIL_EAI_CANCEL)
        return; /* the connection is no more */
    connection->resolving = NULL;
    for (size_t i = 0; i < COUNT(families); i++)
        for (const struct evutil_addrinfo *at = answers; at; at = at->ai_next)
            if (at->ai_family == families[i])
                judge_address(connection, at->ai_addr, &why);
    if (answers)
        evutil_freeaddrinfo(answers);
    if (problem) {
        char text[128];
        (void)snprintf(text, sizeof(text), "the name cannot be resolved: %s",
                       evutil_gai_strerror(problem));
        fail(connection, 502, text);
        return;
    }
    connect_judged(connection, why);
}

static void resolve(struct connection *connection, const char *name)
{
    const struct evutil_addrinfo hints = { .ai_family = AF_UNSPEC,
                                           .ai_socktype = SOCK_STREAM,
                                           .ai_protocol = IPPROTO_TCP };
    connection->state = STATE_RESOLVE;
    connection_timer(connection, RESOLVE_MS);
    /* From the hosts file it calls back at once, and the connection may be over then. */
    struct evdns_getaddrinfo_request *asked =
        evdns_getaddrinfo(connection->proxy->dns, name, NULL, &hints, on_resolved, connection);
    if (asked)
        connection->resolving = asked;
}

/* --- the head --------------------------------------------------------------------------------- */

static void judge(struct connection *connection)
{
    struct proxy *proxy = connection->proxy;
    const struct host_rule *rule = egress_order_rule(&proxy->order, &connection->to);
    if (!rule) {
        refuse(connection, "is not among the hosts that the policy lets out");
        return;
    }
    connection->inward = rule->inward;
    struct host next = connection->to;
    struct sockaddr_storage address;
    const char *why = NULL;
    if (connection->upstream &&
        !host_parse(connection->upstream->host, strlen(connection->upstream->host), &next)) {
        fail(connection, 502, "the upstream proxy is not named as a host");
        return;
    }
    if (!numeric_address(next.name, &address)) {
        resolve(connection, next.name);
        return;
    }
    judge_address(connection, (struct sockaddr *)&address, &why);
    connect_judged(connection, why);
}

static void take_head(struct connection *connection, const struct proxy_request *request)
{
    struct request_upstream credentials;
    connection->to = request->to;
    connection->tunnel = request->tunnel;
    connection->body_left = request->body_len;
    connection->upstream =
        egress_order_upstream(&connection->proxy->order, &request->to, request->tunnel);
    if (connection->upstream)
        credentials.authorization = connection->upstream->authorization;
    if (connection->upstream || !request->tunnel)
        request_forward(request, connection->upstream ? &credentials : NULL, &connection->head);
}

static void on_head(struct bufferevent *io, void *context)
{
    struct connection *connection = context;
    if (connection->state != STATE_HEAD)
        return; /* the body, or a tunnel's first bytes: they wait */
    struct evbuffer *in = bufferevent_get_input(io);
    size_t len = evbuffer_get_length(in);
    ev_ssize_t part = (ev_ssize_t)(len < REQUEST_HEAD_MAX ? len : REQUEST_HEAD_MAX);
    const char *bytes = (const char *)evbuffer_pullup(in, part);
    struct proxy_request request;
    struct request_fault fault;
    switch (request_parse(bytes, (size_t)part, &request, &fault)) {
    case REQUEST_MORE:
        return;
    case REQUEST_BAD:
        answer(connection, fault.status, fault.reason, fault.text);
        return;
    case REQUEST_WHOLE:
        break;
    }
    take_head(connection, &request);
    (void)evbuffer_drain(in, request.head_len);
    judge(connection);
}

/* Before both ends stand: a client that has said all it has to say may still
 * wait for the answer. */
static void on_early_event(struct bufferevent *io, short what, void *context)
{
    struct connection *connection = context;
    if ((what & BEV_EVENT_ERROR) || connection->state == STATE_HEAD) {
        connection_close(connection);
        return;
    }
    connection->client.ended = true;
    (void)bufferevent_disable(io, EV_READ);
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    struct connection *connection = context;
    switch (connection->state) {
    case STATE_HEAD:
        answer(connection, 408, "Request Timeout", "the head of the request took too long");
        break;
    case STATE_RESOLVE:
        evdns_getaddrinfo_cancel(TAKE(&connection->resolving));
        fail(connection, 504, "no name server answers");
        break;
    case STATE_CONNECT:
        connect_next(connection, ETIMEDOUT);
        break;
    case STATE_RELAY:
        relay_idle(connection);
        break;
    case STATE_ANSWERED:
        connection_close(connection);
        break;
    }
}

void connection_open(struct proxy *proxy, int fd)
{
    struct connection *connection = xcalloc(1, sizeof(*connection));
    connection->proxy = proxy;
    connection->timer = event_new(proxy->base, -1, 0, on_timer, connection);
    connection->client.io = bufferevent_socket_new(proxy->base, fd, BEV_OPT_CLOSE_ON_FREE);
    if (!connection->timer || !connection->client.io)
        _exit(1); /* out of memory: as everywhere */
    if (++proxy->connections == CONNECTIONS_MAX)
        (void)evconnlistener_disable(proxy->listener);
    bufferevent_setcb(connection->client.io, on_head, NULL, on_early_event, connection);
    bufferevent_setwatermark(connection->client.io, EV_READ, 0, 2 * REQUEST_HEAD_MAX);
    connection_timer(connection, HEAD_MS);
    (void)bufferevent_enable(connection->client.io, EV_READ | EV_WRITE);
}
