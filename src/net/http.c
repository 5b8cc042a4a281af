/* SPDX-License-Identifier: Apache-2.0 */
/* http.c - connections: which there are, how far each is, and when one ends. */
#include "net/http.h"

#include <assert.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <cordon/log.h>

#include "clock.h"
#include "fd.h"
#include "net/http_inside.h"
#include "net/tls.h"
#include "str.h"

/* What a client may send behind its request, which is never read; with more it is cut off. */
#define AHEAD_BYTES (64UL * 1024)

/* For a refused client to read why. */
#define ENDING_S 2

/* Until somebody is let in again after there was no descriptor for him. */
#define BREATH_S 1

/* evhttp is shown nothing while this much is missing: for ever. */
#define HOLD SIZE_MAX

struct http {
    struct http_parts parts;
    struct evhttp *inside;
    struct evhttp_bound_socket *bound;
    struct evconnlistener *listener; /* of bound; NULL: no more */
    struct event *breath;
    struct connection *first, *last; /* those that have asked nothing for the longest time first */
    struct connection *asked;
    size_t count, most;
    size_t held, unread; /* by all of them */
    uint64_t replies[6]; /* by the first digit of their status */
    bool stopping;
};

/* --- the two lists ---------------------------------------------------------------------- */

static void take_out(struct connection *connection)
{
    struct http *http = connection->http;
    bool asked = connection->phase == PHASE_ASKED;
    if (connection->before)
        connection->before->next = connection->next;
    else if (asked)
        http->asked = connection->next;
    else
        http->first = connection->next;
    if (connection->next)
        connection->next->before = connection->before;
    else if (!asked)
        http->last = connection->before;
}

static void put_in(struct connection *connection)
{
    struct http *http = connection->http;
    connection->next = connection->before = NULL;
    if (connection->phase == PHASE_ASKED) {
        connection->next = http->asked;
        if (http->asked)
            http->asked->before = connection;
        http->asked = connection;
        return;
    }
    connection->before = http->last;
    *(http->last ? &http->last->next : &http->first) = connection;
    http->last = connection;
}

/* --- phases -------------------------------------------------------------------------------- */

/* How long each may last, and how many bytes must be there before evhttp is shown any. */
static const struct {
    time_t seconds; /* 0: for ever */
    size_t least;
} phases[] = {
    [PHASE_NEW] = { 0, HOLD },
    [PHASE_IDLE] = { HTTP_IDLE_S, HOLD },
    [PHASE_HEAD] = { HTTP_REQUEST_S, HOLD },
    [PHASE_BODY] = { HTTP_REQUEST_S, 0 },
    [PHASE_ASKED] = { 0, HOLD },
    [PHASE_ENDING] = { ENDING_S, HOLD },
};

static void enter(struct connection *connection, enum phase phase)
{
    take_out(connection);
    connection->phase = phase;
    put_in(connection);
    bufferevent_setwatermark(connection->bytes, EV_READ, phases[phase].least, 0);
    const struct timeval limit = { .tv_sec = phases[phase].seconds };
    if (phase == PHASE_BODY) /* its time began with the head */
        return;
    (void)event_del(connection->timer);
    if (limit.tv_sec > 0)
        (void)event_add(connection->timer, &limit);
}

/* From within any callback: what follows is done by the loop. */
static void refuse(struct connection *connection, int status)
{
    connection->refusal = status;
    bufferevent_setwatermark(connection->bytes, EV_READ, HOLD, 0);
    event_active(connection->timer, EV_TIMEOUT, 0);
}

static const char *status_text(int status)
{
    static const struct {
        int status;
        const char *text;
    } texts[] = {
        { 400, "this is no request of HTTP/1.1" },
        { 408, "the request took too long" },
        { 413, "the body is too long" },
        { 417, "nothing but 100-continue can be expected" },
        { 431, "the head is too long" },
        { 501, "this method or transfer coding is not known" },
        { 503, "too much is being sent at the moment; come again" },
        { 505, "only HTTP/1.1 and HTTP/1.0 are spoken" },
    };
    for (size_t i = 0; i < COUNT(texts); i++)
        if (texts[i].status == status)
            return texts[i].text;
    return "the request was refused";
}

/* Straight to the socket, as nothing else is on its way there; with TLS by way of the bufferevent,
 * without evhttp, which would take the end of it for the end of a reply. */
