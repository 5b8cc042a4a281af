/* SPDX-License-Identifier: Apache-2.0 */
/* The table of methods: every row in every version, with every parameter there, missing and of
 * another type. What the tables say is written down here once more, from the specification. */
#include <stdio.h>

#include "conversing.h"
#include "mcp/method.h"
#include "mcp/rpc.h"

static const struct {
    const char *name;
    bool legacy, modern;
    const char *params; /* good ones */
} known[] = {
    { "initialize", true, false, "\"protocolVersion\":\"2025-11-25\",\"capabilities\":{}" },
    { "ping", true, false, "" },
    { "server/discover", false, true, "" },
    { "logging/setLevel", true, false, "\"level\":\"info\"" },
    { "tools/list", true, true, "" },
    { "tools/call", true, true, "\"name\":\"echo\",\"arguments\":{}" },
    { "prompts/list", true, true, "" },
    { "prompts/get", true, true, "\"name\":\"plain\",\"arguments\":{}" },
    { "resources/list", true, true, "" },
    { "resources/templates/list", true, true, "" },
    { "resources/read", true, true, "\"uri\":\"test://a\"" },
    { "resources/subscribe", true, false, "\"uri\":\"test://a\"" },
    { "resources/unsubscribe", true, false, "\"uri\":\"test://a\"" },
    { "subscriptions/listen", false, true, "\"notifications\":{}" },
    { "completion/complete", true, true,
      "\"ref\":{\"type\":\"ref/prompt\",\"name\":\"greet\"},"
      "\"argument\":{\"name\":\"who\",\"value\":\"\"}" },
};

/* One request in a conversation of that version: its error's code, 0, or 1 for a notification. */
static int code_of(const struct version *version, const struct offer *offer, const char *method,
                   const char *params)
{
    struct conversing talk;
    conversing_begin(&talk, offer, SESSION_BOTH);
    if (version->era == ERA_LEGACY && strcmp(method, "initialize") != 0)
        conversing_hello(&talk, version->name, "{}");
    autofree char *meta = xasprintf("\"_meta\":" META("\"%s\""), version->name);
    autofree char *line =
        xasprintf("{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"%s\",\"params\":{%s%s%s}}", method,
                  params, version->era == ERA_MODERN && *params ? "," : "",
                  version->era == ERA_MODERN ? meta : "");
    struct json_object *message = conversing_ask(&talk, line);
    struct json_object *code = at(message, "error.code");
    int r = at(message, "method") ? 1 : code ? json_object_get_int(code) : 0;
    json_object_put(message);
    conversing_end(&talk);
    return r;
}

static void every_method_is_there_in_its_versions_and_in_no_other(void **state)
{
    (void)state;
    for (size_t i = 0; i < method_count; i++) {
        size_t j = 0;
        while (j < COUNT(known) && strcmp(known[j].name, methods[i].name) != 0)
            j++;
        if (j == COUNT(known) && !starts_with(methods[i].name, "tasks/"))
            fail_msg("%s is in no test", methods[i].name);
    }
    for (const struct version *version = versions; version->name; version++)
        for (size_t i = 0; i < COUNT(known); i++) {
            bool there = version->era == ERA_MODERN ? known[i].modern : known[i].legacy;
            int code = code_of(version, &test_offer, known[i].name, known[i].params);
            if (there ? code < 0 : code != RPC_METHOD_NOT_FOUND)
                fail_msg("%s in %s: %d", known[i].name, version->name, code);
        }
}

static void what_is_not_offered_does_not_exist(void **state)
{
    (void)state;
    static const struct offer nothing = { .name = "nothing", .version = "1" };
    static const char *const always[] = { "initialize", "ping", "server/discover",
                                          "subscriptions/listen", NULL };
    for (const struct version *version = versions; version->name; version++)
        for (size_t i = 0; i < COUNT(known); i++) {
            bool there = version->era == ERA_MODERN ? known[i].modern : known[i].legacy;
            bool stays = false;
            for (size_t j = 0; always[j]; j++)
                stays = stays || strcmp(always[j], known[i].name) == 0;
            int code = code_of(version, &nothing, known[i].name, known[i].params);
            if (there && stays ? code < 0 : code != RPC_METHOD_NOT_FOUND)
                fail_msg("%s in %s: %d", known[i].name, version->name, code);
        }
}

/* The parameters of a row without one, or with that one of another type. */
static char *spoil(const char *params, const char *name, bool leave_out)
{
    autofree char *text = xasprintf("{%s}", params);
    struct json_object *object = json_tokener_parse(text);
    assert_non_null(object);
    if (leave_out)
        json_object_object_del(object, name);
    else
        json_object_object_add(object, name, json_object_new_int(5));
    const char *spoilt = json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN);
    char *inside = xstrndup(spoilt + 1, strlen(spoilt) - 2);
    json_object_put(object);
    return inside;
}

static void every_parameter_is_checked_before_its_method_is_called(void **state)
{
    (void)state;
    for (const struct version *version = versions; version->name; version++)
        for (size_t i = 0; i < COUNT(known); i++) {
            const struct method *method = method_find(known[i].name, version->era, &test_offer);
            for (const struct param *param = method ? method->params : NULL; param && param->name;
                 param++) {
                autofree char *without = spoil(known[i].params, param->name, true);
                autofree char *other = spoil(known[i].params, param->name, false);
                int code = code_of(version, &test_offer, known[i].name, without);
                if (param->needed ? code != RPC_INVALID_PARAMS : code < 0)
                    fail_msg("%s in %s without %s: %d", known[i].name, version->name, param->name,
                             code);
                code = code_of(version, &test_offer, known[i].name, other);
                if (code != RPC_INVALID_PARAMS)
                    fail_msg("%s in %s with %s 5: %d", known[i].name, version->name, param->name,
                             code);
            }
        }
}

static void the_versions_are_in_order_and_one_has_batches(void **state)
{
    (void)state;
    static const char *const names[] = { "2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26" };
    for (size_t i = 0; i < COUNT(names); i++) {
        assert_string_equal(versions[i].name, names[i]);
        assert_int_equal(versions[i].era, i == 0 ? ERA_MODERN : ERA_LEGACY);
        assert_int_equal(versions[i].batches, i == 3);
    }
    assert_null(versions[COUNT(names)].name);
    assert_null(version_find("2025-11-25", ERA_MODERN));
    assert_null(version_find("2024-11-05", ERA_LEGACY));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_method_is_there_in_its_versions_and_in_no_other),
    cmocka_unit_test(what_is_not_offered_does_not_exist),
    cmocka_unit_test(every_parameter_is_checked_before_its_method_is_called),
    cmocka_unit_test(the_versions_are_in_order_and_one_has_batches),
};

UNIT_MAIN(tests)
