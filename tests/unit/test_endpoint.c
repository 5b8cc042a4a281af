/* SPDX-License-Identifier: Apache-2.0 */
/* MCP over HTTP in one process, with an offer that runs nothing, and a keep-alive that comes soon.
 */
#include <stdio.h>

#include "conversing.h"
#include "mcp/endpoint.h"
#include "mcp/exchange.h"
#include "mcp/legacy.h"
#include "mcp/owner.h"
#include "str.h"
#include "web_client.h"

#define SOON_MS 20

static struct endpoint *endpoint;
static struct hub *hub;
static const char *not_ready;
static bool nobody, two;
static unsigned keep_alive_ms = SOON_MS;

static const char *unready(void *context)
{
    (void)context;
    return not_ready;
}

static struct owner *authenticate(void *context, struct http_request *request, unsigned *scopes)
{
    (void)context;
    (void)scopes;
    static const struct http_field fields[] = { { "WWW-Authenticate", "Bearer" }, { 0 } };
    endpoint_refuse(request, 401, fields, -32600, "who are you?");
    return NULL;
}

/* "a" or "b", as they say themselves. */
static const struct principal anybody = { .rates = { UNBOUNDED, UNBOUNDED } };
static struct owner owners[] = { { .name = "a", .may = &anybody },
                                 { .name = "b", .may = &anybody } };

static struct owner *believe(void *context, struct http_request *request, unsigned *scopes)
{
    (void)context;
    *scopes = SCOPES_ALL;
    return &owners[strcmp(http_header(request, "Authorization"), "b") == 0];
}

static int start(void **state)
{
    (void)state;
    int listener = begin_listening();
    hub = hub_new();
    const struct endpoint_parts parts = { .base = base,
                                          .listener = listener,
                                          .local = true,
                                          .offer = &test_offer,
                                          .hub = hub,
                                          .unready = unready,
                                          .authenticate = nobody ? authenticate
                                                          : two  ? believe
                                                                 : NULL,
                                          .keep_alive_ms = keep_alive_ms };
    endpoint = endpoint_new(&parts);
    test_waiting = NULL;
    not_ready = NULL;
    return 0;
}

static int start_for_nobody(void **state)
{
    nobody = true;
    int r = start(state);
    nobody = false;
    return r;
}

static int start_patiently(void **state)
{
    keep_alive_ms = 3600000;
    int r = start(state);
    keep_alive_ms = SOON_MS;
    return r;
}

static int start_for_two(void **state)
{
    two = true;
    int r = start_patiently(state);
    two = false;
    return r;
}

static int stop(void **state)
{
    (void)state;
    endpoint_free(endpoint);
    hub_free(hub);
    event_base_free(base);
    return 0;
}

#define ALWAYS                                                           \
    "Host: localhost\r\nAccept: application/json, text/event-stream\r\n" \
    "Content-Type: application/json\r\n"
#define MODERN_HEADERS(method) \
    "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: " method "\r\n" ALWAYS
#define WAIT(params) MODERN("1", "tools/call", ",\"name\":\"wait\"" params)

static void post(int fd, const char *headers, const char *body)
{
    autofree char *text = xasprintf("POST /mcp HTTP/1.1\r\n%sContent-Length: %zu\r\n\r\n%s",
                                    headers, strlen(body), body);
    say(fd, text);
}

static void post_wait(int fd)
{
    post(fd, MODERN_HEADERS("tools/call") "Mcp-Name: wait\r\n", WAIT());
    while (!test_waiting)
        turn();
}

static void finish_wait(void)
{
    test_waiting->cancel(test_waiting, false);
}

/* The headers of a session of that version that has begun; without `more`, which is sent too. */
static const char *begin_as(int fd, const char *more, const char *version)
{
    static char headers[512];
    autofree char *body = xasprintf(REQUEST("0", "initialize",
                                            "\"protocolVersion\":\"%s\",\"capabilities\":{},"
                                            "\"clientInfo\":{\"name\":\"c\",\"version\":\"1\"}"),
                                    version);
    char id[64];
    autofree char *sent = xasprintf("%s" ALWAYS, more);
    post(fd, sent, body);
    const char *text = hear(fd, "\"serverInfo\"");
    assert_heard(text, version);
    assert_int_equal(sscanf(strstr(text, "Mcp-Session-Id: "), "Mcp-Session-Id: %33s", id), 1);
    (void)snprintf(headers, sizeof(headers), "Mcp-Session-Id: %s\r\n" ALWAYS, id);
    return headers;
}

static const char *begin(int fd, const char *version)
{
    return begin_as(fd, "", version);
}

static void get(int fd, const char *headers, const char *more)
{
    autofree char *text = xasprintf("GET /mcp HTTP/1.1\r\n%s%s\r\n", headers, more);
    say(fd, text);
}

