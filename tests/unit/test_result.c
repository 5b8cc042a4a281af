/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "run/result.h"
#include "str.h"
#include "unit.h"

static void drop(struct json_object **object)
{
    (void)json_object_put(*object);
}
#define ends_with_scope __attribute__((cleanup(drop)))

/* A run that exited, in a box of policy default. */
struct example {
    struct started started;
    struct outcome outcome;
    struct capture out, err;
    struct result_input input;
};

static void example_make(struct example *example)
{
    *example = (struct example){ 0 };
    example->started.limits = limits_no_opinion();
    example->started.limits.wall_ms = 3000;
    example->started.limits.cpu_ms = 250;
    example->started.limits.memory_bytes = 512ULL << 20;
    example->started.limits.output_bytes = 64 << 10;
    (void)snprintf(example->started.policy, sizeof(example->started.policy), "default");
    example->started.uv = true;
    example->started.layer_count = 2;
    example->started.layers = xcalloc(2, sizeof(struct layer));
    example->started.layers[0] = (struct layer){ xstrdup("user"), xstrdup("on") };
    example->started.layers[1] = (struct layer){ xstrdup("landlock"), xstrdup("abi 7") };
    example->outcome.usage = (struct usage){
        .wall_ns = 11900000, .cpu_user_ns = 8000000, .memory_peak_bytes = 10276044, .pids_peak = 1
    };
    example->input = (struct result_input){
        .job = "6f1c",
        .started = &example->started,
        .outcome = &example->outcome,
        .output = { &example->out, &example->err },
        .elapsed_ns = 12300000,
    };
}

static void example_done(struct example *example)
{
    started_done(&example->started);
    capture_done(&example->out);
    capture_done(&example->err);
}

static struct json_object *member(struct json_object *object, const char *name)
{
    struct json_object *value = NULL;
    if (!json_object_object_get_ex(object, name, &value))
        fail_msg("no member %s", name);
    return value;
}

static void assert_text(struct json_object *object, const char *name, const char *expected)
{
    struct json_object *value = member(object, name);
    if (expected)
        assert_string_equal(json_object_get_string(value), expected);
    else
        assert_null(value);
}

static void a_result_reads_like_the_contracts(void **state)
{
    (void)state;
    struct example example;
    example_make(&example);
    capture_add(&example.out, "1\n", 2);
    ends_with_scope struct json_object *object = result_build(&example.input);
    size_t len;
    assert_string_equal(
        result_text(object, &len),
        "{\"status\":\"completed\",\"stdout\":\"1\\n\",\"stderr\":\"\",\"exit_code\":0,"
        "\"execution_strategy\":\"uv-run\",\"elapsed_seconds\":0.0123,\"end\":\"exited\","
        "\"signal\":null,\"reached\":[],\"error\":null,\"usage\":{\"wall_seconds\":0.0119,"
        "\"cpu_user_seconds\":0.008,\"cpu_system_seconds\":0,\"peak_memory_mb\":9.8,"
        "\"processes_peak\":1,\"source\":\"cgroup\",\"phases\":{\"queue\":0,\"prepare\":0,"
        "\"box\":0,\"script\":0.0119}},\"policy\":\"default\",\"limits\":{\"wall_seconds\":3,"
        "\"cpu_seconds\":0.25,\"memory_mb\":512,\"pids\":null,\"open_files\":null,"
        "\"file_mb\":null,\"scratch_mb\":null,\"output_bytes\":65536,\"inodes\":null,"
        "\"workspace_growth_mb\":null},\"environment\":{\"key\":null,\"cached\":false},"
        "\"layers\":{\"user\":\"on\",\"landlock\":\"abi 7\"},\"denied\":[],\"job_id\":\"6f1c\","
        "\"output\":{\"stdout_bytes\":2,\"stderr_bytes\":0,\"truncated\":false}}");
    example_done(&example);
}

static void what_is_known_of_usage_is_shown_and_nothing_else(void **state)
{
    (void)state;
    struct example example;
    example_make(&example);
    struct usage *usage = &example.outcome.usage;
    usage->memory_cache_peak_bytes = 20ULL << 20;
    usage->written_bytes = 4096;
    usage->context_switches = 12;
    usage->interpreter_ns = 7000000;
    usage->own_cpu_ns = 900000;
    usage->known = USAGE_KNOWN_ALL; /* nothing was read: a true zero */
    usage->memory_at_least = usage->cpu_at_least = true;
    ends_with_scope struct json_object *object = result_build(&example.input);
    size_t len;
    assert_string_equal(
        result_text(member(object, "usage"), &len),
        "{\"wall_seconds\":0.0119,\"cpu_user_seconds\":0.008,\"cpu_system_seconds\":0,"
        "\"cpu_at_least\":true,\"peak_memory_mb\":9.8,\"peak_memory_at_least\":true,\"peak_memory_"
        "cache_mb\":20,"
        "\"processes_peak\":1,\"read_bytes\":0,\"written_bytes\":4096,\"context_switches\":12,"
        "\"cordon_cpu_seconds\":0.0009,\"source\":\"cgroup\",\"phases\":{\"queue\":0,"
        "\"prepare\":0,\"box\":0,\"interpreter\":0.007,\"script\":0.0049}}");
    example_done(&example);
}

