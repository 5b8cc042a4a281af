/* SPDX-License-Identifier: Apache-2.0 */
/* Python itself is asked in tests/integration/test_scripts.py. */
#include <cordon/own.h>

#include "script/docstring.h"
#include "unit.h"

static void assert_docstring(const char *source, const char *expected)
{
    autofree char *got = docstring_find(source, strlen(source));
    if (!expected && got)
        fail_msg("%s: found \"%s\"", source, got);
    if (expected && !got)
        fail_msg("%s: found nothing", source);
    if (expected)
        assert_string_equal(got, expected);
}

static void the_first_statement_is_one(void **state)
{
    (void)state;
    assert_docstring("\"\"\"Does it.\"\"\"\nimport os\n", "Does it.");
    assert_docstring("#!/bin/x\n# c\n\n\f\n'one' # c", "one");
    assert_docstring("\xef\xbb\xbf'marked'; x = 1", "marked");
    assert_docstring("('in' # c\n\n 'it' )\r\n", "init");
    assert_docstring("'a' \\\n\t\"b\"\n'c'", "ab");
    assert_docstring("''", "");
}

static void anything_else_is_none(void **state)
{
    (void)state;
    static const char *const sources[] = {
        "",
        "x = 'a'",
        "import os\n'a'",
        "b'a'",
        "f'a'",
        "rb'a'",
        "'a' f'b'",
        "'a'.upper()",
        "'a', 'b'",
        "'a' + 'b'",
        "('a',)",
        "('a'",
        "'a')",
        "'a\nb'",
        "'''a",
        " 'indented'",
        "'a' if 1 else 2",
        "'a'('b')",
        "'\\x1'",
        "'\\u12'",
        "'\\U00110000'",
        "ur'a'",
        "t'a'",
        "r",
        "'",
        "'a\\",
        "# only a comment",
    };
    for (size_t i = 0; i < COUNT(sources); i++)
        assert_docstring(sources[i], NULL);
}

static void escapes_are_read(void **state)
{
    (void)state;
    assert_docstring("'\\x41\\u00e9\\U0001f600\\101\\n\\'\\\"\\\\\\q'", "A\xc3\xa9\xf0\x9f\x98\x80"
                                                                        "A\n'\"\\\\q");
    assert_docstring("r'\\n\\'x'", "\\n\\'x");
    assert_docstring("'a\\\nb\\\r\nc'", "abc");
    assert_docstring("'\\0\\ud800'", "\xef\xbf\xbd\xef\xbf\xbd");
    assert_docstring("'\\N{BULLET}'", "\\N{BULLET}");
}

static void margins_are_taken_off(void **state)
{
    (void)state;
    assert_docstring("'''\n    One.\n\n      Two\n    three\n    '''", "One.\n\n  Two\nthree");
    assert_docstring("'''  One.\r\n\tTwo\r\n        three\n\n'''", "One.\nTwo\nthree");
    assert_docstring("'''a\n  \n b'''", "a\n \nb");
}

static void other_encodings_are_left_alone(void **state)
{
    (void)state;
    assert_docstring("# coding: latin-1\n'caf\xe9'\n", NULL);
    assert_docstring("# coding: latin-1\n'cafe'\n", "cafe");
    assert_docstring("# coding: UTF_8\n'caf\xc3\xa9'\n", "caf\xc3\xa9");
    assert_docstring("'caf\xe9'\n", NULL);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_first_statement_is_one),
    cmocka_unit_test(anything_else_is_none),
    cmocka_unit_test(escapes_are_read),
    cmocka_unit_test(margins_are_taken_off),
    cmocka_unit_test(other_encodings_are_left_alone),
};

UNIT_MAIN(tests)
