/* SPDX-License-Identifier: Apache-2.0 */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

#include "script/imports.h"
#include "str.h"
#include "unit.h"

static char *joined(char *const *list)
{
    struct str text = { 0 };
    for (size_t i = 0; list && list[i]; i++)
        str_printf(&text, "%s%s", i ? " " : "", list[i]);
    return str_take(&text);
}

static void assert_imports(const char *code, const char *expected)
{
    autolist char **found = imports_find(code, strlen(code));
    autofree char *text = joined(found);
    if (strcmp(text, expected) != 0)
        fail_msg("in %s\nfound \"%s\", not \"%s\"", code, text, expected);
}

static void imports_are_found_wherever_they_stand(void **state)
{
    (void)state;
    assert_imports("", "");
    assert_imports("import a.b as c, d\nfrom e.f import (g,\n h)", "a d e");
    assert_imports("def f():\n  if 1: import a; from b import c\n", "a b");
    assert_imports("try:\n import a\nexcept ImportError:\n a = None", "a");
    assert_imports("\xef\xbb\xbfimport a\r\nimport\\\r\n b\rimport c\f", "a b c");
    assert_imports("import a\nimport b\nimport a.c", "a b");
}

static void relative_imports_and_other_uses_of_from_are_none(void **state)
{
    (void)state;
    assert_imports("from . import a\nfrom .b import c\nfrom ... d import e", "");
    assert_imports("def f():\n yield from a\n raise X from b", "");
    assert_imports("imports = from_import(importer.import_)", "");
}

static void of_packages_that_many_share_the_whole_name_counts(void **state)
{
    (void)state;
    assert_imports("import google.cloud.storage as s, os.path", "google.cloud.storage os");
    assert_imports("from google import (genai, # x\n protobuf as p)\nx = google.y",
                   "google.genai google.protobuf");
    assert_imports("from google.protobuf import *\nfrom .google import x", "google.protobuf");
    assert_imports("import google", "google");
    autostr struct str code = { 0 };
    str_puts(&code, "import google");
    for (unsigned i = 0; i < 1000; i++)
        str_puts(&code, ".longer");
    autolist char **found = imports_find(code.data, code.len);
    assert_true(strlen(found[0]) <= IMPORT_NAME_MAX);
}

static void strings_and_comments_hide(void **state)
{
    (void)state;
    assert_imports("# import a\n'import b'\n'''\nimport c\n'''\nx = \"\"\"\nfrom d import e\"\"\"",
                   "");
    assert_imports("rb'\\'\nimport a\n'''\\'''\nimport b\n''' ", "a");
    assert_imports("f'{x[\"}\"]:{y}}' ; import a", "a");
    assert_imports("f\"{x[\"import b\"]}\"; import a", "a");
    assert_imports("f'''{\n'''import b'''}\nimport c\n'''; import a", "a");
    assert_imports("f'\\N{LEFT CURLY BRACKET}'; import a", "a");
}

static void letters_beyond_ascii_are_left_out(void **state)
{
    (void)state;
    assert_imports("import \xc3\xa9, a\xcc\x81, b", "b");
}

/* Nothing in it lets the list, or the time it takes, grow without bound. */
static void a_list_is_bounded(void **state)
{
    (void)state;
    autostr struct str code = { 0 };
    for (unsigned i = 0; i < 200000; i++)
        str_printf(&code, "import m%u\n", i);
    autolist char **found = imports_find(code.data, code.len);
    assert_int_equal(list_len(found), IMPORTS_MAX);

    autostr struct str deep = { 0 };
    for (unsigned i = 0; i < 500000; i++)
        str_puts(&deep, "f'{");
    autolist char **none = imports_find(deep.data, deep.len);
    assert_null(none);
}

/* --- the oracle -------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* One source of the oracle's; false at the end. */
static bool check_one(FILE *oracle)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t n = getline(&line, &room, oracle);
    if (n <= 0) {
        free(line);
        return false;
    }
    line[n - 1] = '\0';
    char *label = NULL;
    size_t len = strtoul(line, &label, 10);
    char *names = strchr(label + 1, ' ');
    autofree char *source = xcalloc(len + 1, 1);
    assert_int_equal(fread(source, 1, len, oracle), len);
    autolist char **found = imports_find(source, len);
    if (found)
        qsort(found, list_len(found), sizeof(*found), compare);
    autofree char *text = joined(found);
    const char *expected = names ? names + 1 : "";
    if (strcmp(text, expected) != 0)
        fail_msg("%.*s\n%.2000s\nfound \"%s\", not \"%s\"", names ? (int)(names - label) : 200,
                 label, len < 2000 ? source : "", text, expected);
    free(line);
    return true;
}

/* How many sources were compared. */
static unsigned compare_with(const char *python, const char *what)
{
    autofree char *command = xasprintf("PYTHONDONTWRITEBYTECODE=1 '%s' -I '" SOURCE_DIR
                                       "/tests/unit/imports_oracle.py' %s",
                                       python, what);
    FILE *oracle = popen(command, "r");
    assert_non_null(oracle);
    unsigned count = 0;
    while (check_one(oracle))
        count++;
    assert_int_equal(pclose(oracle), 0);
    return count;
}

/* The interpreters of this machine from 3.8 on. */
static char **interpreters(void)
{
    static const char ask[] = " -c 'import sys; sys.exit(sys.version_info < (3, 8))' 2>/dev/null";
    autofree char *pattern =
        xasprintf("%s/.pyenv/versions/3.*/bin/python3", getenv("HOME") ? getenv("HOME") : "");
    glob_t known = { 0 };
    char **list = NULL;
    autofree char *first = xasprintf("python3%s", ask);
    if (system(first) == 0)
        list_add(&list, "python3");
    (void)glob(pattern, 0, NULL, &known);
    for (size_t i = 0; i < known.gl_pathc; i++) {
        autofree char *command = xasprintf("'%s'%s", known.gl_pathv[i], ask);
        if (system(command) == 0)
            list_add(&list, known.gl_pathv[i]);
    }
    globfree(&known);
    return list;
}

/* FULL=1: each file of each library. */
static void cpython_finds_the_same(void **state)
{
    (void)state;
    bool full = is_full();
    autolist char **pythons = interpreters();
    if (!pythons)
        skip();
    for (size_t i = 0; pythons && pythons[i]; i++) {
        unsigned files = compare_with(pythons[i], full ? "library 1" : "library 29");
        unsigned sources = compare_with(pythons[i], full ? "generated 20000" : "generated 500");
        print_message("%s: %u files, %u sources\n", pythons[i], files, sources);
        assert_true(files > 10);
        assert_true(sources >= 500);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(imports_are_found_wherever_they_stand),
    cmocka_unit_test(relative_imports_and_other_uses_of_from_are_none),
    cmocka_unit_test(of_packages_that_many_share_the_whole_name_counts),
    cmocka_unit_test(strings_and_comments_hide),
    cmocka_unit_test(letters_beyond_ascii_are_left_out),
    cmocka_unit_test(a_list_is_bounded),
    cmocka_unit_test(cpython_finds_the_same),
};

UNIT_MAIN(tests)