static void every_end_has_its_status_number_and_sentence(void **state)
{
    (void)state;
    static const struct {
        enum end end;
        int code, exit_code;
        const char *status, *error, *last_line;
    } rows[] = {
        { END_EXITED, 3, 3, "completed", NULL, "" },
        { END_SIGNALLED, 9, 137, "completed", NULL, "" },
        { END_WALL, 0, 124, "failed",
          "wall limit of 3 s reached (after 0.012 s); --timeout raises it, up to limits.wall of "
          "the "
          "policy",
          "[TIMEOUT] wall limit of 3 s reached\n" },
        { END_CPU, 0, 124, "failed",
          "cpu limit of 0.25 s reached (0.008 s used); --cpu raises it, up to limits.cpu of the "
          "policy",
          "[TIMEOUT] cpu limit of 0.25 s reached\n" },
        { END_MEMORY, 0, 137, "failed",
          "memory limit of 512M reached (peak 9.8 MB); --memory raises it, up to limits.memory of "
          "the policy",
          "" },
        { END_OUTPUT, 0, 124, "failed",
          "output limit of 64K reached; --output raises it, up to limits.output of the policy",
          "" },
        { END_DISK, 0, 124, "failed", "the workspace grew too much", "" },
        { END_CANCELLED, 0, 130, "cancelled", "the workspace grew too much", "" },
        { END_REFUSED, 0, 126, "failed", "the workspace grew too much", "" },
        { END_FAULT, 0, 125, "failed", "the workspace grew too much", "" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct example example;
        example_make(&example);
        example.outcome.end = rows[i].end;
        example.outcome.code = rows[i].code;
        (void)fail_host_as(&example.outcome.error, 1, "the workspace grew too much");
        ends_with_scope struct json_object *object = result_build(&example.input);
        assert_text(object, "end", end_name(rows[i].end));
        assert_text(object, "status", rows[i].status);
        assert_text(object, "error", rows[i].error);
        assert_text(object, "signal", rows[i].end == END_SIGNALLED ? "SIGKILL" : NULL);
        assert_text(object, "stderr", rows[i].last_line);
        assert_int_equal(json_object_get_int(member(object, "exit_code")), rows[i].exit_code);
        example_done(&example);
    }
}

static void cordons_last_line_begins_a_line(void **state)
{
    (void)state;
    struct example example;
    example_make(&example);
    example.outcome.end = END_WALL;
    capture_add(&example.err, "half", 4);
    ends_with_scope struct json_object *object = result_build(&example.input);
    assert_text(object, "stderr", "half\n[TIMEOUT] wall limit of 3 s reached\n");
    assert_int_equal(json_object_get_int(member(member(object, "output"), "stderr_bytes")), 4);
    example_done(&example);
}

static void changes_are_listed_as_far_as_there_is_room(void **state)
{
    (void)state;
    struct example example;
    example_make(&example);
    struct changes changes = { .fate = CHANGES_APPLIED, .more = 2 };
    changes_add(&changes, "new\n\xff", CHANGE_ADDED, 5, NULL);
    changes_add(&changes, "pipe", CHANGE_ADDED, 0, "a FIFO is not applied");
    example.input.changes = &changes;
    example.input.changes_room = SIZE_MAX;
    ends_with_scope struct json_object *object = result_build(&example.input);
    size_t len;
    assert_string_equal(result_text(member(object, "changes"), &len),
                        "[{\"path\":\"new\\n\xef\xbf\xbd\",\"kind\":\"added\",\"bytes\":5},"
                        "{\"path\":\"pipe\",\"kind\":\"added\",\"bytes\":0,"
                        "\"note\":\"a FIFO is not applied\"}]");
    assert_int_equal(json_object_get_int(member(object, "changes_omitted")), 2);
    assert_true(json_object_get_boolean(member(object, "changes_applied")));

    for (int i = 0; i < CHANGES_MAX; i++)
        changes_add(&changes, "another", CHANGE_REMOVED, 0, NULL);
    example.input.changes_room = REPLY_CHANGES_ROOM;
    ends_with_scope struct json_object *cut = result_build(&example.input);
    size_t shown = json_object_array_length(member(cut, "changes"));
    assert_true(shown > 50 && shown < 500);
    assert_int_equal(json_object_get_uint64(member(cut, "changes_omitted")) + shown,
                     CHANGES_MAX + 4);
    (void)result_text(cut, &len);
    assert_true(len < REPLY_CHANGES_ROOM);
    changes_done(&changes);
    example_done(&example);
}

static void changes_that_nobody_knows_are_not_in_a_result(void **state)
{
    (void)state;
    struct example example;
    example_make(&example);
    struct changes none = { 0 };
    example.input.changes = &none;
    ends_with_scope struct json_object *object = result_build(&example.input);
    assert_false(json_object_object_get_ex(object, "changes", NULL));
    none.fate = CHANGES_DROPPED;
    ends_with_scope struct json_object *dropped = result_build(&example.input);
    assert_int_equal(json_object_array_length(member(dropped, "changes")), 0);
    assert_false(json_object_get_boolean(member(dropped, "changes_applied")));
    example_done(&example);
}

static void dropped_output_is_counted_and_said(void **state)
{
    (void)state;
    struct example example;
    example_make(&example);
    capture_add(&example.out, "kept", 4);
    example.input.dropped[0] = 1000;
    ends_with_scope struct json_object *object = result_build(&example.input);
    struct json_object *output = member(object, "output");
    assert_int_equal(json_object_get_int(member(output, "stdout_bytes")), 1004);
    assert_true(json_object_get_boolean(member(output, "truncated")));
    assert_non_null(strstr(json_object_get_string(member(object, "stdout")),
                           "kept\n[... 1000 bytes after this dropped: output limit of 64K"));
    example_done(&example);
}

static void limits_that_only_made_calls_fail_are_listed(void **state)
{
    (void)state;
    struct example example;
    example_make(&example);
    example.outcome.reached = REACHED_PIDS | REACHED_FILES;
    ends_with_scope struct json_object *object = result_build(&example.input);
    assert_text(object, "reached", "[ \"pids\", \"files\" ]");
    example_done(&example);
}

static void dependencies_are_shown_where_known(void **state)
{
    (void)state;
    struct example example;
    example_make(&example);
    list_add(&example.started.requirements, "rich");
    list_add(&example.started.installed, "pygments==2.18");
    list_add(&example.started.installed, "rich==14.0");
    example.started.python = xstrdup("3.12.4");
    example.started.key = xstrdup("9f2c");
    example.started.cached = true;
    ends_with_scope struct json_object *object = result_build(&example.input);
    assert_text(object, "resolved_dependencies", "[ \"rich\" ]");
    assert_text(object, "installed", "[ \"pygments==2.18\", \"rich==14.0\" ]");
    assert_text(object, "python_version_used", "3.12.4");
    assert_text(member(object, "environment"), "key", "9f2c");
    example_done(&example);
}

static void a_missing_module_is_explained_once_the_script_failed_for_it(void **state)
{
    (void)state;
    static const struct {
        const char *errors;
        int code;
        bool told;
    } rows[] = {
        { "ModuleNotFoundError: No module named 'yaml'\n", 1, true },
        { "ModuleNotFoundError: No module named 'yaml.tokens'; 'yaml' is not a package", 1, true },
        { "ModuleNotFoundError: No module named 'yaml'\n", 0, false },
        { "ModuleNotFoundError: No module named 'yam'\n", 1, false },
        { "ModuleNotFoundError: No module named 'yamlike'\n", 1, false },
        { "ModuleNotFoundError: No module named 'yaml'\n"
          "ModuleNotFoundError: No module named 'other'\n",
          1, false },
        { "ValueError\n", 1, false },
        { "", 1, false },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct example example;
        example_make(&example);
        list_add(&example.started.hints, "import yaml: ask for PyYAML");
        example.outcome.code = rows[i].code;
        capture_add(&example.err, rows[i].errors, strlen(rows[i].errors));
        ends_with_scope struct json_object *object = result_build(&example.input);
        const char *shown = json_object_get_string(member(object, "stderr"));
        assert_int_equal(ends_with(shown, "\ncordon: import yaml: ask for PyYAML\n"), rows[i].told);
        example_done(&example);
    }
}

static void what_was_denied_is_listed_with_its_counts(void **state)
{
    (void)state;
    struct example example;
    example_make(&example);
    outcome_deny(&example.outcome, DENIED_SYSCALL, "bpf", 2);
    outcome_deny(&example.outcome, DENIED_HOST, "example.org", 1);
    outcome_deny(&example.outcome, DENIED_SYSCALL, "bpf", 1);
    outcome_deny(&example.outcome, DENIED_FILE, "/srv/\n\xff", 1);
    ends_with_scope struct json_object *object = result_build(&example.input);
    size_t len;
    assert_string_equal(result_text(member(object, "denied"), &len),
                        "[{\"what\":\"syscall\",\"name\":\"bpf\",\"count\":3},"
                        "{\"what\":\"host\",\"name\":\"example.org\",\"count\":1},"
                        "{\"what\":\"file\",\"name\":\"/srv/??\",\"count\":1}]");
    example_done(&example);
}

static void a_stranger_cannot_make_the_list_of_denials_long(void **state)
{
    (void)state;
    struct example example;
    example_make(&example);
    for (int i = 0; i < 1000; i++) {
        char name[512];
        (void)snprintf(name, sizeof(name), "%d-%0*d", i, 400, 0);
        outcome_deny(&example.outcome, DENIED_HOST, name, 1);
    }
    assert_int_equal(example.outcome.denied_count, DENIED_MAX);
    assert_int_equal(example.outcome.denied_unlisted, 1000 - DENIED_MAX);
    ends_with_scope struct json_object *object = result_build(&example.input);
    assert_int_equal(json_object_array_length(member(object, "denied")), DENIED_MAX);
    assert_int_equal(json_object_get_uint64(member(object, "denied_omitted")), 1000 - DENIED_MAX);
    example_done(&example);
}

static void a_refusal_has_a_whole_result(void **state)
{
    (void)state;
    struct example example;
    example_make(&example);
    example.input.started = NULL; /* the example's own is ended below all the same */
    example.input.policy = "strict";
    example.outcome = (struct outcome){ .end = END_REFUSED };
    (void)fail_policy(&example.outcome.error, 1, "no");
    ends_with_scope struct json_object *object = result_build(&example.input);
    assert_text(object, "policy", "strict");
    assert_text(object, "execution_strategy", "system-python");
    assert_text(object, "error", "no");
    assert_false(json_object_object_get_ex(object, "layers", NULL));
    example_done(&example);
}

/* The reply holds the object and its text once more, escaped. */
static size_t reply_size(struct json_object *object)
{
    size_t len, escaped;
    const char *text = result_text(object, &len);
    ends_with_scope struct json_object *string = json_object_new_string_len(text, (int)len);
    (void)result_text(string, &escaped);
    return len + escaped;
}

static void no_output_takes_a_reply_over_its_bound(void **state)
{
    (void)state;
    static const char *const contents[] = {
        "x",  "\x01", "\n",           "\"",
        "\\", "\xff", "\xe2\x82\xac", "0123456789012345678901234567890123456789\n"
    };
    for (size_t i = 0; i < COUNT(contents); i++)
        for (int streams = 1; streams <= 3; streams++) {
            struct example example;
            example_make(&example);
            for (int n = 0; n < 200000; n += (int)strlen(contents[i])) {
                if (streams & 1)
                    capture_add(&example.out, contents[i], strlen(contents[i]));
                if (streams & 2)
                    capture_add(&example.err, contents[i], strlen(contents[i]));
            }
            ends_with_scope struct json_object *object = result_build(&example.input);
            assert_in_range(reply_size(object), 24 * 1024, REPLY_BYTES_MAX - 1024);
            assert_true(json_object_get_boolean(member(member(object, "output"), "truncated")));
            example_done(&example);
        }
}

static void plain_output_of_both_streams_shows_all_four_ends(void **state)
{
    (void)state;
    struct example example;
    example_make(&example);
    for (int n = 0; n < 5000; n++) {
        capture_add(&example.out, "a line of output\n", 17);
        capture_add(&example.err, "a line of errors\n", 17);
    }
    ends_with_scope struct json_object *object = result_build(&example.input);
    assert_true((size_t)json_object_get_string_len(member(object, "stdout")) >
                2 * CAPTURE_END_BYTES);
    assert_true((size_t)json_object_get_string_len(member(object, "stderr")) >
                2 * CAPTURE_END_BYTES);
    example_done(&example);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_result_reads_like_the_contracts),
    cmocka_unit_test(what_is_known_of_usage_is_shown_and_nothing_else),
    cmocka_unit_test(every_end_has_its_status_number_and_sentence),
    cmocka_unit_test(cordons_last_line_begins_a_line),
    cmocka_unit_test(changes_are_listed_as_far_as_there_is_room),
    cmocka_unit_test(changes_that_nobody_knows_are_not_in_a_result),
    cmocka_unit_test(dropped_output_is_counted_and_said),
    cmocka_unit_test(limits_that_only_made_calls_fail_are_listed),
    cmocka_unit_test(dependencies_are_shown_where_known),
    cmocka_unit_test(a_missing_module_is_explained_once_the_script_failed_for_it),
    cmocka_unit_test(what_was_denied_is_listed_with_its_counts),
    cmocka_unit_test(a_stranger_cannot_make_the_list_of_denials_long),
    cmocka_unit_test(a_refusal_has_a_whole_result),
    cmocka_unit_test(no_output_takes_a_reply_over_its_bound),
    cmocka_unit_test(plain_output_of_both_streams_shows_all_four_ends),
};

UNIT_MAIN(tests)
