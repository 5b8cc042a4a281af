/* SPDX-License-Identifier: Apache-2.0 */
/* http_request.c - what one request asks, and its reply. */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>

#include <cordon/log.h>

#include "net/http_inside.h"
#include "str.h"

/* --- what was asked ------------------------------------------------------------------------ */

const char *http_method(const struct http_request *request)
{
    static const struct {
        enum evhttp_cmd_type type;
        const char *name;
    } methods[] = {
        { EVHTTP_REQ_GET, "GET" },       { EVHTTP_REQ_POST, "POST" },
        { EVHTTP_REQ_HEAD, "HEAD" },     { EVHTTP_REQ_PUT, "PUT" },
        { EVHTTP_REQ_DELETE, "DELETE" }, { EVHTTP_REQ_OPTIONS, "OPTIONS" },
        { EVHTTP_REQ_TRACE, "TRACE" },   { EVHTTP_REQ_PATCH, "PATCH" },
    };
    enum evhttp_cmd_type type = evhttp_request_get_command(request->inside);
    for (size_t i = 0; i < COUNT(methods); i++)
        if (methods[i].type == type)
            return methods[i].name;
    return "";
}

const char *http_path(const struct http_request *request)
{
    const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(request->inside);
    const char *path = uri ? evhttp_uri_get_path(uri) : NULL;
    return path ? path : "";
}

bool http_each_header(const struct http_request *request,
                      bool (*each)(void *context, const char *name, const char *value),
                      void *context)
{
    const struct evkeyval *header;
    unsigned left = request->connection->head.lines; /* what follows came behind the body */
    TAILQ_FOREACH(header, evhttp_request_get_input_headers(request->inside), next)
    {
        if (left-- == 0)
            break;
        /* evhttp has taken off blanks, but not a tab in front. */
        if (!each(context, header->key, header->value + strspn(header->value, " \t")))
            return false;
    }
    return true;
}

struct search {
    const char *name, *found;
    unsigned count;
};

static bool compare(void *context, const char *name, const char *value)
{
    struct search *search = context;
    if (strcasecmp(name, search->name) == 0 && search->count++ == 0)
        search->found = value;
    return true;
}

const char *http_header(const struct http_request *request, const char *name)
{
    struct search search = { .name = name };
    (void)http_each_header(request, compare, &search);
    return search.found;
}

unsigned http_header_count(const struct http_request *request, const char *name)
{
    struct search search = { .name = name };
    (void)http_each_header(request, compare, &search);
    return search.count;
}

const char *http_body(struct http_request *request, size_t *len)
{
    struct evbuffer *body = evhttp_request_get_input_buffer(request->inside);
    *len = evbuffer_get_length(body);
    const unsigned char *text = *len > 0 ? evbuffer_pullup(body, -1) : NULL;
    if (*len > 0 && !text)
        abort();
    return text ? (const char *)text : "";
}

/* --- what is answered ------------------------------------------------------------------------- */

static void add_fields(struct http_request *request, const struct http_field *fields)
{
    struct evkeyvalq *headers = evhttp_request_get_output_headers(request->inside);
    if (connection_ends(request->connection))
        (void)evhttp_add_header(headers, "Connection", "close");
    for (; fields && fields->name; fields++)
        (void)evhttp_add_header(headers, fields->name, fields->value);
}

static void on_complete(struct evhttp_request *inside, void *context)
{
    struct connection *connection = context;
    struct evkeyvalq *headers = evhttp_request_get_output_headers(inside);
    /* What came meanwhile would reach evhttp without a look at it; evhttp reads this right now. */
    if (connection_ends(connection) && !evhttp_find_header(headers, "Connection"))
        (void)evhttp_add_header(headers, "Connection", "close");
    connection_answered(connection);
}

/* The request is evhttp's again, and we are told when all of it was sent. */
static struct evhttp_request *hand_back(struct http_request *request)
{
    struct evhttp_request *inside = request->inside;
    struct evbuffer *body = evhttp_request_get_input_buffer(inside);
    (void)evbuffer_drain(body, evbuffer_get_length(body));
    request->connection->request = NULL;
    evhttp_request_set_on_complete_cb(inside, on_complete, request->connection);
    free(request);
    return inside;
}

