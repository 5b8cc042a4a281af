/* SPDX-License-Identifier: Apache-2.0 */
/* Both eras over one session: what decides which, what every message of the modern one has, and
 * what the core does by itself: pages, subscriptions, rounds, batches. */
#include <stdio.h>

#include <cordon/launch.h>

#include "conversing.h"
#include "mcp/rpc.h"

static int setup(void **state)
{
    struct conversing *talk = xcalloc(1, sizeof(*talk));
    conversing_begin(talk, &test_offer, SESSION_BOTH);
    *state = talk;
    return 0;
}

static int teardown(void **state)
{
    conversing_end(*state);
    free(*state);
    return 0;
}

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

/* --- subscriptions ---------------------------------------------------------------------------- */

static void publish(struct conversing *talk, enum offer_change what, const char *id,
                    const char *owner)
{
    const struct news news = { .what = what, .id = id, .owner = owner };
    hub_publish(talk->hub, &news);
}

static void who_listens_is_told_what_he_asked_for(void **state)
{
    struct conversing *talk = *state;
    (void)conversing_say(talk, MODERN("9", "subscriptions/listen",
                                      ",\"notifications\":{\"toolsListChanged\":true,"
                                      "\"promptsListChanged\":true,"
                                      "\"resourceSubscriptions\":[\"test://a\"],"
                                      "\"unheardOf\":true}"));
    struct json_object *message = conversing_hear(talk);
    assert_text(message, "method", "notifications/subscriptions/acknowledged");
    assert_text(message, "params._meta.io|modelcontextprotocol/subscriptionId", "9");
    assert_text(message, "params.notifications.toolsListChanged", "true");
    assert_text(message, "params.notifications.resourceSubscriptions.0", "test://a");
    assert_null(at(message, "params.notifications.promptsListChanged"));
    assert_null(at(message, "params.notifications.unheardOf"));
    json_object_put(message);
    conversing_quiet(talk);
    publish(talk, CHANGE_RESOURCES, NULL, NULL);
    publish(talk, CHANGE_RESOURCE, "test://b", NULL);
    publish(talk, CHANGE_RESOURCE, "test://a", "somebody else");
    publish(talk, CHANGE_TASK, "t", NULL);
    conversing_quiet(talk);
    publish(talk, CHANGE_RESOURCE, "test://a", OWNER_LOCAL);
    message = conversing_hear(talk);
    assert_text(message, "method", "notifications/resources/updated");
    assert_text(message, "params.uri", "test://a");
    assert_text(message, "params._meta.io|modelcontextprotocol/subscriptionId", "9");
    json_object_put(message);
    publish(talk, CHANGE_TOOLS, NULL, NULL);
    message = conversing_hear(talk);
    assert_text(message, "method", "notifications/tools/list_changed");
    json_object_put(message);
    /* The server ends it with an answer, the client without one. */
    session_cancel_all(talk->session, false);
    message = conversing_hear(talk);
    assert_text(message, "id", "9");
    assert_text(message, "result.resultType", "complete");
    assert_text(message, "result._meta.io|modelcontextprotocol/subscriptionId", "9");
    json_object_put(message);
    publish(talk, CHANGE_TOOLS, NULL, NULL);
    conversing_quiet(talk);
}