/* --- the modern era ------------------------------------------------------------------------ */

static void what_takes_long_becomes_a_stream_that_is_kept_open(void **state)
{
    (void)state;
    autoclose int fd = client();
    post_wait(fd);
    assert_heard(hear(fd, "\r\n\r\n"), "Content-Type: text/event-stream\r\n");
    (void)hear(fd, ":\n\n");
    (void)hear(fd, ":\n\n");
    finish_wait();
    const char *text = hear(fd, "0\r\n\r\n");
    assert_heard(text, "data: {\"jsonrpc\":\"2.0\",\"id\":1,\"result\":");
    assert_null(strstr(text, "id: "));
}

static void what_is_answered_soon_is_one_text(void **state)
{
    (void)state;
    autoclose int fd = client();
    post_wait(fd);
    finish_wait();
    const char *text = hear(fd, "\"result\"");
    assert_heard(text, "Content-Type: application/json\r\n");
    assert_null(strstr(text, "Mcp-Session-Id"));
}

static void a_client_that_goes_cancels(void **state)
{
    (void)state;
    for (int streams = 0; streams < 2; streams++) {
        int fd = client();
        post_wait(fd);
        if (streams)
            (void)hear(fd, ":\n\n");
        close(fd);
        while (test_waiting)
            turn();
        while (endpoint_calls(endpoint) > 0)
            turn();
    }
}

static void a_stream_hears_of_changes_and_of_the_end(void **state)
{
    (void)state;
    autoclose int fd = client();
    post(fd, MODERN_HEADERS("subscriptions/listen"),
         MODERN("1", "subscriptions/listen", ",\"notifications\":{\"toolsListChanged\":true}"));
    (void)hear(fd, "subscriptions/acknowledged");
    hub_publish(hub, &(const struct news){ .what = CHANGE_TOOLS });
    (void)hear(fd, "notifications/tools/list_changed");
    endpoint_stop(endpoint);
    assert_heard(hear(fd, NULL), "\"id\":1,\"result\":");
    assert_int_equal(endpoint_open(endpoint), 0);
    assert_int_equal(endpoint_calls(endpoint), 0);
}

/* --- the legacy era -------------------------------------------------------------------------- */

static void a_call_outlives_its_connection_and_is_read_from_another(void **state)
{
    (void)state;
    autoclose int fd = client(), other = client();
    const char *headers = begin(fd, "2025-11-25");
    post(fd, headers, REQUEST("1", "tools/call", "\"name\":\"wait\""));
    assert_heard(hear(fd, "\n\n"), "Content-Type: text/event-stream\r\n");
    close(fd);
    fd = -1;
    while (endpoint_open(endpoint) > 1)
        turn();
    assert_non_null(test_waiting);
    get(other, headers, "Last-Event-ID: 1-1\r\n");
    (void)hear(other, "\r\n\r\n");
    finish_wait();
    assert_heard(hear(other, "0\r\n\r\n"),
                 "id: 1-2\ndata: {\"jsonrpc\":\"2.0\",\"id\":1,\"result\"");
    get(other, headers, "Last-Event-ID: 1-1\r\n"); /* again: it is kept until it was read */
    assert_heard(hear(other, "\n\n"), "id: 1-2\n");
}

static void a_client_may_be_sent_away_to_come_back(void **state)
{
    (void)state;
    autoclose int fd = client();
    const char *headers = begin(fd, "2025-11-25");
    post(fd, headers, REQUEST("1", "tools/call", "\"name\":\"wait\""));
    while (!test_waiting)
        turn();
    call_leave(test_waiting);
    const char *text = hear(fd, "0\r\n\r\n");
    assert_heard(text, "id: 1-1\ndata: \n\n");
    assert_heard(text, "retry: ");
    finish_wait();
    get(fd, headers, "Last-Event-ID: 1-1\r\n");
    assert_heard(hear(fd, "0\r\n\r\n"), "\"id\":1,\"result\"");
}

static void an_old_client_is_sent_no_event_that_says_nothing(void **state)
{
    (void)state;
    autoclose int fd = client();
    const char *headers = begin(fd, "2025-06-18");
    post(fd, headers, REQUEST("1", "tools/call", "\"name\":\"wait\""));
    const char *text = hear(fd, ":\n\n");
    assert_null(strstr(text, "data: \n"));
    call_leave(test_waiting); /* which it would not understand */
    finish_wait();
    assert_heard(hear(fd, "0\r\n\r\n"), "\"id\":1,\"result\"");
}

