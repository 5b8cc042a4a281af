/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include <cordon/own.h>

#include "script/header.h"
#include "script/pep723.h"
#include "unit.h"

static const char *const requests[] = { "requests>=2", NULL };

/* The source with this header; NULL: refused, and *err says why. */
static char *written(const char *source, const char *const *dependencies, const char *python,
                     struct error *err)
{
    const struct header_words words = { (char *const *)(uintptr_t)dependencies, python };
    autostr struct str out = { 0 };
    int r = header_write(source, strlen(source), &words, &out, err);
    if (r < 0) {
        assert_null(out.data);
        assert_int_equal(err->blame, BLAME_CALLER);
        return NULL;
    }
    return str_take(&out);
}

static void assert_written(const char *source, const char *const *dependencies, const char *python,
                           const char *expected)
{
    struct error err = { 0 };
    autofree char *got = written(source, dependencies, python, &err);
    if (!got)
        fail_msg("%s", err.text);
    assert_string_equal(got, expected);
}

static void assert_refused(const char *source, const char *const *dependencies, const char *python,
                           const char *words)
{
    struct error err = { 0 };
    assert_null(written(source, dependencies, python, &err));
    assert_says(&err, words);
}

#define BLOCK                          \
    "# /// script\n"                   \
    "# requires-python = \">=3.10\"\n" \
    "# dependencies = [\n"             \
    "#   \"requests>=2\",\n"           \
    "# ]\n"                            \
    "# ///\n"

static void a_header_goes_before_everything(void **state)
{
    (void)state;
    assert_written("print(1)\n", requests, ">=3.10", BLOCK "\nprint(1)\n");
    assert_written("", requests, ">=3.10", BLOCK);
    assert_written("\"\"\"Doc.\"\"\"\nfrom __future__ import annotations\n", requests, ">=3.10",
                   BLOCK "\n\"\"\"Doc.\"\"\"\nfrom __future__ import annotations\n");
    assert_written("# a comment\n# ///\n", requests, ">=3.10", BLOCK "\n# a comment\n# ///\n");
    assert_written("\n\nx = 1", requests, ">=3.10", BLOCK "\n\nx = 1");
}

static void what_must_stay_first_stays(void **state)
{
    (void)state;
    assert_written("#!/usr/bin/python3\nx\n", requests, ">=3.10",
                   "#!/usr/bin/python3\n" BLOCK "\nx\n");
    assert_written("#!/usr/bin/python3", requests, ">=3.10", "#!/usr/bin/python3\n" BLOCK);
    assert_written("#!/usr/bin/python3\n# -*- coding: utf-8 -*-\n\nx\n", requests, ">=3.10",
                   "#!/usr/bin/python3\n# -*- coding: utf-8 -*-\n" BLOCK "\nx\n");
    assert_written("\n# vim: set fileencoding=latin-1 :\nx\n", requests, ">=3.10",
                   "\n# vim: set fileencoding=latin-1 :\n" BLOCK "\nx\n");
    assert_written("\xef\xbb\xbf#!/bin/x\nx\n", requests, ">=3.10",
                   "\xef\xbb\xbf#!/bin/x\n" BLOCK "\nx\n");
    assert_written("\xef\xbb\xbfx\n", requests, ">=3.10", "\xef\xbb\xbf" BLOCK "\nx\n");
    /* Code in the first line: what the second says is only a comment. */
    assert_written("\"\"\"\n# coding: latin-1\n\"\"\"\n", requests, ">=3.10",
                   BLOCK "\n\"\"\"\n# coding: latin-1\n\"\"\"\n");
}

static void line_ends_stay_those_of_the_source(void **state)
{
    (void)state;
    const char *const none[] = { NULL };
    assert_written("print(1)\r\n", none, ">=3.9",
                   "# /// script\r\n# requires-python = \">=3.9\"\r\n# ///\r\n\r\nprint(1)\r\n");
    assert_written("#!x\r\n\r\n", none, ">=3.9",
                   "#!x\r\n# /// script\r\n# requires-python = \">=3.9\"\r\n# ///\r\n\r\n");
    assert_written("# /// script\r\n#\r\n# ///\r\n", none, ">=3.9",
                   "# /// script\r\n# requires-python = \">=3.9\"\r\n#\r\n# ///\r\n");
    assert_refused("#!x\rprint(1)\r", none, ">=3.9", "CR alone");
}

static void without_words_a_source_stays_as_it_is(void **state)
{
    (void)state;
    const char *const none[] = { NULL };
    const char *source = "# /// script\n# dependencies = nonsense\n# ///\n\xff";
    assert_written(source, NULL, NULL, source);
    assert_written(source, none, NULL, source);
    assert_refused("# /// script\n# a\n# ///\n\n# /// script\n# a\n# ///\n", NULL, NULL, "two");
}