static void a_subscription_ends_with_its_request(void **state)
{
    struct conversing *talk = *state;
    (void)conversing_say(talk, MODERN("\"s\"", "subscriptions/listen",
                                      ",\"notifications\":{\"toolsListChanged\":true}"));
    json_object_put(conversing_hear(talk));
    assert_int_equal(conversing_say(talk, CANCEL("\"s\"")), TAKEN_SILENTLY);
    assert_int_equal(talk->silent, 1);
    publish(talk, CHANGE_TOOLS, NULL, NULL);
    conversing_quiet(talk);
    static const char *const wrong[] = { "{\"toolsListChanged\":1}",
                                         "{\"resourceSubscriptions\":\"test://a\"}",
                                         "{\"resourceSubscriptions\":[1]}" };
    for (size_t i = 0; i < COUNT(wrong); i++) {
        autofree char *line =
            xasprintf(MODERN("1", "subscriptions/listen", ",\"notifications\":%s"), wrong[i]);
        conversing_is(talk, line, "error.code", "-32602");
    }
    /* Who does not know tasks cannot wait for one, whatever it is. */
    conversing_is(talk,
                  MODERN("1", "subscriptions/listen", ",\"notifications\":{\"taskIds\":[\"t\"]}"),
                  "error.code", "-32021");
    int open = 0;
    for (;; open++) {
        autofree char *line =
            xasprintf(MODERN("%d", "subscriptions/listen", ",\"notifications\":{}"), open);
        struct json_object *message = conversing_ask(talk, line);
        bool more = at(message, "error") == NULL;
        json_object_put(message);
        if (!more)
            break;
    }
    assert_int_equal(open, 16);
}

static void count_wanted(void *context)
{
    ++*(int *)context;
}

static void note_address(void *context, const struct listener *listener, enum offer_change what,
                         const char *id)
{
    char ***all = context;
    assert_string_equal(listener->owner, OWNER_LOCAL);
    assert_int_equal(what, CHANGE_RESOURCE);
    list_add(all, id);
}

static void what_is_waited_for_is_known_and_bounded(void **state)
{
    struct conversing *talk = *state;
    int wanted = 0;
    char **all = NULL;
    hub_on_wanted(talk->hub, count_wanted, &wanted);
    (void)conversing_say(talk, MODERN("1", "subscriptions/listen",
                                      ",\"notifications\":{\"resourceSubscriptions\":[\"test://a\","
                                      "\"test://b\"]}"));
    json_object_put(conversing_hear(talk));
    assert_int_equal(wanted, 1);
    conversing_hello(talk, "2025-11-25", "{}");
    int more = 0;
    for (;; more++) {
        autofree char *line =
            xasprintf(REQUEST("2", "resources/subscribe", "\"uri\":\"test://%d\""), more);
        struct json_object *message = conversing_ask(talk, line);
        bool refused = at(message, "error");
        json_object_put(message);
        if (refused)
            break;
    }
    assert_int_equal(more, 254);
    assert_int_equal(wanted, 255);
    conversing_is(talk,
                  MODERN("3", "subscriptions/listen",
                         ",\"notifications\":{\"resourceSubscriptions\":[\"test://c\"]}"),
                  "error.code", "-32602");
    hub_each_address(talk->hub, note_address, &all);
    assert_int_equal(list_len(all), 256);
    assert_true(list_has(all, "test://b"));
    list_free(all);
    /* Before the server ends: who listens is answered, who works is not. */
    (void)conversing_say(talk, MODERN("4", "tools/call", ",\"name\":\"wait\""));
    session_end_listening(talk->session);
    struct json_object *message = conversing_hear(talk);
    assert_text(message, "id", "1");
    json_object_put(message);
    conversing_quiet(talk);
    assert_int_equal(session_calls(talk->session), 1);
}

static void a_client_that_knows_tasks_may_listen_for_them(void **state)
{
    struct conversing *talk = *state;
    (void)conversing_say(talk,
                         REQUEST("1", "subscriptions/listen",
                                 "\"notifications\":{\"taskIds\":[\"t\"]},\"_meta\":" META_MORE(
                                     NOW, "{\"extensions\":{\"io.modelcontextprotocol/tasks\":{}}}",
                                     "")));
    json_object_put(conversing_hear(talk));
    struct json_object *body = json_tokener_parse("{\"taskId\":\"t\",\"status\":\"completed\"}");
    const struct news news = { .what = CHANGE_TASK, .id = "t", .body = body };
    hub_publish(talk->hub, &news);
    json_object_put(body);
    struct json_object *message = conversing_hear(talk);
    assert_text(message, "method", "notifications/tasks");
    assert_text(message, "params.status", "completed");
    assert_text(message, "params._meta.io|modelcontextprotocol/subscriptionId", "1");
    json_object_put(message);
}