static void send_refusal(const struct connection *connection, const char *text, size_t len)
{
    if (!connection->http->parts.tls) {
        int fd = bufferevent_getfd(connection->bytes);
        (void)!write(fd, text, len);
        (void)shutdown(fd, SHUT_WR);
        return;
    }
    bufferevent_data_cb read_done = NULL, write_done = NULL;
    bufferevent_event_cb ended = NULL;
    void *inside = NULL;
    bufferevent_getcb(connection->bytes, &read_done, &write_done, &ended, &inside);
    bufferevent_setcb(connection->bytes, read_done, NULL, ended, inside);
    (void)bufferevent_enable(connection->bytes, EV_WRITE);
    (void)bufferevent_write(connection->bytes, text, len);
}

static void tell_refusal(const struct connection *connection)
{
    char text[256];
    const char *why = status_text(connection->refusal);
    int len = snprintf(text, sizeof(text),
                       "HTTP/1.1 %d Refused\r\nConnection: close\r\nContent-Type: text/plain\r\n"
                       "Content-Length: %zu\r\n\r\n%s\n",
                       connection->refusal, strlen(why) + 1, why);
    send_refusal(connection, text, (size_t)len);
}

/* A client that still sends would lose our words with a reset if we closed at once. */
static void on_refusal(struct connection *connection)
{
    struct evbuffer *input = bufferevent_get_input(connection->bytes);
    tell_refusal(connection);
    connection_counts(connection, connection->refusal);
    connection->refusal = 0;
    enter(connection, PHASE_ENDING);
    (void)evbuffer_drain(input, evbuffer_get_length(input));
}

void connection_drop(struct connection *connection)
{
    evhttp_connection_free(connection->inside);
}

static void adopt(struct connection *connection);

static void on_timer(evutil_socket_t fd, short what, void *context)
{
    struct connection *connection = context;
    (void)fd;
    (void)what;
    if (connection->phase == PHASE_NEW)
        adopt(connection);
    else if (connection->phase == PHASE_ASKED || connection->phase == PHASE_IDLE ||
             connection->phase == PHASE_ENDING)
        connection_drop(connection);
    else {
        if (connection->refusal == 0)
            connection->refusal = 408;
        on_refusal(connection);
    }
}

/* --- bytes, before evhttp sees them ---------------------------------------------------------- */

/* What lies in the buffer from there on has just come, and evhttp has not read it. */
static void look_at_chunks(struct connection *connection, struct evbuffer *input, size_t from)
{
    struct evbuffer_iovec piece;
    struct evbuffer_ptr at;
    if (!connection->head.chunked)
        return;
    for (int status = 0; status == 0 && from < evbuffer_get_length(input); from += piece.iov_len) {
        if (evbuffer_ptr_set(input, &at, from, EVBUFFER_PTR_SET) < 0 ||
            evbuffer_peek(input, -1, &at, &piece, 1) < 1)
            abort();
        status = http_chunks_read(&connection->chunks, piece.iov_base, piece.iov_len, HTTP_BODY_MAX,
                                  HTTP_HEAD_MAX);
        if (status)
            refuse(connection, status);
    }
}

static void look_at_head(struct connection *connection, struct evbuffer *input)
{
    size_t len = evbuffer_get_length(input), from = connection->searched;
    if (len > HTTP_HEAD_MAX)
        len = HTTP_HEAD_MAX;
    const char *text = (const char *)evbuffer_pullup(input, (ev_ssize_t)len);
    size_t begin = from > 3 ? from - 3 : 0;
    const char *end = memmem(text + begin, len - begin, "\r\n\r\n", 4);
    int status;
    if (end) {
        status = http_head_read(text, (size_t)(end - text) + 4, HTTP_BODY_MAX, &connection->head);
    } else {
        status = http_head_begun(text, len, len - from);
        if (status == 0 && len == HTTP_HEAD_MAX)
            status = 431;
    }
    connection->searched = len;
    if (status)
        refuse(connection, status);
    else if (end) {
        connection->chunks = (struct http_chunks){ 0 };
        enter(connection, PHASE_BODY);
        look_at_chunks(connection, input, (size_t)(end - text) + 4);
    }
}

static void on_bytes(struct evbuffer *input, const struct evbuffer_cb_info *info, void *context)
{
    struct connection *connection = context;
    struct http *http = connection->http;
    connection->held += info->n_added - info->n_deleted;
    http->held += info->n_added - info->n_deleted;
    if (info->n_added == 0 || connection->refusal)
        return;
    if (connection->phase == PHASE_ENDING) {
        (void)evbuffer_drain(input, evbuffer_get_length(input));
        return;
    }
    if (connection->phase == PHASE_IDLE) {
        connection->searched = 0;
        enter(connection, PHASE_HEAD);
    }
    if (connection->phase == PHASE_HEAD)
        look_at_head(connection, input);
    else if (connection->phase == PHASE_BODY)
        look_at_chunks(connection, input, evbuffer_get_length(input) - info->n_added);
    if (connection->phase == PHASE_BODY && http->held > HTTP_PENDING_MAX)
        refuse(connection, 503);
    if (connection->phase == PHASE_ASKED && connection->held > AHEAD_BYTES)
        connection_cut(connection);
}

