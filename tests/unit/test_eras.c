/* SPDX-License-Identifier: Apache-2.0 */
/* Both eras over one session: what decides which, what every message of the modern one has, and
 * what the core does by itself: pages, levels, batches. */
#include <stdio.h>

#include "conversing.h"
#include "mcp/rpc.h"

/* --- which era ------------------------------------------------------------------------------- */

static void the_envelope_is_a_ladder(void **state)
{
    struct conversing *talk = *state;
    static const struct {
        const char *meta, *code;
    } rows[] = {
        { "{}", "-32602" },
        { "5", "-32602" },
        { "null", "-32602" },
        { "{\"io.modelcontextprotocol/clientCapabilities\":{}}", "-32602" },
        { META("7"), "-32602" },
        { META("\"2025-11-25\""), "-32022" },
        { META("\"1999-01-01\""), "-32022" },
        { "{\"io.modelcontextprotocol/protocolVersion\":\"1999-01-01\"}", "-32022" },
        { "{\"io.modelcontextprotocol/protocolVersion\":" NOW "}", "-32602" },
        { META_MORE(NOW, "[]", ""), "-32602" },
        { META_MORE(NOW, "{}", ",\"io.modelcontextprotocol/clientInfo\":5"), "-32602" },
        { META_MORE(NOW, "{}", ",\"io.modelcontextprotocol/logLevel\":\"loud\""), "-32602" },
        { META_MORE(NOW, "{}", ",\"io.modelcontextprotocol/logLevel\":1"), "-32602" },
        { META_MORE(NOW, "{}", ",\"progressToken\":1.5"), "-32602" },
        { META(NOW), NULL },
        { META_MORE(NOW, "{\"new\":{}}", ",\"x\":[1],\"progressToken\":\"t\""), NULL },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        autofree char *line =
            xasprintf(REQUEST("1", "server/discover", "\"_meta\":%s"), rows[i].meta);
        struct json_object *message = conversing_ask(talk, line);
        if (rows[i].code)
            assert_text(message, "error.code", rows[i].code);
        else
            assert_text(message, "result.resultType", "complete");
        assert_int_equal(talk->code, rows[i].code ? atoi(rows[i].code) : 0);
        json_object_put(message);
    }
}

static void another_version_is_told_which_there_are(void **state)
{
    struct conversing *talk = *state;
    struct json_object *message =
        conversing_ask(talk, REQUEST("1", "ping", "\"_meta\":" META("\"2030-01-01\"")));
    assert_text(message, "error.code", "-32022");
    assert_text(message, "error.data.requested", "2030-01-01");
    assert_text(message, "error.data.supported", "[ \"2026-07-28\" ]");
    json_object_put(message);
}

static void the_client_decides_request_by_request(void **state)
{
    struct conversing *talk = *state;
    conversing_is(talk, MODERN("1", "initialize", ",\"protocolVersion\":\"2025-11-25\""),
                  "error.code", "-32601");
    conversing_is(talk, MODERN("1", "tools/list", ""), "result.resultType", "complete");
    conversing_is(talk, REQUEST("1", "tools/list", ""), "error.code", "-32600");
    assert_null(session_version(talk->session));
    conversing_hello(talk, "2025-11-25", "{}");
    assert_string_equal(session_version(talk->session), "2025-11-25");
    struct json_object *message = conversing_ask(talk, REQUEST("2", "tools/list", ""));
    assert_null(at(message, "result.resultType"));
    assert_null(at(message, "result._meta"));
    assert_null(at(message, "result.ttlMs"));
    json_object_put(message);
    conversing_is(talk,
                  REQUEST("2", "tools/list",
                          "\"_meta\":{\"io.modelcontextprotocol/clientInfo\":{\"name\":\"x\"}}"),
                  "error.code", "-32602");
    conversing_is(talk, REQUEST("2", "tools/list", "\"_meta\":{\"traceparent\":\"x\"}"),
                  "result.tools.0.name", "echo");
    conversing_is(talk, REQUEST("3", "server/discover", ""), "error.code", "-32601");
    conversing_is(talk, MODERN("3", "server/discover", ""), "result.resultType", "complete");
    conversing_is(talk, MODERN("3", "ping", ""), "error.code", "-32601");
    conversing_is(talk, REQUEST("3", "ping", ""), "result", "{ }");
}

