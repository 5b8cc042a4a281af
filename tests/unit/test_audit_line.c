/* SPDX-License-Identifier: Apache-2.0 */
/* What a line of the audit log says, and what nobody can make it say. */
#include <json-c/json.h>
#include <stdio.h>

#include <cordon/launch.h>

#include "audit_line.h"
#include "unit.h"

static struct json_object *member(struct json_object *line, const char *name)
{
    struct json_object *found;
    if (!json_object_object_get_ex(line, name, &found))
        fail_msg("no member %s", name);
    return found;
}

static struct json_object *line_of(const struct audit_entry *entry, size_t *len)
{
    autostr struct str out = { 0 };
    audit_line(entry, &out);
    assert_true(out.len <= AUDIT_LINE_MAX);
    for (size_t i = 0; i + 1 < out.len; i++)
        assert_in_range(out.data[i], ' ', '~');
    assert_int_equal(out.data[out.len - 1], '\n');
    struct json_object *line = json_tokener_parse(out.data);
    assert_non_null(line);
    if (len)
        *len = out.len;
    return line;
}

#define TRACE "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

static struct launch script(void)
{
    struct launch launch;
    launch_init(&launch);
    (void)snprintf(launch.job, sizeof(launch.job), "j-1");
    (void)snprintf(launch.owner, sizeof(launch.owner), OWNER_LOCAL);
    (void)snprintf(launch.policy, sizeof(launch.policy), "default");
    (void)snprintf(launch.tool, sizeof(launch.tool), "cordon run");
    (void)snprintf(launch.trace, sizeof(launch.trace), TRACE);
    return launch;
}

static void a_run_is_one_line_with_its_end_and_its_usage(void **state)
{
    (void)state;
    struct launch launch = script();
    struct outcome outcome = { .end = END_WALL,
                               .reached = REACHED_FILES,
                               .usage = { .wall_ns = 1500000001, .memory_peak_bytes = 4096 } };
    outcome_deny(&outcome, DENIED_SYSCALL, "bpf", 3);
    outcome_deny(&outcome, DENIED_SYSCALL, "mount", 2);
    outcome_deny(&outcome, DENIED_HOST, "example.org", 1);
    const struct audit_entry entry = {
        .launch = &launch, .operator= true, .uid = 7, .user = "ann", .outcome = &outcome
    };
    struct json_object *line = line_of(&entry, NULL);
    static const struct {
        const char *name, *json;
    } expected[] = {
        { "event", "\"end\"" },
        { "job", "\"j-1\"" },
        { "by", "\"operator\"" },
        { "uid", "7" },
        { "user", "\"ann\"" },
        { "tool", "\"cordon run\"" },
        { "traceparent", "\"" TRACE "\"" },
        { "kind", "\"script\"" },
        { "path", "null" },
        { "end", "\"wall\"" },
        { "exit_code", "124" },
        { "reached", "[\"files\"]" },
        { "wall_seconds", "1.500000" },
        { "peak_memory_bytes", "4096" },
        { "denied", "{\"syscall\":5,\"host\":1,\"file\":0,\"other\":0}" },
    };
    for (size_t i = 0; i < COUNT(expected); i++)
        assert_string_equal(json_object_to_json_string_ext(member(line, expected[i].name),
                                                           JSON_C_TO_STRING_PLAIN),
                            expected[i].json);
    json_object_put(line);
}

static void what_a_stranger_chose_is_escaped_and_comes_back(void **state)
{
    (void)state;
    static const char *const names[] = {
        "/a\n{\"event\":\"end\"}",
        "/\x1b[2J\x7f\"\\",
        "/\xc3\xa9\xe2\x80\xae\xf0\x9f\x90\x8d",
        "",
    };
    for (size_t i = 0; i < COUNT(names); i++) {
        struct launch launch = script();
        launch.script_path = xstrdup(names[i]);
        const struct audit_entry entry = { .launch = &launch };
        struct json_object *line = line_of(&entry, NULL);
        assert_string_equal(json_object_get_string(member(line, "path")), names[i]);
        assert_string_equal(json_object_get_string(member(line, "event")), "start");
        json_object_put(line);
        launch_done(&launch);
    }
}

static void bytes_that_are_no_text_become_one_that_is(void **state)
{
    (void)state;
    struct launch launch = script();
    launch.script_path = xstrdup("/\xff\xc3(\xe2\x82");
    const struct audit_entry entry = { .launch = &launch };
    struct json_object *line = line_of(&entry, NULL);
    assert_string_equal(json_object_get_string(member(line, "path")),
                        "/\xef\xbf\xbd\xef\xbf\xbd(\xef\xbf\xbd\xef\xbf\xbd");
    json_object_put(line);
    launch_done(&launch);
}

static void no_length_of_anything_makes_a_line_too_long(void **state)
{
    (void)state;
    struct launch launch = script();
    char *longest = xcalloc(1, 100001);
    memset(longest, '\x01', 100000);
    launch.script_path = longest;
    struct outcome outcome = { .end = END_FAULT };
    memset(outcome.error.text, '\x02', sizeof(outcome.error.text) - 1);
    const struct audit_entry entry = { .launch = &launch,
                                       .user = longest,
                                       .directory = longest,
                                       .python = longest,
                                       .environment = longest,
                                       .outcome = &outcome };
    size_t len;
    struct json_object *line = line_of(&entry, &len);
    const char *path = json_object_get_string(member(line, "path"));
    assert_string_equal(path + strlen(path) - 3, "...");
    json_object_put(line);
    launch_done(&launch);
}

/* The values of a request that may be secrets are not even looked at. */
static void arguments_and_variables_are_not_in_it(void **state)
{
    (void)state;
    struct launch launch = script();
    launch.what = LAUNCH_COMMAND;
    list_add(&launch.argv, "/bin/psql");
    list_add(&launch.argv, "--password=hunter2");
    list_add(&launch.env, "TOKEN=hunter2");
    autostr struct str out = { 0 };
    audit_line(&(const struct audit_entry){ .launch = &launch }, &out);
    assert_null(strstr(out.data, "hunter2"));
    assert_null(strstr(out.data, "TOKEN"));
    assert_non_null(strstr(out.data, "/bin/psql"));
    launch_done(&launch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_is_one_line_with_its_end_and_its_usage),
        cmocka_unit_test(what_a_stranger_chose_is_escaped_and_comes_back),
        cmocka_unit_test(bytes_that_are_no_text_become_one_that_is),
        cmocka_unit_test(no_length_of_anything_makes_a_line_too_long),
        cmocka_unit_test(arguments_and_variables_are_not_in_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
