/* SPDX-License-Identifier: Apache-2.0 */
#include <json-c/json.h>
#include <stdio.h>

#include "mcp/product.h"
#include "mcp/run_call.h"
#include "mcp/tool_run.h"
#include "str.h"
#include "unit.h"

/* --- what clients were promised ------------------------------------------------ */

#define TEXT_OR_NULL "\"anyOf\":[{\"type\":\"string\"},{\"type\":\"null\"}],\"default\":null"
#define PATH_OR_NULL \
    "\"anyOf\":[{\"type\":\"string\",\"format\":\"path\"},{\"type\":\"null\"}],\"default\":null"
#define LIST_OR_NULL                                                                        \
    "\"anyOf\":[{\"type\":\"array\",\"items\":{\"type\":\"string\"}},{\"type\":\"null\"}]," \
    "\"default\":null"
#define MAP_OR_NULL                                                                    \
    "\"anyOf\":[{\"type\":\"object\",\"additionalProperties\":{\"type\":\"string\"}}," \
    "{\"type\":\"null\"}],\"default\":null"
#define FLAG(value)    "\"type\":\"boolean\",\"default\":" value
#define INTEGER(value) "\"type\":\"integer\",\"default\":" value

static const struct promise {
    const char *tool, *parameter, *schema;
} promises[] = {
    { "py_run_script_in_dir", "directory", "\"type\":\"string\",\"format\":\"path\"" },
    { "py_run_script_in_dir", "script_path", PATH_OR_NULL },
    { "py_run_script_in_dir", "script_content", TEXT_OR_NULL },
    { "py_run_script_in_dir", "args", LIST_OR_NULL },
    { "py_run_script_in_dir", "use_uv", FLAG("true") },
    { "py_run_script_in_dir", "python_version", TEXT_OR_NULL },
    { "py_run_script_in_dir", "timeout_seconds", INTEGER("300") },
    { "py_run_script_in_dir", "env_vars", MAP_OR_NULL },
    { "py_run_script_in_dir", "env_file", PATH_OR_NULL },
    { "py_run_script_in_dir", "async_mode", FLAG("false") },
    { "py_run_script_in_dir", "job_label", TEXT_OR_NULL },
    { "py_run_script_in_dir", "auto_install_deps", FLAG("true") },
    { "py_run_script_with_dependencies", "script_content", TEXT_OR_NULL },
    { "py_run_script_with_dependencies", "script_path", PATH_OR_NULL },
    { "py_run_script_with_dependencies", "python_version",
      "\"type\":\"string\",\"default\":\"3.12\"" },
    { "py_run_script_with_dependencies", "dependencies", LIST_OR_NULL },
    { "py_run_script_with_dependencies", "args", LIST_OR_NULL },
    { "py_run_script_with_dependencies", "timeout_seconds", INTEGER("300") },
    { "py_run_script_with_dependencies", "auto_parse_imports", FLAG("true") },
    { "py_run_script_with_dependencies", "env_vars", MAP_OR_NULL },
    { "py_run_script_with_dependencies", "env_file", PATH_OR_NULL },
    { "py_run_script_with_dependencies", "async_mode", FLAG("false") },
    { "py_run_script_with_dependencies", "job_label", TEXT_OR_NULL },
    { "py_run_script_with_dependencies", "ignore_project_requirements", FLAG("true") },
};

/* Beside those of the promise. */
static const char *const further[] = { "policy", "memory_mb", "cpu_seconds", "max_output_bytes",
                                       "stdin" };

static struct json_object *member(struct json_object *object, const char *name)
{
    struct json_object *value = NULL;
    if (!json_object_object_get_ex(object, name, &value))
        fail_msg("no member %s", name);
    return value;
}

static void the_schemas_are_those_that_were_promised(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(promises); i++) {
        const struct promise *promise = &promises[i];
        struct json_object *schema =
            schema_print(offer_tool(&product_offer, promise->tool)->fields);
        struct json_object *printed = member(member(schema, "properties"), promise->parameter);
        assert_true(json_object_get_string_len(member(printed, "description")) > 10);
        json_object_object_del(printed, "description");
        autofree char *text = xasprintf("{%s}", promise->schema);
        struct json_object *wanted = json_tokener_parse(text);
        assert_non_null(wanted);
        if (!json_object_equal(printed, wanted))
            fail_msg("%s %s is %s", promise->tool, promise->parameter,
                     json_object_to_json_string(printed));
        json_object_put(wanted);
        json_object_put(schema);
    }
}