static void who_does_not_read_is_told_once_he_does(void **state)
{
    struct conversing *talk = *state;
    struct news news = { .what = CHANGE_RESOURCE, .id = "test://a" };
    (void)conversing_say(talk,
                         MODERN("1", "subscriptions/listen",
                                ",\"notifications\":{\"resourceSubscriptions\":[\"test://a\"]}"));
    json_object_put(conversing_hear(talk));
    conversing_hello(talk, "2025-11-25", "{}");
    conversing_is(talk, REQUEST("2", "resources/subscribe", "\"uri\":\"test://a\""), "result",
                  "{ }");
    news.again = true; /* he missed nothing yet */
    assert_true(hub_publish(talk->hub, &news));
    news.again = false;
    talk->behind = true;
    for (int i = 0; i < 1000; i++)
        assert_false(hub_publish(talk->hub, &news));
    news.again = true;
    assert_false(hub_publish(talk->hub, &news));
    conversing_quiet(talk);
    assert_int_equal(list_len(talk->pushed), 0);
    talk->behind = false;
    assert_true(hub_publish(talk->hub, &news));
    json_object_put(conversing_hear(talk));
    assert_int_equal(list_len(talk->pushed), 1);
    assert_true(hub_publish(talk->hub, &news));
    conversing_quiet(talk);
    assert_int_equal(list_len(talk->pushed), 1);
}

static void the_legacy_era_is_pushed_to(void **state)
{
    struct conversing *talk = *state;
    publish(talk, CHANGE_TOOLS, NULL, NULL);
    conversing_hello(talk, "2025-11-25", "{}");
    assert_int_equal(list_len(talk->pushed), 0);
    publish(talk, CHANGE_TOOLS, NULL, NULL);
    publish(talk, CHANGE_RESOURCE, "test://a", NULL);
    assert_int_equal(list_len(talk->pushed), 1);
    conversing_is(talk, REQUEST("1", "resources/subscribe", "\"uri\":\"test://a\""), "result",
                  "{ }");
    conversing_is(talk, REQUEST("1", "resources/subscribe", "\"uri\":\"test://a\""), "result",
                  "{ }");
    publish(talk, CHANGE_RESOURCE, "test://a", NULL);
    assert_int_equal(list_len(talk->pushed), 2);
    assert_non_null(strstr(talk->pushed[1], "\"uri\":\"test://a\""));
    assert_null(strstr(talk->pushed[1], "subscriptionId"));
    conversing_is(talk, REQUEST("1", "resources/unsubscribe", "\"uri\":\"test://a\""), "result",
                  "{ }");
    publish(talk, CHANGE_RESOURCE, "test://a", NULL);
    assert_int_equal(list_len(talk->pushed), 2);
}

/* --- rounds ----------------------------------------------------------------------------------- */

/* The requestState of the answer to that line. */
static char *round_of(struct conversing *talk, const char *line)
{
    struct json_object *message = conversing_ask(talk, line);
    assert_text(message, "result.resultType", "input_required");
    assert_null(at(message, "result.ttlMs"));
    char *handle = xstrdup(json_object_get_string(at(message, "result.requestState")));
    assert_int_equal(strlen(handle), HANDLE_LEN);
    json_object_put(message);
    return handle;
}