static void a_session_of_one_era_knows_no_other(void **state)
{
    struct conversing talk;
    (void)state;
    conversing_begin(&talk, &test_offer, SESSION_MODERN);
    conversing_is(&talk, REQUEST("1", "initialize", "\"protocolVersion\":\"2025-11-25\""),
                  "error.code", "-32602");
    conversing_is(&talk, REQUEST("1", "tools/list", ""), "error.code", "-32602");
    conversing_is(&talk, MODERN("1", "tools/list", ""), "result.ttlMs", "60000");
    conversing_end(&talk);
    conversing_begin(&talk, &test_offer, SESSION_LEGACY);
    conversing_is(&talk, MODERN("1", "server/discover", ""), "error.code", "-32601");
    conversing_is(&talk, MODERN("1", "tools/list", ""), "error.code", "-32600");
    conversing_end(&talk);
}

/* --- what every result has -------------------------------------------------------------------- */

static void a_server_says_what_it_is(void **state)
{
    struct conversing *talk = *state;
    struct json_object *message = conversing_ask(talk, MODERN("\"d\"", "server/discover", ""));
    assert_text(message, "id", "d");
    assert_text(message, "result.supportedVersions", "[ \"2026-07-28\" ]");
    assert_text(message, "result.capabilities.tools.listChanged", "true");
    assert_text(message, "result.capabilities.prompts.listChanged", "false");
    assert_text(message, "result.capabilities.resources.subscribe", "true");
    assert_non_null(at(message, "result.capabilities.completions"));
    assert_non_null(at(message, "result.capabilities.logging"));
    assert_non_null(at(message, "result.capabilities.extensions.io|modelcontextprotocol/tasks"));
    assert_text(message, "result.instructions", "none");
    assert_text(message, "result.ttlMs", "60000");
    assert_text(message, "result.cacheScope", "public");
    assert_text(message, "result._meta.io|modelcontextprotocol/serverInfo.name", "test");
    assert_text(message, "result._meta.io|modelcontextprotocol/serverInfo.version", "3");
    json_object_put(message);
    message =
        conversing_ask(talk, REQUEST("1", "initialize",
                                     "\"protocolVersion\":\"2025-06-18\",\"capabilities\":{}"));
    assert_text(message, "result.serverInfo.name", "test");
    assert_null(at(message, "result.capabilities.extensions"));
    json_object_put(message);
}

static void results_say_how_long_they_may_be_kept_where_that_has_a_meaning(void **state)
{
    struct conversing *talk = *state;
    static const struct {
        const char *line, *ttl, *scope;
    } rows[] = {
        { MODERN("1", "tools/list", ""), "60000", "public" },
        { MODERN("1", "prompts/list", ""), "60000", "public" },
        { MODERN("1", "resources/templates/list", ""), "60000", "public" },
        { MODERN("1", "resources/list", ""), "0", "private" },
        { MODERN("1", "resources/read", ",\"uri\":\"test://a\""), "500", "private" },
        { MODERN("1", "tools/call", ",\"name\":\"echo\""), NULL, NULL },
        { MODERN("1", "prompts/get", ",\"name\":\"plain\""), NULL, NULL },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct json_object *message = conversing_ask(talk, rows[i].line);
        assert_text(message, "result.resultType", "complete");
        assert_text(message, "result._meta.io|modelcontextprotocol/serverInfo.name", "test");
        if (rows[i].ttl) {
            assert_text(message, "result.ttlMs", rows[i].ttl);
            assert_text(message, "result.cacheScope", rows[i].scope);
        } else {
            assert_null(at(message, "result.ttlMs"));
            assert_null(at(message, "result.cacheScope"));
        }
        json_object_put(message);
    }
}

