/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "script/pep723.h"
#include "unit.h"

/* The block's text, or NULL; the case must not fail. */
static char *found_in(const char *code)
{
    char *toml = NULL;
    struct error err = { 0 };
    assert_ok(pep723_find(code, strlen(code), &toml, &err), &err);
    return toml;
}

static void assert_found(const char *code, const char *expected)
{
    char *toml = found_in(code);
    if (expected) {
        assert_non_null(toml);
        assert_string_equal(toml, expected);
    } else {
        assert_null(toml);
    }
    free(toml);
}

static void a_block_is_found_without_its_marks(void **state)
{
    (void)state;
    assert_found("#!/usr/bin/env python3\n# /// script\n# dependencies = [\n#   \"rich\",\n# ]\n#\n"
                 "# x = 1\n# ///\nimport rich\n",
                 "dependencies = [\n  \"rich\",\n]\n\nx = 1\n");
}

static void a_script_without_a_block_has_none(void **state)
{
    (void)state;
    assert_found("", NULL);
    assert_found("print(1)\n", NULL);
    assert_found("x = '# /// script'\n# ///\n", NULL);
    assert_found("  # /// script\n  # a = 1\n  # ///\n", NULL);
}

static void an_unclosed_block_is_none(void **state)
{
    (void)state;
    assert_found("# /// script\n# dependencies = []\nprint(1)\n", NULL);
    assert_found("# /// script\n# a = 1\n\n# ///\n", NULL);
    assert_found("# /// script\n#a = 1\n# ///\n", NULL);
    assert_found("# /// script\n# a = 1\n", NULL);
}

static void a_block_needs_a_line(void **state)
{
    (void)state;
    assert_found("# /// script\n# ///\n", NULL);
    assert_found("# /// script\n#\n# ///\n", "\n");
}

static void an_unclosed_block_hides_no_later_one(void **state)
{
    (void)state;
    assert_found("# /// other\n# a = 1\nx\n# /// script\n# b = 2\n# ///\n", "b = 2\n");
}

static void the_last_closing_line_of_a_run_closes(void **state)
{
    (void)state;
    assert_found("# /// script\n# a = '''\n# ///\n# '''\n# ///\n", "a = '''\n///\n'''\n");
    assert_found("# /// script\n# a = 1\n# ///\n# a comment below\nx\n", "a = 1\n");
}

static void a_block_of_another_type_swallows_what_is_in_it(void **state)
{
    (void)state;
    assert_found("# /// other\n# /// script\n# a = 1\n# ///\n# ///\n", NULL);
    assert_found("# /// other\n# a = 1\n# ///\n\n# /// script\n# b = 1\n# ///", "b = 1\n");
}

static void line_ends_of_other_systems_and_a_mark_are_read(void **state)
{
    (void)state;
    assert_found("# /// script\r\n# a = 1\r\n#\r\n# ///\r\n", "a = 1\n\n");
    assert_found("\xef\xbb\xbf# /// script\n# a = 1\n# ///\n", "a = 1\n");
}

static void a_type_is_a_word(void **state)
{
    (void)state;
    assert_found("# /// script \n# a = 1\n# ///\n", NULL);
    assert_found("# /// scr_ipt\n# a = 1\n# ///\n", NULL);
    assert_found("# ///  script\n# a = 1\n# ///\n", NULL);
}

static void two_blocks_are_refused(void **state)
{
    (void)state;
    const char *code = "# /// script\n# a = 1\n# ///\n\n# /// script\n# b = 1\n# ///\n";
    char *toml = NULL;
    struct error err = { 0 };
    assert_true(pep723_find(code, strlen(code), &toml, &err) < 0);
    assert_null(toml);
    assert_int_equal(err.blame, BLAME_CALLER);
    assert_says(&err, "two \"# /// script\" blocks");
}

static void a_zero_byte_in_a_block_is_refused(void **state)
{
    (void)state;
    const char code[] = "# /// script\n# a = '\0'\n# ///\n";
    char *toml = NULL;
    struct error err = { 0 };
    assert_true(pep723_find(code, sizeof(code) - 1, &toml, &err) < 0);
    assert_says(&err, "NUL");
    const char outside[] = "x = '\0'\n# /// script\n# a = 1\n# ///\n";
    assert_ok(pep723_find(outside, sizeof(outside) - 1, &toml, &err), &err);
    assert_string_equal(toml, "a = 1\n");
    free(toml);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_block_is_found_without_its_marks),
    cmocka_unit_test(a_script_without_a_block_has_none),
    cmocka_unit_test(an_unclosed_block_is_none),
    cmocka_unit_test(a_block_needs_a_line),
    cmocka_unit_test(an_unclosed_block_hides_no_later_one),
    cmocka_unit_test(the_last_closing_line_of_a_run_closes),
    cmocka_unit_test(a_block_of_another_type_swallows_what_is_in_it),
    cmocka_unit_test(line_ends_of_other_systems_and_a_mark_are_read),
    cmocka_unit_test(a_type_is_a_word),
    cmocka_unit_test(two_blocks_are_refused),
    cmocka_unit_test(a_zero_byte_in_a_block_is_refused),
};

UNIT_MAIN(tests)