static size_t promised(const char *tool)
{
    size_t count = 0;
    for (size_t i = 0; i < COUNT(promises); i++)
        count += strcmp(promises[i].tool, tool) == 0;
    return count;
}

static void there_are_the_further_parameters_and_no_others(void **state)
{
    (void)state;
    static const char *const names[] = { "py_run_script_in_dir",
                                         "py_run_script_with_dependencies" };
    for (size_t i = 0; i < COUNT(names); i++) {
        struct json_object *schema = schema_print(offer_tool(&product_offer, names[i])->fields);
        struct json_object *properties = member(schema, "properties");
        for (size_t j = 0; j < COUNT(further); j++)
            assert_null(member(member(properties, further[j]), "default"));
        assert_int_equal(json_object_object_length(properties),
                         promised(names[i]) + COUNT(further));
        assert_string_equal(json_object_get_string(member(schema, "type")), "object");
        json_object_put(schema);
    }
    struct json_object *in_dir = schema_print(run_in_dir_fields);
    assert_string_equal(json_object_get_string(member(in_dir, "required")), "[ \"directory\" ]");
    struct json_object *alone = schema_print(run_with_dependencies_fields);
    assert_false(json_object_object_get_ex(alone, "required", NULL));
    json_object_put(in_dir);
    json_object_put(alone);
}

static void the_output_schema_wants_the_status_only(void **state)
{
    (void)state;
    struct json_object *schema = json_tokener_parse(run_output_schema);
    assert_non_null(schema);
    assert_string_equal(json_object_get_string(member(schema, "required")), "[ \"status\" ]");
    assert_string_equal(json_object_get_string(member(schema, "type")), "object");
    json_object_put(schema);
}

/* --- decoding --------------------------------------------------------------------- */

static int decode(const struct field *const *fields, const char *json, struct run_call *call,
                  struct error *err)
{
    struct json_object *arguments = json_tokener_parse(json);
    assert_non_null(arguments);
    int r = run_call_decode(fields, arguments, call, err);
    json_object_put(arguments);
    return r;
}

static void refused(const struct field *const *fields, const char *json, const char *name,
                    const char *allowed)
{
    struct run_call call;
    struct error err = { 0 };
    if (decode(fields, json, &call, &err) == 0)
        fail_msg("%s is taken", json);
    assert_int_equal(err.blame, BLAME_CALLER);
    assert_says(&err, name);
    assert_says(&err, allowed);
    run_call_done(fields, &call);
}