static void what_is_not_there_has_the_code_of_its_era(void **state)
{
    struct conversing *talk = *state;
    struct json_object *message =
        conversing_ask(talk, MODERN("1", "resources/read", ",\"uri\":\"test://b\""));
    assert_text(message, "error.code", "-32602");
    assert_text(message, "error.data.uri", "test://b");
    json_object_put(message);
    conversing_is(talk, MODERN("1", "tools/call", ",\"name\":\"rm\""), "error.code", "-32602");
    conversing_is(talk, MODERN("1", "prompts/get", ",\"name\":\"no\""), "error.code", "-32602");
    conversing_is(talk, MODERN("1", "prompts/get", ",\"name\":\"greet\""), "error.message",
                  "argument who is missing");
    conversing_is(talk,
                  MODERN("1", "prompts/get", ",\"name\":\"greet\",\"arguments\":{\"who\":[]}"),
                  "error.message", "argument who must be a string");
    conversing_hello(talk, "2025-11-25", "{}");
    conversing_is(talk, REQUEST("1", "resources/read", "\"uri\":\"test://b\""), "error.code",
                  "-32002");
}

/* --- pages and completion --------------------------------------------------------------------- */

static void a_long_list_comes_in_pages(void **state)
{
    struct conversing *talk = *state;
    autofree char *cursor = xstrdup("");
    size_t rows = 0, pages = 0;
    do {
        autofree char *line =
            *cursor ? xasprintf(MODERN("1", "resources/list", ",\"cursor\":\"%s\""), cursor)
                    : xstrdup(MODERN("1", "resources/list", ""));
        struct json_object *message = conversing_ask(talk, line);
        struct json_object *list = at(message, "result.resources");
        autofree char *first = xasprintf("test://%zu", rows);
        assert_text(list, "0.uri", first);
        rows += json_object_array_length(list);
        pages++;
        free(cursor);
        struct json_object *next = at(message, "result.nextCursor");
        cursor = next ? xstrdup(json_object_get_string(next)) : NULL;
        json_object_put(message);
    } while (cursor);
    assert_int_equal(rows, TEST_RESOURCES);
    assert_int_equal(pages, 3);
}

static void a_cursor_is_one_that_was_given_out_for_that_list(void **state)
{
    struct conversing *talk = *state;
    struct json_object *message = conversing_ask(talk, MODERN("1", "resources/list", ""));
    autofree char *cursor = xstrdup(json_object_get_string(at(message, "result.nextCursor")));
    json_object_put(message);
    autofree char *other = xasprintf(MODERN("1", "tools/list", ",\"cursor\":\"%s\""), cursor);
    conversing_is(talk, other, "error.code", "-32602");
    static const char *const bad[] = { "", "x", "MTAw", "cmVzb3VyY2VzOjE=", "cmVzb3VyY2VzOjA=" };
    for (size_t i = 0; i < COUNT(bad); i++) {
        autofree char *line =
            xasprintf(MODERN("1", "resources/list", ",\"cursor\":\"%s\""), bad[i]);
        conversing_is(talk, line, "error.code", "-32602");
    }
}

static void a_hundred_completions_are_shown_and_all_are_counted(void **state)
{
    struct conversing *talk = *state;
    struct json_object *message =
        conversing_ask(talk, MODERN("1", "completion/complete",
                                    ",\"ref\":{\"type\":\"ref/prompt\",\"name\":\"greet\"},"
                                    "\"argument\":{\"name\":\"who\",\"value\":\"a\"}"));
    assert_int_equal(json_object_array_length(at(message, "result.completion.values")), 100);
    assert_text(message, "result.completion.values.0", "a0");
    assert_text(message, "result.completion.total", "150");
    assert_text(message, "result.completion.hasMore", "true");
    json_object_put(message);
    static const char *const wrong[] = {
        ",\"ref\":{},\"argument\":{\"name\":\"who\",\"value\":\"a\"}",
        ",\"ref\":{\"type\":\"ref/prompt\",\"name\":\"no\"},\"argument\":{\"name\":\"who\","
        "\"value\":\"a\"}",
        ",\"ref\":{\"type\":\"ref/prompt\",\"name\":\"greet\"},\"argument\":{\"name\":\"who\"}",
        ",\"ref\":{\"type\":\"ref/tool\",\"name\":\"echo\"},\"argument\":{\"name\":\"who\","
        "\"value\":\"a\"}",
    };
    for (size_t i = 0; i < COUNT(wrong); i++) {
        autofree char *line = xasprintf(MODERN("1", "completion/complete", "%s"), wrong[i]);
        conversing_is(talk, line, "error.code", "-32602");
    }
}

