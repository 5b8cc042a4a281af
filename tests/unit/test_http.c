/* SPDX-License-Identifier: Apache-2.0 */
/* A server and its clients in one process: what a client is waiting for, the loop brings. */
#include <stdio.h>
#include <sys/resource.h>

#include "net/http.h"
#include "str.h"
#include "web_client.h"

static struct http *http;
static struct http_request *open_stream; /* of the last that asked for /stream */
static unsigned gone;

static void on_gone(void *context)
{
    (void)context;
    gone++;
    open_stream = NULL;
}

static bool print_header(void *context, const char *name, const char *value)
{
    str_printf(context, "%s=%s;", name, value);
    return true;
}

/* /stream streams, /wait never answers, everything else is told what it asked. */
static void on_request(void *context, struct http_request *request)
{
    (void)context;
    const char *path = http_path(request);
    static const struct http_field events[] = { { "Content-Type", "text/event-stream" }, { 0 } };
    if (strcmp(path, "/stream") == 0 || strcmp(path, "/wait") == 0) {
        http_watch(request, on_gone, NULL);
        open_stream = request;
        if (path[1] == 's')
            http_stream(request, events);
        return;
    }
    size_t len;
    const char *body = http_body(request, &len);
    autostr struct str text = { 0 };
    str_printf(&text, "%s %s %u %zu ", http_method(request), path, http_header_count(request, "X"),
               len);
    (void)http_each_header(request, print_header, &text);
    if (len < 100)
        str_add(&text, body, len);
    http_reply(request, 200, NULL, text.data, text.len);
}

static int start(void **state)
{
    (void)state;
    int listener = begin_listening();
    const struct http_parts parts = { .base = base, .listener = listener, .request = on_request };
    http = http_new(&parts);
    gone = 0;
    return 0;
}

static int stop(void **state)
{
    (void)state;
    http_free(http);
    event_base_free(base);
    return 0;
}

/* --- requests ------------------------------------------------------------------------------ */

static void a_request_is_answered_and_the_next_one_too(void **state)
{
    (void)state;
    autoclose int fd = client();
    for (int i = 0; i < 3; i++) {
        say(fd, "POST /a/b?c=d HTTP/1.1\r\nHost: x\r\nX: 1\r\nx: 2\r\nContent-Length: 5\r\n\r\n");
        say(fd, "hello");
        const char *text = hear(fd, "hello");
        assert_heard(text, "HTTP/1.1 200 OK\r\n");
        assert_heard(text, "POST /a/b 2 5 Host=x;X=1;x=2;Content-Length=5;hello");
    }
    assert_int_equal(http_connections(http), 1);
}