void connection_cut(struct connection *connection)
{
    connection->refusal = -1;
    event_active(connection->timer, EV_TIMEOUT, 0);
}

/* What is cut off is gone only when the loop comes to it, and counts no more. */
static void cut_the_slowest(const struct http *http)
{
    struct connection *slowest = NULL;
    size_t unread = 0;
    for (struct connection *one = http->asked; one; one = one->next) {
        if (one->refusal)
            continue;
        unread += one->unread;
        if (!slowest || one->unread > slowest->unread)
            slowest = one;
    }
    if (slowest && unread > HTTP_UNREAD_ALL_MAX)
        connection_cut(slowest);
}

bool http_crowded(struct http *http)
{
    if (http->unread <= HTTP_CROWDED_BYTES)
        return false;
    uint64_t now = now_ns();
    for (struct connection *one = http->asked; one; one = one->next)
        if (!one->refusal && one->unread > 0 && now - one->unread_ns > HTTP_HOLD_S * 1000000000ULL)
            connection_cut(one);
    return true;
}

static void on_output(struct evbuffer *output, const struct evbuffer_cb_info *info, void *context)
{
    struct connection *connection = context;
    (void)output;
    if (connection->unread == 0)
        connection->unread_ns = now_ns();
    connection->unread += info->n_added - info->n_deleted;
    connection->http->unread += info->n_added - info->n_deleted;
    if (info->n_added > 0 && connection->http->unread > HTTP_UNREAD_ALL_MAX)
        cut_the_slowest(connection->http);
}

/* --- life ------------------------------------------------------------------------------------- */

static void forget(struct connection *connection)
{
    struct http *http = connection->http;
    take_out(connection);
    http->count--;
    http->held -= connection->held;
    http->unread -= connection->unread;
    event_free(connection->timer);
    free(connection);
    if (http->parts.closed)
        http->parts.closed(http->parts.closed_context);
    if (http->listener && !event_pending(http->breath, EV_TIMEOUT, NULL))
        (void)evconnlistener_enable(http->listener);
}

static void on_close(struct evhttp_connection *inside, void *context)
{
    struct connection *connection = context;
    (void)inside;
    if (connection->request)
        request_lost(connection->request);
    forget(connection);
}

/* evhttp tells nobody of a connection before its first request; but it gives itself to the
 * callbacks of the bufferevent that it asked us for. */
static void adopt(struct connection *connection)
{
    void *inside = NULL;
    bufferevent_getcb(connection->bytes, NULL, NULL, NULL, &inside);
    bool there = bufferevent_decref(connection->bytes) == 0;
    if (!inside || !there) {
        forget(connection); /* it came to nothing */
        return;
    }
    connection->inside = inside;
    assert(evhttp_connection_get_bufferevent(inside) == connection->bytes);
    evhttp_connection_set_closecb(inside, on_close, connection);
    static const struct timeval write_limit = { .tv_sec = HTTP_WRITE_S };
    (void)bufferevent_set_timeouts(connection->bytes, NULL, &write_limit);
    enter(connection, PHASE_IDLE);
}

/* Room for one more: false where everybody waits for a reply. */
static bool make_room(struct http *http)
{
    struct connection *oldest = http->first;
    while (oldest && oldest->phase == PHASE_NEW)
        oldest = oldest->next;
    if (oldest)
        connection_drop(oldest);
    return oldest != NULL;
}

static struct bufferevent *on_connection(struct event_base *base, void *context)
{
    struct http *http = context;
    if (++http->count > http->most && !make_room(http))
        (void)evconnlistener_disable(http->listener);
    struct connection *connection = xcalloc(1, sizeof(*connection));
    connection->http = http;
    connection->bytes = http->parts.tls ? tls_wrap(http->parts.tls, base)
                                        : bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
    connection->timer = evtimer_new(base, on_timer, connection);
    if (!connection->bytes || !connection->timer)
        abort();
    (void)bufferevent_incref(connection->bytes); /* until it is adopted */
    (void)evbuffer_add_cb(bufferevent_get_input(connection->bytes), on_bytes, connection);
    (void)evbuffer_add_cb(bufferevent_get_output(connection->bytes), on_output, connection);
    bufferevent_setwatermark(connection->bytes, EV_READ, HOLD, 0);
    put_in(connection);
    event_active(connection->timer, EV_TIMEOUT, 0);
    return connection->bytes;
}