/* Its length is told and no more: evhttp would send the body, which the client takes for the next
 * reply. */
static bool leave_out_body(struct http_request *request, size_t len)
{
    struct evkeyvalq *headers = evhttp_request_get_output_headers(request->inside);
    char number[24];
    if (evhttp_request_get_command(request->inside) != EVHTTP_REQ_HEAD)
        return false;
    (void)snprintf(number, sizeof(number), "%zu", len);
    (void)evhttp_add_header(headers, "Content-Length", number);
    return true;
}

/* All of a reply is on its way: an end of what its client sends (it may read on) must not keep the
 * rest back, as evhttp would have it. A reset fails the writing, and so does the write limit;
 * evhttp reads again when all is sent. */
static void stop_listening(struct bufferevent *bytes)
{
    (void)bufferevent_disable(bytes, EV_READ);
}

void http_reply(struct http_request *request, int status, const struct http_field *fields,
                const char *body, size_t len)
{
    struct evbuffer *text = evbuffer_new();
    if (leave_out_body(request, len))
        len = 0;
    if (!text || (len > 0 && evbuffer_add(text, body, len) < 0))
        abort();
    log_event(LOG_DEBUG, "replied", KV("method", http_method(request)),
              KV("path", http_path(request)), KV_U64("status", (uint64_t)status));
    add_fields(request, fields);
    struct bufferevent *bytes = request->connection->bytes;
    connection_counts(request->connection, status);
    evhttp_send_reply(hand_back(request), status, NULL, text);
    stop_listening(bytes);
    evbuffer_free(text);
}

void http_stream(struct http_request *request, const struct http_field *fields)
{
    struct evkeyvalq *headers = evhttp_request_get_output_headers(request->inside);
    struct evbuffer *body = evhttp_request_get_input_buffer(request->inside);
    (void)evbuffer_drain(body, evbuffer_get_length(body));
    add_fields(request, fields);
    if (request->connection->head.v10 && !evhttp_find_header(headers, "Connection"))
        (void)evhttp_add_header(headers, "Connection", "close"); /* what else would end it */
    connection_counts(request->connection, 200);
    evhttp_send_reply_start(request->inside, 200, NULL);
}

void http_stream_send(struct http_request *request, const char *text, size_t len)
{
    struct connection *connection = request->connection;
    if (len == 0 || connection->refusal)
        return;
    if (http_unread(request) > HTTP_UNREAD_MAX) {
        connection_cut(connection);
        return;
    }
    struct evbuffer *piece = evbuffer_new();
    if (!piece || evbuffer_add(piece, text, len) < 0)
        abort();
    evhttp_send_reply_chunk(request->inside, piece);
    evbuffer_free(piece);
}

void http_stream_end(struct http_request *request)
{
    struct bufferevent *bytes = request->connection->bytes;
    (void)bufferevent_incref(bytes); /* that may be the end of an HTTP/1.0 connection */
    evhttp_send_reply_end(hand_back(request));
    stop_listening(bytes);
    (void)bufferevent_decref(bytes);
}

void http_cut(struct http_request *request)
{
    connection_cut(request->connection);
}

size_t http_unread(const struct http_request *request)
{
    return evbuffer_get_length(bufferevent_get_output(request->connection->bytes));
}

/* --- life ------------------------------------------------------------------------------------- */

void request_new(struct connection *connection, struct evhttp_request *inside)
{
    struct http_request *request = xcalloc(1, sizeof(*request));
    request->connection = connection;
    request->inside = inside;
    connection->request = request;
}

void request_lost(struct http_request *request)
{
    request->connection->request = NULL;
    /* Where evhttp noticed first, it has let go of the request and leaves it to us. */
    if (!evhttp_request_get_connection(request->inside))
        evhttp_request_free(request->inside);
    if (request->gone)
        request->gone(request->context);
    free(request);
}

void http_watch(struct http_request *request, void (*gone)(void *context), void *context)
{
    request->gone = gone;
    request->context = context;
    /* evhttp stops reading while a request waits, and so would see no end of it, nor a reset, which
     * the loop does not tell to who waits for EV_CLOSED. What is read is not shown to it. */
    (void)bufferevent_enable(request->connection->bytes, EV_READ);
}