static void a_body_may_come_in_chunks(void **state)
{
    (void)state;
    autoclose int fd = client();
    say(fd, "POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
    say(fd, "2\r\nde\r\n0\r\nX: smuggled\r\n\r\n");
    /* What came behind the body is no header. */
    assert_heard(hear(fd, "abcde"), "POST /c 0 5 Host=x;Transfer-Encoding=chunked;abcde");
}

static void a_byte_at_a_time_is_a_request_too(void **state)
{
    (void)state;
    autoclose int fd = client();
    static const char text[] = "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n";
    for (size_t i = 0; i < strlen(text); i++)
        say_bytes(fd, text + i, 1);
    assert_heard(hear(fd, "Host=x;"), "GET /slow 0 0 Host=x;");
}

static void who_expects_to_be_told_to_go_on_is(void **state)
{
    (void)state;
    autoclose int fd = client();
    say(fd, "POST /e HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    assert_heard(hear(fd, "\r\n\r\n"), "HTTP/1.1 100 Continue");
    say(fd, "ok");
    assert_heard(hear(fd, "ok"), "POST /e 0 2");
}

static void what_came_behind_a_request_is_not_read(void **state)
{
    (void)state;
    autoclose int fd = client();
    static const char twice[] =
        "GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n";
    say(fd, twice);
    const char *text = hear(fd, NULL);
    assert_heard(text, "Connection: close");
    assert_heard(text, "GET /1");
    assert_null(strstr(text, "GET /2"));
}

static void a_client_of_the_old_version_gets_its_reply(void **state)
{
    (void)state;
    autoclose int fd = client();
    say(fd, "GET /old HTTP/1.0\r\n\r\n");
    assert_heard(hear(fd, NULL), "GET /old 0 0");
}

/* --- refusals -------------------------------------------------------------------------------- */

static void what_is_refused_is_told_and_the_connection_ends(void **state)
{
    (void)state;
    static const struct {
        const char *text, *status;
    } rows[] = {
        { "GET / HTTP/2.0\r\n\r\n", "HTTP/1.1 505 " },
        { "\x16\x03\x01\x02", "HTTP/1.1 400 " },
        { "GET / HTTP/1.1\n\n", "HTTP/1.1 400 " },
        { "BREW / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 501 " },
        { "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n", "HTTP/1.1 413 " },
        { "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n7fffffffff\r\n",
          "HTTP/1.1 413 " },
        { "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
          "HTTP/1.1 400 " },
        { "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n",
          "HTTP/1.1 400 " },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        autoclose int fd = client();
        say(fd, rows[i].text);
        assert_heard(hear(fd, NULL), rows[i].status);
    }
    while (http_connections(http) > 0)
        turn();
}

static void a_head_has_an_end(void **state)
{
    (void)state;
    autoclose int fd = client();
    say(fd, "GET / HTTP/1.1\r\nHost: x\r\nX: ");
    char piece[1024];
    memset(piece, 'a', sizeof(piece));
    for (int i = 0; i < 40; i++) /* who goes on sending still reads why */
        say_bytes(fd, piece, sizeof(piece));
    assert_heard(hear(fd, NULL), "HTTP/1.1 431 ");
}

static void the_longest_body_is_taken(void **state)
{
    (void)state;
    autoclose int fd = client();
    autofree char *body = xcalloc(1, HTTP_BODY_MAX);
    autofree char *head =
        xasprintf("POST /long HTTP/1.1\r\nHost: x\r\nContent-Length: %lu\r\n\r\n", HTTP_BODY_MAX);
    say(fd, head);
    say_bytes(fd, body, HTTP_BODY_MAX);
    assert_heard(hear(fd, "Host=x"), "POST /long 0 16777216");
}

/* Four bodies of the longest kind are pending, and one is too many. */
static void bodies_that_are_not_whole_have_a_bound_together(void **state)
{
    (void)state;
    enum { BODIES = HTTP_PENDING_MAX / HTTP_BODY_MAX + 1 };
    int fds[BODIES];
    autofree char *body = xcalloc(1, HTTP_BODY_MAX);
    autofree char *head =
        xasprintf("POST /long HTTP/1.1\r\nHost: x\r\nContent-Length: %lu\r\n\r\n", HTTP_BODY_MAX);
    for (int i = 0; i < BODIES; i++) {
        fds[i] = client();
        say(fds[i], head);
        say_bytes(fds[i], body, HTTP_BODY_MAX - 1);
    }
    assert_heard(hear(fds[BODIES - 1], NULL), "HTTP/1.1 503 ");
    say_bytes(fds[0], body, 1);
    assert_heard(hear(fds[0], "Host=x"), "POST /long 0 16777216");
    for (int i = 0; i < BODIES; i++)
        close(fds[i]);
}

/* --- streams ---------------------------------------------------------------------------------- */

static void a_stream_comes_piece_by_piece(void **state)
{
    (void)state;
    autoclose int fd = client();
    say(fd, "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_heard(hear(fd, "\r\n\r\n"), "Content-Type: text/event-stream\r\n");
    http_stream_send(open_stream, "data: 1\n\n", 9);
    assert_heard(hear(fd, "data: 1\n\n"), "9\r\ndata: 1\n\n\r\n");
    http_stream_send(open_stream, "", 0); /* would be the end of the stream */
    http_stream_send(open_stream, "data: 2\n\n", 9);
    (void)hear(fd, "data: 2\n\n");
    http_stream_end(open_stream);
    assert_heard(hear(fd, "0\r\n\r\n"), "0\r\n\r\n");
    say(fd, "GET /again HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_heard(hear(fd, "Host=x"), "GET /again");
    assert_int_equal(gone, 0);
}

static void a_client_that_goes_is_noticed(void **state)
{
    (void)state;
    static const char *const paths[] = { "/wait", "/stream" };
    for (size_t i = 0; i < COUNT(paths); i++)
        for (int more = 0; more < 4; more++) {
            gone = 0;
            int fd = client();
            autofree char *text = xasprintf("GET %s HTTP/1.1\r\nHost: x\r\n\r\n", paths[i]);
            say(fd, text);
            while (!open_stream)
                turn();
            if (more & 1) /* before the end of what comes */
                say(fd, "GET /behind HTTP/1.1\r\nHost: x\r\n\r\n");
            if (more & 2) /* a reset, as where something was not read */
                assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER,
                                            &(const struct linger){ .l_onoff = 1 },
                                            sizeof(struct linger)),
                                 0);
            assert_int_equal(gone, 0);
            close(fd);
            while (gone == 0)
                turn();
        }
    while (http_connections(http) > 0)
        turn();
    assert_int_equal(gone, 1);
}

static void a_client_that_reads_nothing_is_cut_off(void **state)
{
    (void)state;
    autoclose int fd = client();
    say(fd, "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
    (void)hear(fd, "\r\n\r\n");
    autofree char *piece = xcalloc(1, 1 << 20);
    size_t sent = 0;
    for (; open_stream; sent++) {
        assert_true(http_unread(open_stream) <= HTTP_UNREAD_MAX + (1 << 20) + 16);
        http_stream_send(open_stream, piece, 1 << 20);
        turn();
    }
    assert_true(sent > 8);
    assert_int_equal(gone, 1);
}

/* Each of them by itself would be let be. */
static void many_who_read_nothing_have_a_bound_together(void **state)
{
    (void)state;
    enum { MANY = 60, BYTES = 7 << 20, LET_BE = HTTP_UNREAD_ALL_MAX / BYTES };
    int fds[MANY];
    struct http_request *streams[MANY];
    autofree char *piece = xcalloc(1, BYTES);
    for (int i = 0; i < MANY; i++) {
        fds[i] = client_with(4096);
        open_stream = NULL;
        say(fds[i], "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
        (void)hear(fds[i], "\r\n\r\n");
        streams[i] = open_stream;
        http_stream_send(streams[i], piece, BYTES);
        turn();
    }
    if (gone == 0 || gone > MANY - LET_BE) /* the kernel keeps some of it, who knows how much */
        fail_msg("%u of %d were cut off", gone, MANY);
    autoclose int fd = client(); /* who reads is served */
    say(fd, "GET /other HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_heard(hear(fd, "Host=x"), "GET /other");
    for (int i = 0; i < MANY; i++)
        close(fds[i]);
}

/* While a reply is on its way libevent reads on, whatever comes. */
static void a_client_that_sends_without_end_is_cut_off(void **state)
{
    (void)state;
    static const char *const paths[] = { "/wait", "/stream" };
    static char piece[1 << 14];
    for (size_t i = 0; i < COUNT(paths); i++) {
        autoclose int fd = client();
        autofree char *text = xasprintf("GET %s HTTP/1.1\r\nHost: x\r\n\r\n", paths[i]);
        say(fd, text);
        while (!open_stream)
            turn();
        size_t taken = 0;
        for (; open_stream; turn()) {
            ssize_t n = send(fd, piece, sizeof(piece), MSG_DONTWAIT | MSG_NOSIGNAL);
            taken += n > 0 ? (size_t)n : 0;
            assert_true(taken < (64U << 20)); /* the kernel's buffers are smaller */
        }
        assert_true(taken > (64U << 10));
    }
}

/* --- many ------------------------------------------------------------------------------------- */

static void who_asks_nothing_makes_room(void **state)
{
    (void)state;
    struct rlimit before, few;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    few = before;
    few.rlim_cur = 64;
    (void)stop(NULL);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0); /* half of it are connections */
    (void)start(NULL);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);

    int fds[100];
    autoclose int asking = client();
    say(asking, "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
    (void)hear(asking, "\r\n\r\n");
    for (size_t i = 0; i < COUNT(fds); i++) {
        fds[i] = client();
        say(fds[i], i % 2 ? "" : "GET / HTTP/1.1\r\n"); /* and no more */
        turn();
    }
    for (int i = 0; i < 10; i++)
        turn();
    assert_true(http_connections(http) <= 32);
    assert_true(has_ended(fds[0]));
    assert_int_equal(gone, 0);
    autoclose int late = client();
    say(late, "GET /late HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_heard(hear(late, "Host=x"), "GET /late");
    for (size_t i = 0; i < COUNT(fds); i++)
        close(fds[i]);
}

static void a_server_that_stops_ends_what_is_open_and_answers_what_was_asked(void **state)
{
    (void)state;
    autoclose int idle = client(), asking = client();
    say(asking, "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
    (void)hear(asking, "\r\n\r\n");
    while (http_connections(http) < 2)
        turn();
    http_stop(http);
    assert_true(has_ended(idle));
    http_stream_send(open_stream, "data: x\n\n", 9);
    http_stream_end(open_stream);
    assert_heard(hear(asking, NULL), "data: x\n\n\r\n0\r\n\r\n");
    assert_int_equal(http_connections(http), 0);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address.where, address.len), -1);
    close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

static const struct CMUnitTest tests[] = {
    TEST(a_request_is_answered_and_the_next_one_too),
    TEST(a_body_may_come_in_chunks),
    TEST(a_byte_at_a_time_is_a_request_too),
    TEST(who_expects_to_be_told_to_go_on_is),
    TEST(what_came_behind_a_request_is_not_read),
    TEST(a_client_of_the_old_version_gets_its_reply),
    TEST(what_is_refused_is_told_and_the_connection_ends),
    TEST(a_head_has_an_end),
    TEST(the_longest_body_is_taken),
    TEST(bodies_that_are_not_whole_have_a_bound_together),
    TEST(a_stream_comes_piece_by_piece),
    TEST(a_client_that_goes_is_noticed),
    TEST(a_client_that_reads_nothing_is_cut_off),
    TEST(many_who_read_nothing_have_a_bound_together),
    TEST(a_client_that_sends_without_end_is_cut_off),
    TEST(who_asks_nothing_makes_room),
    TEST(a_server_that_stops_ends_what_is_open_and_answers_what_was_asked),
};

UNIT_MAIN(tests)