/* --- what a tool says ------------------------------------------------------------------------- */

static void hears_level(struct conversing *talk, const char *line, const char *level)
{
    (void)conversing_say(talk, line);
    if (level) {
        struct json_object *message = conversing_hear(talk);
        assert_text(message, "method", "notifications/message");
        assert_text(message, "params.level", level);
        json_object_put(message);
    }
}

static void a_tool_is_heard_from_the_level_that_was_asked_for(void **state)
{
    struct conversing *talk = *state;
    hears_level(talk, MODERN("1", "tools/call", ",\"name\":\"say\""), NULL);
    json_object_put(conversing_hear(talk));
    conversing_quiet(talk);
    hears_level(talk,
                REQUEST("1", "tools/call",
                        "\"name\":\"say\",\"_meta\":" META_MORE(
                            NOW, "{}", ",\"io.modelcontextprotocol/logLevel\":\"error\"")),
                "error");
    json_object_put(conversing_hear(talk));
    conversing_hello(talk, "2025-11-25", "{}");
    hears_level(talk, REQUEST("1", "tools/call", "\"name\":\"say\""), "debug");
    json_object_put(conversing_hear(talk));
    json_object_put(conversing_hear(talk));
    conversing_is(talk, REQUEST("1", "logging/setLevel", "\"level\":\"loud\""), "error.code",
                  "-32602");
    conversing_is(talk, REQUEST("1", "logging/setLevel", "\"level\":\"notice\""), "result", "{ }");
    hears_level(talk, REQUEST("1", "tools/call", "\"name\":\"say\""), "error");
    json_object_put(conversing_hear(talk));
    conversing_quiet(talk);
}

/* --- batches ---------------------------------------------------------------------------------- */

#define PING(id) REQUEST(id, "ping", "")

static void a_batch_has_one_answer_for_all(void **state)
{
    struct conversing *talk = *state;
    conversing_hello(talk, "2025-03-26", "{}");
    (void)conversing_say(
        talk,
        "[" PING("1") "," REQUEST(
            "2", "tools/call",
            "\"name\":\"wait\"") ","
                                 "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/x\"},5," PING(
                                     "\"a\"") "]");
    conversing_quiet(talk);
    assert_int_equal(conversing_say(talk, PING("3")), TAKEN_ANSWERED);
    json_object_put(conversing_hear(talk));
    wait_over(test_waiting, false);
    struct json_object *message = conversing_hear(talk);
    assert_int_equal(json_object_array_length(message), 4);
    assert_text(message, "0.id", "1");
    assert_text(message, "1.error.code", "-32600");
    assert_text(message, "2.id", "a");
    assert_text(message, "3.id", "2");
    json_object_put(message);
    assert_int_equal(conversing_say(talk, "[{\"jsonrpc\":\"2.0\",\"method\":\"notifications/x\"}]"),
                     TAKEN_SILENTLY);
    conversing_is(talk, "[]", "error.code", "-32600");
    (void)conversing_say(talk, "[" REQUEST("2", "tools/call", "\"name\":\"wait\"") "]");
    (void)conversing_say(talk, CANCEL("2"));
    assert_int_equal(talk->silent, 1);
    conversing_quiet(talk);
}

