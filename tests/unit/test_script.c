/* SPDX-License-Identifier: Apache-2.0 */
/* From a request to an order: what is checked, and what travels. */
#include <fcntl.h>

#include <cordon/spec.h>

#include "fd.h"
#include "script/check.h"
#include "str.h"
#include "unit.h"

static struct spec spec_with(const char *code)
{
    struct spec spec;
    spec_init(&spec);
    if (code) {
        spec.code = xstrdup(code);
        spec.code_len = strlen(code);
    }
    return spec;
}

static void assert_refused(struct spec spec, const char *words)
{
    struct launch launch;
    struct error err = { 0 };
    assert_true(launch_from_spec(&spec, &launch, &err) < 0);
    assert_int_equal(err.blame, BLAME_CALLER);
    assert_says(&err, words);
    spec_done(&spec);
}

static void inline_code_travels_in_a_sealed_memfd(void **state)
{
    (void)state;
    struct spec spec = spec_with("# /// script\n# dependencies = []\n# ///\nprint(1)\n");
    struct launch launch;
    struct error err = { 0 };
    list_add(&spec.arguments, "one");
    assert_ok(launch_from_spec(&spec, &launch, &err), &err);
    assert_int_equal(launch.what, LAUNCH_SCRIPT);
    assert_true(fd_is_sealed(launch.fds[FD_SCRIPT]));
    autofree char *text = NULL;
    assert_ok(fd_read_all(launch.fds[FD_SCRIPT], 1000, &text, NULL, &err), &err);
    assert_string_equal(text, "# /// script\n# dependencies = []\n# ///\nprint(1)\n");
    assert_string_equal(launch.header, "dependencies = []\n");
    assert_null(launch.script_path);
    assert_string_equal(launch.policy, "default");
    assert_string_equal(launch.owner, "local");
    assert_int_equal(list_len(launch.argv), 1);
    launch_done(&launch);
    spec_done(&spec);
}

static void imports_travel_where_inference_is_on(void **state)
{
    (void)state;
    static const struct {
        bool use_uv, infer;
    } rows[] = { { true, true }, { true, false }, { false, true } };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct spec spec = spec_with("import yaml, os.path\n");
        spec.use_uv = rows[i].use_uv;
        spec.infer = rows[i].infer;
        struct launch launch;
        struct error err = { 0 };
        assert_ok(launch_from_spec(&spec, &launch, &err), &err);
        assert_int_equal(list_len(launch.imports), i == 0 ? 2 : 0);
        launch_done(&launch);
    }
}

static void a_script_in_its_workspace_stays_where_it_is(void **state)
{
    (void)state;
    struct spec spec = spec_with("print(1)");
    spec.workspace = xstrdup("/srv/project");
    spec.script_path = xstrdup("/srv/project/main.py");
    spec.in_place = true;
    struct launch launch;
    struct error err = { 0 };
    assert_ok(launch_from_spec(&spec, &launch, &err), &err);
    assert_int_equal(launch.fds[FD_SCRIPT], -1);
    assert_string_equal(launch.script_path, "/srv/project/main.py");
    assert_string_equal(launch.workspace, "/srv/project");
    assert_null(launch.header);
    launch_done(&launch);
}

static void every_job_has_its_own_uuid(void **state)
{
    (void)state;
    char first[JOB_ID_MAX] = "";
    for (int i = 0; i < 2; i++) {
        struct spec spec = spec_with("1");
        struct launch launch;
        struct error err = { 0 };
        assert_ok(launch_from_spec(&spec, &launch, &err), &err);
        assert_int_equal(strlen(launch.job), 36);
        assert_int_equal(launch.job[14], '4');
        assert_non_null(strchr("89ab", launch.job[19]));
        assert_string_not_equal(launch.job, first);
        memcpy(first, launch.job, sizeof(first));
        launch_done(&launch);
    }
}