static void what_is_wrong_is_named_with_what_is_allowed(void **state)
{
    (void)state;
    static const struct {
        const char *arguments, *name, *allowed;
    } dir[] = {
        { "{\"script_content\":\"1\"}", "directory", "required" },
        { "{\"directory\":null,\"script_content\":\"1\"}", "directory", "must be a string" },
        { "{\"directory\":\"\",\"script_content\":\"1\"}", "directory", "a path" },
        { "{\"directory\":\"/x\"}", "script_content", "exactly one" },
        { "{\"directory\":\"/x\",\"script_content\":\"1\",\"script_path\":\"a.py\"}", "script_path",
          "exactly one" },
        { "{\"directory\":\"/x\",\"script_content\":7}", "script_content", "a string or null" },
        { "{\"directory\":\"/x\",\"script_content\":\"a\\u0000b\"}", "script_content", "NUL" },
        { "{\"directory\":\"/x\\u0000y\",\"script_content\":\"1\"}", "directory", "NUL" },
        { "{\"directory\":\"/x\",\"script_content\":\"1\",\"args\":[\"a\",\"b\\u0000\"]}", "args",
          "NUL" },
        { "{\"directory\":\"/x\",\"script_content\":\"1\",\"args\":\"a\"}", "args",
          "an array of strings or null" },
        { "{\"directory\":\"/x\",\"script_content\":\"1\",\"args\":[1]}", "args", "item 0" },
        { "{\"directory\":\"/x\",\"script_content\":\"1\",\"timeout_seconds\":-5}",
          "timeout_seconds", "from 0" },
        { "{\"directory\":\"/x\",\"script_content\":\"1\",\"timeout_seconds\":1.5}",
          "timeout_seconds", "whole number, not 1.5" },
        { "{\"directory\":\"/x\",\"script_content\":\"1\",\"timeout_seconds\":\"5\"}",
          "timeout_seconds", "whole number" },
        { "{\"directory\":\"/x\",\"script_content\":\"1\",\"timeout_seconds\":null}",
          "timeout_seconds", "whole number" },
        { "{\"directory\":\"/x\",\"script_content\":\"1\",\"memory_mb\":0}", "memory_mb",
          "from 1" },
        { "{\"directory\":\"/x\",\"script_content\":\"1\",\"memory_mb\":-1}", "memory_mb",
          "from 1" },
        { "{\"directory\":\"/x\",\"script_content\":\"1\",\"cpu_seconds\":0}", "cpu_seconds",
          "more than 0" },
        { "{\"directory\":\"/x\",\"script_content\":\"1\",\"cpu_seconds\":-1.5}", "cpu_seconds",
          "more than 0" },
        { "{\"directory\":\"/x\",\"script_content\":\"1\",\"use_uv\":1}", "use_uv",
          "true or false" },
        { "{\"directory\":\"/x\",\"script_content\":\"1\",\"env_vars\":[]}", "env_vars",
          "an object of strings" },
        { "{\"directory\":\"/x\",\"script_content\":\"1\",\"env_vars\":{\"A\":1}}", "env_vars",
          "A is a number" },
        { "{\"directory\":\"/x\",\"script_content\":\"1\",\"env_vars\":{\"A=B\":\"1\"}}",
          "env_vars", "not a name" },
        { "{\"directory\":\"/x\",\"script_content\":\"1\",\"env_vars\":{\"1A\":\"1\"}}", "env_vars",
          "1A" },
        { "{\"directory\":\"/x\",\"script_content\":\"1\",\"env_vars\":{\"A\":\"x\\u0000\"}}",
          "env_vars", "NUL" },
        { "{\"directory\":\"/x\",\"script_content\":\"1\",\"timeout\":5}", "timeout",
          "timeout_seconds" },
        { "{\"directory\":\"/x\",\"script_content\":\"1\",\"dependencies\":[]}", "dependencies",
          "there are" },
        { "{\"directory\":\"/x\",\"script_content\":\"1\",\"async_mode\":1}", "async_mode",
          "true or false" },
        { "{\"directory\":\"/x\",\"script_content\":\"1\",\"stdin\":7}", "stdin", "a string" },
        { "{\"directory\":\"/x\",\"script_content\":\"1\",\"policy\":\"../x\"}", "policy", "" },
        { "{\"directory\":\"/x\",\"script_content\":\"1\",\"python_version\":\"x\"}",
          "python_version", "" },
    };
    for (size_t i = 0; i < COUNT(dir); i++)
        refused(run_in_dir_fields, dir[i].arguments, dir[i].name, dir[i].allowed);
    refused(run_with_dependencies_fields, "{\"script_content\":\"1\",\"directory\":\"/x\"}",
            "directory", "there are");
    refused(run_with_dependencies_fields,
            "{\"script_content\":\"1\",\"dependencies\":[\"--index-url=x\"]}", "dependencies", "");
}

static void a_script_may_have_four_mebibytes_and_no_more(void **state)
{
    (void)state;
    for (int over = 0; over < 2; over++) {
        size_t len = SCRIPT_BYTES_MAX + (size_t)over;
        autofree char *text = xcalloc(1, len + 1);
        memset(text, '#', len);
        struct json_object *arguments = json_object_new_object();
        json_object_object_add(arguments, "script_content",
                               json_object_new_string_len(text, (int)len));
        struct run_call call;
        struct error err = { 0 };
        int r = run_call_decode(run_with_dependencies_fields, arguments, &call, &err);
        assert_int_equal(r < 0, over);
        if (over)
            assert_says(&err, "script_content has 4194305 bytes; at most 4194304");
        run_call_done(run_with_dependencies_fields, &call);
        json_object_put(arguments);
    }
}