static void who_listens_hears_of_changes_also_of_those_he_missed(void **state)
{
    (void)state;
    autoclose int fd = client(), listens = client();
    const char *headers = begin(fd, "2025-06-18");
    const struct news news = { .what = CHANGE_TOOLS };
    get(listens, headers, "");
    (void)hear(listens, "\r\n\r\n");
    hub_publish(hub, &news);
    assert_heard(hear(listens, "\n\n"), "id: 0-1\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notific");
    close(listens);
    while (endpoint_open(endpoint) > 1)
        turn();
    hub_publish(hub, &news);
    hub_publish(hub, &news);
    listens = client();
    get(listens, headers, "Last-Event-ID: 0-1\r\n");
    const char *text = hear(listens, "id: 0-3");
    assert_heard(text, "id: 0-2");
    assert_null(strstr(text, "id: 0-1"));
}

/* What is kept for who does not come is bounded, and who comes too late is told. */
static void only_so_much_is_kept(void **state)
{
    (void)state;
    autoclose int fd = client();
    const char *headers = begin(fd, "2025-11-25");
    const struct news news = { .what = CHANGE_TOOLS };
    for (int i = 0; i < 10000; i++) /* of 80 bytes, more than 256 KiB */
        hub_publish(hub, &news);
    get(fd, headers, "Last-Event-ID: 0-1\r\n");
    assert_heard(hear(fd, "kept"), "HTTP/1.1 400 ");
    get(fd, headers, "Last-Event-ID: 0-9999\r\n");
    assert_heard(hear(fd, "\n\n"), "id: 0-10000\n");
}

static void a_session_that_is_deleted_ends_its_streams(void **state)
{
    (void)state;
    autoclose int fd = client(), listens = client(), waits = client();
    const char *headers = begin(fd, "2025-11-25");
    get(listens, headers, "");
    (void)hear(listens, "\n\n");
    post(waits, headers, REQUEST("1", "tools/call", "\"name\":\"wait\""));
    (void)hear(waits, "\n\n");
    autofree char *text = xasprintf("DELETE /mcp HTTP/1.1\r\n%s\r\n", headers);
    say(fd, text);
    assert_heard(hear(fd, "\r\n\r\n"), "HTTP/1.1 204 ");
    (void)hear(listens, "0\r\n\r\n");
    assert_null(strstr(hear(waits, "0\r\n\r\n"), "result"));
    assert_null(test_waiting);
}

static void a_server_may_go_with_everything_open(void **state)
{
    (void)state;
    autoclose int fd = client(), waits = client(), listens = client();
    const char *headers = begin(fd, "2025-11-25");
    post_wait(waits);
    get(listens, headers, "");
    (void)hear(listens, "\n\n");
} /* stop() and a leak checker do the rest */

/* --- many ------------------------------------------------------------------------------------- */