static void a_client_comes_back_with_what_it_was_asked(void **state)
{
    struct conversing *talk = *state;
    struct json_object *message = conversing_ask(talk, ASK("1", ""));
    assert_text(message, "result.inputRequests.name.method", "elicitation/create");
    assert_text(message, "result.inputRequests.roots.method", "roots/list");
    autofree char *first = xstrdup(json_object_get_string(at(message, "result.requestState")));
    json_object_put(message);
    static const char *const wrong[] = { "null", "[]", "{\"name\":5}", "{\"name\":null}" };
    for (size_t i = 0; i < COUNT(wrong); i++) {
        autofree char *line =
            xasprintf(ASK("4", ",\"requestState\":\"%s\",\"inputResponses\":%s"), first, wrong[i]);
        conversing_is(talk, line, "error.code", "-32602");
    }
    autofree char *some =
        xasprintf(ASK("2", ",\"requestState\":\"%s\",\"inputResponses\":{\"name\":{\"a\":1}}"),
                  first);
    autofree char *second = round_of(talk, some);
    autofree char *all = xasprintf(ASK("3", ",\"requestState\":\"%s\",\"inputResponses\":"
                                            "{\"name\":{\"a\":1},\"roots\":{\"b\":2}}"),
                                   second);
    message = conversing_ask(talk, all);
    assert_text(message, "result.resultType", "complete");
    assert_text(message, "result.structuredContent.name.a", "1");
    assert_text(message, "result.structuredContent.roots.b", "2");
    assert_text(message, "result.structuredContent.rounds", "2");
    json_object_put(message);
    /* Once is enough: it cannot be played again. */
    conversing_is(talk, all, "error.code", "-32602");
    assert_int_equal(session_calls(talk->session), 0);
}

static void a_state_is_good_for_its_request_and_its_owner(void **state)
{
    struct conversing *talk = *state;
    autofree char *handle = round_of(talk, ASK("1", ""));
    autofree char *forged = xstrdup(handle);
    forged[0] = forged[0] == '0' ? '1' : '0';
    autofree char *lines[] = {
        xasprintf(ASK("2", ",\"requestState\":\"%s\""), forged),
        xasprintf(ASK("2", ",\"requestState\":\"%s\",\"arguments\":{\"x\":1}"), handle),
        xasprintf(REQUEST("2", "tools/call",
                          "\"name\":\"echo\",\"requestState\":\"%s\",\"_meta\":" META(NOW)),
                  handle),
        xasprintf(REQUEST("2", "prompts/get",
                          "\"name\":\"ask\",\"requestState\":\"%s\",\"_meta\":" META(NOW)),
                  handle),
    };
    for (size_t i = 0; i < COUNT(lines); i++) {
        conversing_is(talk, lines[i], "error.code", "-32602");
        if (i > 0)
            free(lines[i]);
    }
    const struct session_parts parts = { .offer = &test_offer, .hub = talk->hub, .owner = "other" };
    struct session *other = session_new(&parts);
    const struct sink sink = conversing_sink(talk);
    autofree char *same = xasprintf(ASK("2", ",\"requestState\":\"%s\""), handle);
    (void)session_message(other, same, strlen(same), &sink, NULL);
    struct json_object *message = conversing_hear(talk);
    assert_text(message, "error.code", "-32602");
    json_object_put(message);
    session_free(other);
    /* None of these took it away from who has it, and in another conversation it is good too. */
    free(round_of(talk, same));
}

static void rounds_are_bounded_for_each_owner(void **state)
{
    struct conversing *talk = *state;
    autofree char *first = round_of(talk, ASK("1", ""));
    autofree char *second = round_of(talk, ASK("1", ""));
    for (int i = 0; i < ROUNDS_MAX_EACH - 1; i++)
        free(round_of(talk, ASK("1", "")));
    autofree char *gone = xasprintf(ASK("2", ",\"requestState\":\"%s\""), first);
    autofree char *there = xasprintf(ASK("2", ",\"requestState\":\"%s\""), second);
    conversing_is(talk, gone, "error.code", "-32602");
    free(round_of(talk, there));
}