static void a_batch_is_bounded_and_only_one_version_has_them(void **state)
{
    struct conversing *talk = *state;
    conversing_is(talk, "[" PING("1") "]", "error.code", "-32600");
    conversing_is(talk, "[" MODERN("1", "tools/list", "") "]", "error.code", "-32600");
    conversing_hello(talk, "2025-03-26", "{}");
    autostr struct str line = { 0 };
    for (int i = 0; i < 257; i++) {
        autofree char *ping = xasprintf("%c" PING("%d"), i == 0 ? '[' : ',', i);
        str_puts(&line, ping);
    }
    str_putc(&line, ']');
    conversing_is(talk, line.data, "error.code", "-32600");
    struct conversing other;
    conversing_begin(&other, &test_offer, SESSION_BOTH);
    conversing_hello(&other, "2025-06-18", "{}");
    conversing_is(&other, "[" PING("1") "]", "error.code", "-32600");
    conversing_end(&other);
}

/* --- the end of a session, and looks from outside --------------------------------------------- */

static void free_at_answer(void *context, int code, const char *line)
{
    struct conversing *talk = context;
    conversing_answer(context, code, line);
    session_free(talk->session);
    talk->session = NULL;
}

static void a_session_may_be_freed_from_its_own_answer(void **state)
{
    struct conversing *talk = *state;
    struct sink sink = conversing_sink(talk);
    (void)conversing_say(talk, MODERN("1", "tools/call", ",\"name\":\"wait\""));
    (void)conversing_say(talk, MODERN("3", "subscriptions/listen", ",\"notifications\":{}"));
    json_object_put(conversing_hear(talk));
    sink.answer = free_at_answer;
    static const char line[] = MODERN("2", "tools/list", "");
    assert_int_equal(session_message(talk->session, line, strlen(line), &sink, NULL),
                     TAKEN_ANSWERED);
    json_object_put(conversing_hear(talk));
    assert_int_equal(talk->silent, 2);
    conversing_quiet(talk);
}

static int look(void *context, const struct rpc_message *message, struct error *err)
{
    *(const char **)context = message->method;
    (void)fail_caller(err, 1, "not what the header says");
    return RPC_HEADER_MISMATCH;
}

static void a_look_from_outside_can_refuse_a_message(void **state)
{
    struct conversing *talk = *state;
    const struct sink sink = conversing_sink(talk);
    const char *seen = "";
    const struct inspection inspection = { look, &seen };
    static const char line[] = MODERN("2", "tools/list", "");
    assert_int_equal(session_message(talk->session, line, strlen(line), &sink, &inspection),
                     TAKEN_ANSWERED);
    struct json_object *message = conversing_hear(talk);
    assert_text(message, "error.code", "-32020");
    assert_int_equal(talk->code, RPC_HEADER_MISMATCH);
    json_object_put(message);
    assert_int_equal(session_message(talk->session, CANCEL("2"), strlen(CANCEL("2")), &sink,
                                     &inspection),
                     TAKEN_REFUSED);
    conversing_quiet(talk);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, conversing_setup, conversing_teardown)

static const struct CMUnitTest tests[] = {
    TEST(the_envelope_is_a_ladder),
    TEST(another_version_is_told_which_there_are),
    TEST(the_client_decides_request_by_request),
    TEST(a_session_of_one_era_knows_no_other),
    TEST(a_server_says_what_it_is),
    TEST(results_say_how_long_they_may_be_kept_where_that_has_a_meaning),
    TEST(what_is_not_there_has_the_code_of_its_era),
    TEST(a_long_list_comes_in_pages),
    TEST(a_cursor_is_one_that_was_given_out_for_that_list),
    TEST(a_hundred_completions_are_shown_and_all_are_counted),
    TEST(a_tool_is_heard_from_the_level_that_was_asked_for),
    TEST(a_batch_has_one_answer_for_all),
    TEST(a_batch_is_bounded_and_only_one_version_has_them),
    TEST(a_session_may_be_freed_from_its_own_answer),
    TEST(a_look_from_outside_can_refuse_a_message),
};

UNIT_MAIN(tests)