static void who_is_one_too_many_is_told_to_come_again(void **state)
{
    (void)state;
    /* Each of these is one of the largest messages: four fill what may wait. */
    enum { MESSAGES = EXCHANGES_BYTES_MAX / HTTP_BODY_MAX };
    int fds[MESSAGES];
    autofree char *padding = xcalloc(1, HTTP_BODY_MAX);
    static const char head[] =
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{"
        "\"name\":\"wait\",\"_meta\":" META(NOW) "}}";
    memset(padding, ' ', HTTP_BODY_MAX - 1);
    memcpy(padding, head, sizeof(head) - 1);
    for (int i = 0; i < MESSAGES; i++) {
        fds[i] = client();
        post(fds[i], MODERN_HEADERS("tools/call") "Mcp-Name: wait\r\n", padding);
        (void)hear(fds[i], ":\n\n");
    }
    autoclose int fd = client();
    post(fd, MODERN_HEADERS("tools/call") "Mcp-Name: wait\r\n", padding);
    const char *text = hear(fd, "come again");
    assert_heard(text, "HTTP/1.1 503 ");
    assert_heard(text, "Retry-After: 1\r\n");
    for (int i = 0; i < MESSAGES; i++)
        close(fds[i]);
    while (endpoint_calls(endpoint) > 0)
        turn();
}

#define AS(name) "Authorization: " name "\r\n"

static void nobody_takes_the_room_of_others(void **state)
{
    (void)state;
    enum { WAITING = EXCHANGES_MAX / SHARE };
    int fds[WAITING];
    autoclose int fd = client();
    for (int i = 0; i < WAITING; i++) {
        fds[i] = client();
        post(fds[i], AS("a") MODERN_HEADERS("tools/call") "Mcp-Name: wait\r\n", WAIT());
    }
    while (endpoint_calls(endpoint) < WAITING)
        turn();
    post(fd, AS("a") MODERN_HEADERS("tools/list"), MODERN("1", "tools/list", ""));
    assert_heard(hear(fd, "come again"), "HTTP/1.1 503 ");
    post(fd, AS("b") MODERN_HEADERS("tools/list"), MODERN("1", "tools/list", ""));
    assert_heard(hear(fd, "\"tools\""), "HTTP/1.1 200 ");
    for (int i = 0; i < WAITING; i++)
        close(fds[i]);
    while (endpoint_calls(endpoint) > 0)
        turn();
    assert_int_equal(owners[0].sessions, 0);
}

/* --- what watches a server -------------------------------------------------------------------- */

static void a_server_that_is_not_ready_says_why(void **state)
{
    (void)state;
    autoclose int fd = client();
    say(fd, "GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_heard(hear(fd, "ready\n"), "HTTP/1.1 200 ");
    not_ready = "the gate died";
    say(fd, "GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_heard(hear(fd, "died\n"), "HTTP/1.1 503 ");
    say(fd, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_heard(hear(fd, "here\n"), "HTTP/1.1 404 ");
}

static void nobody_is_served_who_is_not_known(void **state)
{
    (void)state;
    static const struct {
        const char *line, *status;
    } rows[] = {
        { "POST /mcp", "HTTP/1.1 401 " },    { "GET /mcp", "HTTP/1.1 401 " },
        { "DELETE /mcp", "HTTP/1.1 401 " },  { "GET /metrics", "HTTP/1.1 401 " },
        { "GET /healthz", "HTTP/1.1 200 " }, { "GET /readyz", "HTTP/1.1 200 " },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        autoclose int fd = client();
        autofree char *text =
            xasprintf("%s HTTP/1.1\r\n" ALWAYS "Content-Length: 0\r\n\r\n", rows[i].line);
        say(fd, text);
        const char *heard = hear(fd, "\r\n\r\n");
        assert_heard(heard, rows[i].status);
        if (strstr(rows[i].status, "401"))
            assert_heard(heard, "WWW-Authenticate: Bearer\r\n");
    }
}

/* Begins a session of his, and says its id. */
static void enter(struct legacies *legacies, struct owner *owner, char id[LEGACY_ID_ROOM])
{
    struct legacy *legacy = legacy_new(legacies, owner, SCOPES_ALL);
    assert_true(legacy_list(legacy));
    memcpy(id, legacy->id, LEGACY_ID_ROOM);
}

static void who_begins_many_sessions_ends_none_of_another(void **state)
{
    (void)state;
    struct exchanges exchanges = { 0 };
    struct owner ann = { .name = "ann" }, bob = { .name = "bob" };
    const struct endpoint_parts parts = { .offer = &test_offer, .hub = hub };
    struct legacies *legacies = legacies_new(&parts, &exchanges);
    char hers[3][LEGACY_ID_ROOM], first[LEGACY_ID_ROOM], more[LEGACY_ID_ROOM];
    for (size_t i = 0; i < COUNT(hers); i++)
        enter(legacies, &ann, hers[i]);
    enter(legacies, &bob, first);
    for (size_t i = 0; i < LEGACIES_MAX; i++)
        enter(legacies, &bob, more);
    assert_int_equal(legacies_count(legacies), LEGACIES_MAX);
    for (size_t i = 0; i < COUNT(hers); i++)
        assert_non_null(legacy_find(legacies, hers[i], &ann));
    assert_null(legacy_find(legacies, first, &bob));
    assert_non_null(legacy_find(legacies, more, &bob));
    assert_null(legacy_find(legacies, more, &ann));

    /* Who has few gets his place from who has many. */
    enter(legacies, &ann, more);
    assert_int_equal(legacies_count(legacies), LEGACIES_MAX);
    legacies_free(legacies);
    assert_int_equal(ann.sessions + bob.sessions, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

static const struct CMUnitTest tests[] = {
    TEST(what_takes_long_becomes_a_stream_that_is_kept_open),
    cmocka_unit_test_setup_teardown(what_is_answered_soon_is_one_text, start_patiently, stop),
    TEST(a_client_that_goes_cancels),
    TEST(a_stream_hears_of_changes_and_of_the_end),
    TEST(a_call_outlives_its_connection_and_is_read_from_another),
    TEST(a_client_may_be_sent_away_to_come_back),
    TEST(an_old_client_is_sent_no_event_that_says_nothing),
    TEST(who_listens_hears_of_changes_also_of_those_he_missed),
    TEST(only_so_much_is_kept),
    TEST(a_session_that_is_deleted_ends_its_streams),
    TEST(a_server_may_go_with_everything_open),
    TEST(who_is_one_too_many_is_told_to_come_again),
    TEST(who_begins_many_sessions_ends_none_of_another),
    cmocka_unit_test_setup_teardown(nobody_takes_the_room_of_others, start_for_two, stop),
    TEST(a_server_that_is_not_ready_says_why),
    cmocka_unit_test_setup_teardown(nobody_is_served_who_is_not_known, start_for_nobody, stop),
};

UNIT_MAIN(tests)