static struct spec spec_of(const struct field *const *fields, const char *json)
{
    struct run_call call;
    struct error err = { 0 };
    assert_ok(decode(fields, json, &call, &err), &err);
    struct spec spec;
    spec_init(&spec);
    run_call_spec(&call, fields, &spec);
    run_call_done(fields, &call);
    return spec;
}

static void a_default_counts_whether_given_or_not(void **state)
{
    (void)state;
    static const char *const same[] = {
        "{\"script_content\":\"1\"}",
        "{\"script_content\":\"1\",\"timeout_seconds\":300,\"python_version\":\"3.12\"}",
        "{\"script_content\":\"1\",\"timeout_seconds\":300.0,\"script_path\":null}",
    };
    for (size_t i = 0; i < COUNT(same); i++) {
        struct spec spec = spec_of(run_with_dependencies_fields, same[i]);
        assert_int_equal(spec.wish, PYTHON_PREFER);
        assert_string_equal(spec.python, "3.12");
        assert_int_equal(spec.asked.wall_ms, 300000);
        assert_true(spec.wall_lower);
        assert_true(spec.asked.memory_bytes == UNBOUNDED);
        assert_true(spec.use_uv);
        spec_done(&spec);
    }
}

static void an_explicit_request_is_no_default(void **state)
{
    (void)state;
    struct spec spec = spec_of(run_with_dependencies_fields,
                               "{\"script_content\":\"1\",\"timeout_seconds\":301,\"memory_mb\":64,"
                               "\"cpu_seconds\":0.25,\"max_output_bytes\":1000,"
                               "\"python_version\":\"3.11\"}");
    assert_int_equal(spec.wish, PYTHON_EXACT);
    assert_int_equal(spec.asked.wall_ms, 301000);
    assert_false(spec.wall_lower);
    assert_int_equal(spec.asked.memory_bytes, 64 * 1024 * 1024);
    assert_int_equal(spec.asked.cpu_ms, 250);
    assert_int_equal(spec.asked.output_bytes, 1000);
    spec_done(&spec);
}

static void zero_seconds_are_the_policys_own_limit(void **state)
{
    (void)state;
    struct spec spec =
        spec_of(run_with_dependencies_fields, "{\"script_content\":\"1\",\"timeout_seconds\":0,"
                                              "\"python_version\":null}");
    assert_true(spec.asked.wall_ms == UNBOUNDED);
    assert_int_equal(spec.wish, PYTHON_NEWEST);
    spec_done(&spec);
}

static void in_a_directory_a_version_that_is_named_is_exact(void **state)
{
    (void)state;
    struct spec spec = spec_of(run_in_dir_fields, "{\"directory\":\"/x\",\"script_content\":\"1\","
                                                  "\"python_version\":\"3.12\",\"use_uv\":false}");
    assert_int_equal(spec.wish, PYTHON_EXACT);
    assert_false(spec.use_uv);
    spec_done(&spec);
    spec = spec_of(run_in_dir_fields, "{\"directory\":\"/x\",\"script_content\":\"1\"}");
    assert_int_equal(spec.wish, PYTHON_NEWEST);
    spec_done(&spec);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_schemas_are_those_that_were_promised),
    cmocka_unit_test(there_are_the_further_parameters_and_no_others),
    cmocka_unit_test(the_output_schema_wants_the_status_only),
    cmocka_unit_test(what_is_wrong_is_named_with_what_is_allowed),
    cmocka_unit_test(a_script_may_have_four_mebibytes_and_no_more),
    cmocka_unit_test(a_default_counts_whether_given_or_not),
    cmocka_unit_test(an_explicit_request_is_no_default),
    cmocka_unit_test(zero_seconds_are_the_policys_own_limit),
    cmocka_unit_test(in_a_directory_a_version_that_is_named_is_exact),
};

UNIT_MAIN(tests)