static void of_equal_variables_the_last_wins(void **state)
{
    (void)state;
    struct spec spec = spec_with("1");
    list_add(&spec.variables, "A=file");
    list_add(&spec.variables, "AB=kept");
    list_add(&spec.variables, "A=");
    list_add(&spec.variables, "A=option=x");
    struct launch launch;
    struct error err = { 0 };
    assert_ok(launch_from_spec(&spec, &launch, &err), &err);
    assert_int_equal(list_len(launch.env), 2);
    assert_true(list_has(launch.env, "A=option=x"));
    assert_true(list_has(launch.env, "AB=kept"));
    launch_done(&launch);
}

static void without_uv_a_header_is_a_comment(void **state)
{
    (void)state;
    struct spec spec = spec_with("# /// script\n# a = 1\n# ///\n");
    spec.use_uv = false;
    struct launch launch;
    struct error err = { 0 };
    assert_ok(launch_from_spec(&spec, &launch, &err), &err);
    assert_null(launch.header);
    assert_false(launch.use_uv);
    launch_done(&launch);

    struct spec wants = spec_with("1");
    wants.use_uv = false;
    list_add(&wants.requirements, "rich");
    assert_refused(wants, "requirements need uv");
}

static void what_cannot_be_is_refused_before_it_travels(void **state)
{
    (void)state;
    assert_refused(spec_with(NULL), "neither a script nor a command");
    assert_refused(spec_with("# /// script\n# a\n# ///\n\n# /// script\n# a\n# ///\n"), "two");

    struct spec policy = spec_with("1");
    policy.policy = xstrdup("../default");
    assert_refused(policy, "\"../default\" is not a name of a policy");

    struct spec variable = spec_with("1");
    list_add(&variable.variables, "A B=1");
    assert_refused(variable, "\"A B\" is not a name");

    struct spec requirement = spec_with("1");
    list_add(&requirement.requirements, "--index-url=http://x");
    assert_refused(requirement, "is not a requirement");

    struct spec large = spec_with("1");
    large.code_len = SCRIPT_BYTES_MAX + 1;
    assert_refused(large, "4194305 bytes");
}

static void words_are_checked(void **state)
{
    (void)state;
    struct error err = { 0 };
    static const char *const versions[] = { "3", "3.12", "3.12.4" };
    static const char *const no_versions[] = { "",    "3.",      ".3", "3.12.4.1",
                                               "3.x", "python3", "3 ", "3.123456789012345678" };
    for (size_t i = 0; i < COUNT(versions); i++)
        assert_ok(python_version_check(versions[i], &err), &err);
    for (size_t i = 0; i < COUNT(no_versions); i++)
        assert_true(python_version_check(no_versions[i], &err) < 0);
    static const char *const requirements[] = { "rich", "requests>=2.31,<3", "uvicorn[standard]",
                                                "x ; python_version < '3.9'", "4ch" };
    static const char *const no_requirements[] = { "",     "-r file", "./here", " x",      "a\nb",
                                                   "\x7f", "si x",    "x[y",    "six 1.0", "x, y" };
    for (size_t i = 0; i < COUNT(requirements); i++)
        assert_ok(requirement_check(requirements[i], &err), &err);
    for (size_t i = 0; i < COUNT(no_requirements); i++)
        assert_true(requirement_check(no_requirements[i], &err) < 0);
    assert_true(variable_name_valid("_A1"));
    assert_false(variable_name_valid(""));
    assert_false(variable_name_valid("1A"));
    assert_false(variable_name_valid("A.B"));
    assert_true(variable_check("A", &err) < 0);
    assert_true(policy_name_check("a-name-that-is-longer-than-a-policy", &err) < 0);
    assert_true(policy_name_check("", &err) < 0);
    assert_ok(policy_name_check("strict", &err), &err);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(inline_code_travels_in_a_sealed_memfd),
    cmocka_unit_test(imports_travel_where_inference_is_on),
    cmocka_unit_test(a_script_in_its_workspace_stays_where_it_is),
    cmocka_unit_test(every_job_has_its_own_uuid),
    cmocka_unit_test(of_equal_variables_the_last_wins),
    cmocka_unit_test(without_uv_a_header_is_a_comment),
    cmocka_unit_test(what_cannot_be_is_refused_before_it_travels),
    cmocka_unit_test(words_are_checked),
};

UNIT_MAIN(tests)