static void only_what_a_client_declared_is_asked(void **state)
{
    struct conversing *talk = *state;
    struct json_object *message = conversing_ask(
        talk, REQUEST("1", "tools/call",
                      "\"name\":\"ask\",\"_meta\":" META_MORE(NOW, "{\"elicitation\":{}}", "")));
    assert_text(message, "error.code", "-32021");
    assert_text(message, "error.data.requiredCapabilities", "{ \"roots\": { } }");
    json_object_put(message);
    message =
        conversing_ask(talk, REQUEST("1", "tools/call",
                                     "\"name\":\"ask\",\"_meta\":" META_MORE(
                                         NOW, "{\"elicitation\":{\"url\":{}},\"roots\":{}}", "")));
    assert_text(message, "error.data.requiredCapabilities",
                "{ \"elicitation\": { \"form\": { } } }");
    json_object_put(message);
    conversing_hello(talk, "2025-11-25", "{}");
    conversing_is(talk, REQUEST("1", "tools/call", "\"name\":\"ask\""), "error.code", "-32600");
}

#define ANSWER(id, result) "{\"jsonrpc\":\"2.0\",\"id\":\"" id "\",\"result\":" result "}"

static void a_legacy_client_is_sent_requests(void **state)
{
    struct conversing *talk = *state;
    conversing_hello(talk, "2025-06-18", ABLE);
    (void)conversing_say(talk, REQUEST("1", "tools/call", "\"name\":\"ask\""));
    struct json_object *message = conversing_hear(talk);
    assert_text(message, "id", "cordon-1");
    assert_text(message, "method", "elicitation/create");
    assert_text(message, "params.mode", "form");
    json_object_put(message);
    message = conversing_hear(talk);
    assert_text(message, "id", "cordon-2");
    assert_text(message, "method", "roots/list");
    json_object_put(message);
    conversing_is(talk, ANSWER("cordon-3", "{}"), "error.code", "-32600");
    conversing_is(talk, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}", "error.code", "-32600");
    assert_int_equal(conversing_say(talk, ANSWER("cordon-2", "{\"roots\":[]}")), TAKEN_SILENTLY);
    conversing_is(talk, ANSWER("cordon-2", "{}"), "error.code", "-32600");
    conversing_quiet(talk);
    assert_int_equal(
        conversing_say(talk, "{\"jsonrpc\":\"2.0\",\"id\":\"cordon-1\",\"error\":{\"code\":-1}}"),
        TAKEN_SILENTLY);
    message = conversing_hear(talk);
    assert_text(message, "id", "1");
    assert_text(message, "result.structuredContent.name.error.code", "-1");
    assert_text(message, "result.structuredContent.roots.roots", "[ ]");
    assert_text(message, "result.structuredContent.rounds", "1");
    json_object_put(message);
    assert_int_equal(session_calls(talk->session), 0);
}

static void a_call_that_asks_can_be_cancelled(void **state)
{
    struct conversing *talk = *state;
    conversing_hello(talk, "2025-11-25", ABLE);
    (void)conversing_say(talk, REQUEST("1", "tools/call", "\"name\":\"ask\""));
    (void)conversing_say(talk, CANCEL("1"));
    assert_int_equal(talk->silent, 1);
    assert_int_equal(session_calls(talk->session), 0);
    json_object_put(conversing_hear(talk));
    json_object_put(conversing_hear(talk));
    conversing_is(talk, ANSWER("cordon-1", "{}"), "error.code", "-32600");
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

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
    TEST(who_listens_is_told_what_he_asked_for),
    TEST(a_subscription_ends_with_its_request),
    TEST(what_is_waited_for_is_known_and_bounded),
    TEST(a_client_that_knows_tasks_may_listen_for_them),
    TEST(who_does_not_read_is_told_once_he_does),
    TEST(the_legacy_era_is_pushed_to),
    TEST(a_client_comes_back_with_what_it_was_asked),
    TEST(a_state_is_good_for_its_request_and_its_owner),
    TEST(rounds_are_bounded_for_each_owner),
    TEST(only_what_a_client_declared_is_asked),
    TEST(a_legacy_client_is_sent_requests),
    TEST(a_call_that_asks_can_be_cancelled),
    TEST(a_batch_has_one_answer_for_all),
    TEST(a_batch_is_bounded_and_only_one_version_has_them),
    TEST(a_session_may_be_freed_from_its_own_answer),
    TEST(a_look_from_outside_can_refuse_a_message),
};

UNIT_MAIN(tests)
