/* SPDX-License-Identifier: Apache-2.0 */
/* Who is told of changes, in both eras, and how much that may be. */
#include <stdio.h>

#include <cordon/launch.h>

#include "conversing.h"

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

#define TEST(name) cmocka_unit_test_setup_teardown(name, conversing_setup, conversing_teardown)

static const struct CMUnitTest tests[] = {
    TEST(who_listens_is_told_what_he_asked_for),
    TEST(a_subscription_ends_with_its_request),
    TEST(what_is_waited_for_is_known_and_bounded),
    TEST(a_client_that_knows_tasks_may_listen_for_them),
    TEST(who_does_not_read_is_told_once_he_does),
    TEST(the_legacy_era_is_pushed_to),
};

UNIT_MAIN(tests)
