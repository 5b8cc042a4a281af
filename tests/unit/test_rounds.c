/* SPDX-License-Identifier: Apache-2.0 */
/* A call that asks its client: by a result in one era, by requests in the other. */
#include <stdio.h>

#include "conversing.h"
#include "mcp/rpc.h"

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

#define TEST(name) cmocka_unit_test_setup_teardown(name, conversing_setup, conversing_teardown)

static const struct CMUnitTest tests[] = {
    TEST(a_client_comes_back_with_what_it_was_asked),
    TEST(a_state_is_good_for_its_request_and_its_owner),
    TEST(rounds_are_bounded_for_each_owner),
    TEST(only_what_a_client_declared_is_asked),
    TEST(a_legacy_client_is_sent_requests),
    TEST(a_call_that_asks_can_be_cancelled),
};

UNIT_MAIN(tests)