static void a_header_that_is_there_grows(void **state)
{
    (void)state;
    assert_written("# /// script\n# requires-python = '>=3.10'\n# ///\n1\n", requests, ">=3.10",
                   "# /// script\n# dependencies = [\n#   \"requests>=2\",\n# ]\n"
                   "# requires-python = '>=3.10'\n# ///\n1\n");
    assert_written("1\n# /// script\n# dependencies = [\"rich\"] # why\n# ///\n", requests, NULL,
                   "1\n# /// script\n# dependencies = [\"rich\", \"requests>=2\"] # why\n# ///\n");
    assert_written("# /// script\n# dependencies = []\n# ///\n", requests, NULL,
                   "# /// script\n# dependencies = [\"requests>=2\"]\n# ///\n");
    assert_written(
        "# /// script\n# # mine\n# dependencies = [\n#     # first\n#     'rich', # a\n#\n# ]\n"
        "#\n# [tool.uv]\n# exclude-newer = \"x\"\n# dependencies = 5\n# ///\n",
        requests, ">=3.9",
        "# /// script\n# requires-python = \">=3.9\"\n# # mine\n# dependencies = [\n"
        "#     # first\n#     'rich',\n#     \"requests>=2\", # a\n#\n# ]\n"
        "#\n# [tool.uv]\n# exclude-newer = \"x\"\n# dependencies = 5\n# ///\n");
    /* A list that was ours. */
    assert_written(BLOCK, (const char *const[]){ "requests>=2", "rich", "rich", NULL }, ">=3.10",
                   "# /// script\n# requires-python = \">=3.10\"\n# dependencies = [\n"
                   "#   \"requests>=2\",\n#   \"rich\",\n# ]\n# ///\n");
    assert_written(BLOCK "x\n", requests, NULL, BLOCK "x\n");
}

static void what_is_not_understood_is_refused(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "# \"dependencies\" = []",
        "# dependencies.x = 1",
        "# dependencies = \"rich\"",
        "# dependencies = [\"a\\u0062\"]",
        "# dependencies = [\"\"\"a\"\"\"]",
        "# dependencies = ['''a''']",
        "# dependencies = [['a']]",
        "# dependencies = ['a' 'b']",
        "# dependencies = ['a'",
        "# dependencies = [\"a",
        "# dependencies = []\n# dependencies = []",
        "# requires-python = \"\"\">=3.9\"\"\"",
        "# requires-python = '>=3.9' x",
        "# other = '''\n# [tool]\n# '''",
        "# nonsense",
    };
    for (size_t i = 0; i < COUNT(lines); i++) {
        autofree char *source = xasprintf("# /// script\n%s\n# ///\n", lines[i]);
        assert_refused(source, requests, NULL, "holds more than");
    }
    assert_refused("# /// script\n# requires-python = '>=3.9'\n# ///\n", NULL, ">=3.12",
                   "the source's own header says \">=3.9\"");
    /* A comment in another block would not end it. */
    assert_refused("# /// other\n# coding: utf-8\n# x\n# ///\n", requests, NULL, "no place");
}

static void quotes_of_markers_are_escaped(void **state)
{
    (void)state;
    const char *const marked[] = { "tomli; python_version < \"3.11\"", NULL };
    const char *expected = "# /// script\n# dependencies = [\n"
                           "#   \"tomli; python_version < \\\"3.11\\\"\",\n# ]\n# ///\n";
    assert_written("", marked, NULL, expected);
    assert_written(expected, marked, NULL, expected);
}

static void words_are_checked(void **state)
{
    (void)state;
    static const char *const bad[] = { "",           "-e .",        "a\nb",
                                       "a\x7f",      "caf\xc3\xa9", "a @ https://example.org/a.whl",
                                       "a@file:///x" };
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_refused("", (const char *const[]){ bad[i], NULL }, NULL, "dependencies: \"");
    static const char *const versions[] = { "",    "3.12",    ">=",     ">=3.9,",  ",>=3.9", "~3.9",
                                            ">=x", ">=3.9\n", ">=3 .9", ">=3.9\"", "=3.9" };
    for (size_t i = 0; i < COUNT(versions); i++)
        assert_refused("", NULL, versions[i], "requires_python: \"");
    struct error err = { 0 };
    static const char *const good[] = { ">=3.9",  "==3.12.*", ">=3.9, <4",
                                        "~=3.11", "!=3.9.0",  " >= 3.10rc1 " };
    for (size_t i = 0; i < COUNT(good); i++)
        assert_ok(requires_python_check(good[i], &err), &err);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_header_goes_before_everything),
    cmocka_unit_test(what_must_stay_first_stays),
    cmocka_unit_test(line_ends_stay_those_of_the_source),
    cmocka_unit_test(without_words_a_source_stays_as_it_is),
    cmocka_unit_test(a_header_that_is_there_grows),
    cmocka_unit_test(what_is_not_understood_is_refused),
    cmocka_unit_test(quotes_of_markers_are_escaped),
    cmocka_unit_test(words_are_checked),
};

UNIT_MAIN(tests)