static void on_accept_failed(struct evconnlistener *listener, void *context)
{
    struct http *http = context;
    static const struct timeval breath = { .tv_sec = BREATH_S };
    log_event(LOG_WARN, "accept-failed", KV("reason", strerror(errno)),
              KV_U64("connections", http->count));
    (void)evconnlistener_disable(listener);
    (void)event_add(http->breath, &breath);
}

static void on_breath(evutil_socket_t fd, short what, void *context)
{
    struct http *http = context;
    (void)fd;
    (void)what;
    if (http->listener)
        (void)evconnlistener_enable(http->listener);
}

/* --- requests --------------------------------------------------------------------------------- */

static struct connection *connection_of(const struct http *http,
                                        const struct evhttp_connection *inside)
{
    struct connection *connection = http->last; /* it has changed its phase just now */
    while (connection && connection->inside != inside)
        connection = connection->before;
    assert(connection);
    return connection;
}

static void on_request(struct evhttp_request *inside, void *context)
{
    struct http *http = context;
    struct connection *connection = connection_of(http, evhttp_request_get_connection(inside));
    enter(connection, PHASE_ASKED);
    request_new(connection, inside);
    http->parts.request(http->parts.context, connection->request);
}

void connection_counts(const struct connection *connection, int status)
{
    connection->http->replies[status / 100]++;
}

bool connection_ends(const struct connection *connection)
{
    return connection->http->stopping || connection->held > 0;
}

void connection_answered(struct connection *connection)
{
    connection->served = true;
    enter(connection, PHASE_IDLE);
}

/* --- the whole -------------------------------------------------------------------------------- */

static size_t connections_most(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur / 2 > HTTP_CONNECTIONS_MAX)
        return HTTP_CONNECTIONS_MAX;
    return limit.rlim_cur / 2;
}

struct event_base *http_loop(struct error *err)
{
    struct event_config *config = event_config_new();
    if (!config)
        abort();
    (void)event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_IGNORE_ENV);
    struct event_base *base = event_base_new_with_config(config);
    event_config_free(config);
    if (!base)
        (void)fail_host_as(err, ENOSYS, "no way to wait for connections");
    return base;
}

/* What libevent has to say comes from strangers' doings, and goes where our own words go. */
static void on_word(int severity, const char *text)
{
    log_event(severity >= EVENT_LOG_ERR ? LOG_ERROR : LOG_DEBUG, "libevent", KV("text", text));
}

struct http *http_new(const struct http_parts *parts)
{
    struct http *http = xcalloc(1, sizeof(*http));
    http->parts = *parts;
    event_set_log_callback(on_word);
    http->most = connections_most();
    http->inside = evhttp_new(parts->base);
    http->breath = evtimer_new(parts->base, on_breath, http);
    http->listener =
        evconnlistener_new(parts->base, NULL, NULL, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC,
                           0, parts->listener);
    if (!http->inside || !http->breath || !http->listener)
        abort();
    http->bound = evhttp_bind_listener(http->inside, http->listener);
    if (!http->bound)
        abort();
    evconnlistener_set_error_cb(http->listener, on_accept_failed);
    evhttp_set_max_headers_size(http->inside, HTTP_HEAD_MAX);
    evhttp_set_max_body_size(http->inside, HTTP_BODY_MAX);
    evhttp_set_default_content_type(http->inside, NULL);
    evhttp_set_allowed_methods(http->inside, UINT16_MAX);
    evhttp_set_bevcb(http->inside, on_connection, http);
    evhttp_set_gencb(http->inside, on_request, http);
    return http;
}

static void listen_no_more(struct http *http)
{
    http->stopping = true;
    if (http->listener)
        evhttp_del_accept_socket(http->inside, http->bound);
    http->listener = NULL;
}

void http_retire(struct http *http)
{
    listen_no_more(http);
    for (struct connection *connection = http->first, *next; connection; connection = next) {
        next = connection->next;
        if (connection->phase == PHASE_IDLE && connection->served)
            connection_drop(connection);
    }
}

void http_stop(struct http *http)
{
    listen_no_more(http);
    for (struct connection *connection = http->first, *next; connection; connection = next) {
        next = connection->next;
        if (connection->phase != PHASE_NEW)
            connection_drop(connection);
    }
}

void http_free(struct http *http)
{
    if (!http)
        return;
    http_stop(http);
    evhttp_free(http->inside);
    for (struct connection *new = http->first, *next; new; new = next) { /* evhttp gave them up */
        next = new->next;
        (void)bufferevent_decref(new->bytes);
        forget(new);
    }
    event_free(http->breath);
    free(http);
}

size_t http_connections(const struct http *http)
{
    return http->count;
}

uint64_t http_replies(const struct http *http, unsigned digit)
{
    return http->replies[digit];
}
