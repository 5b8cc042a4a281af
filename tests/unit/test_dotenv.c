/* SPDX-License-Identifier: Apache-2.0 */
#include <cordon/own.h>

#include "script/dotenv.h"
#include "str.h"
#include "unit.h"

/* The variables of a file, one line each. */
static char *read_env(const char *text)
{
    autolist char **list = NULL;
    struct error err = { 0 };
    assert_ok(dotenv_parse(text, strlen(text), NULL, &list, &err), &err);
    struct str out = { 0 };
    for (char **entry = list; entry && *entry; entry++)
        str_printf(&out, "%s|", *entry);
    return str_take(&out);
}

static void assert_env(const char *text, const char *expected)
{
    autofree char *got = read_env(text);
    assert_string_equal(got, expected);
}

static void assert_broken(const char *text, const char *words)
{
    autolist char **list = NULL;
    struct error err = { 0 };
    assert_true(dotenv_parse(text, strlen(text), NULL, &list, &err) < 0);
    assert_null(list);
    assert_int_equal(err.blame, BLAME_CALLER);
    assert_says(&err, words);
}

static void plain_values_lose_blanks_and_comments(void **state)
{
    (void)state;
    assert_env("A=1\nB = two words  \n\n# comment\n  C=x # y\nD=x#y\nE=\nF= #z\nG=#z\n",
               "A=1|B=two words|C=x|D=x#y|E=|F=|G=#z|");
    assert_env("export A=1\nexport\tB=2\nexported=3\nexport=4", "A=1|B=2|exported=3|export=4|");
}

static void quotes_keep_what_is_in_them(void **state)
{
    (void)state;
    assert_env("A='x # y' # z\nB=\"x # y\"\nC=''\nD=\"\"", "A=x # y|B=x # y|C=|D=|");
    assert_env("A='it\\'s \\n \\\\'\nB=\"a\\tb \\\"q\\\" \\\\ \\x\"",
               "A=it's \\n \\|B=a\tb \"q\" \\ \\x|");
    assert_env("A=\"one\ntwo\"\nB='three\nfour'\n'C'=5", "A=one\ntwo|B=three\nfour|C=5|");
    assert_env("A=\"ends with a backslash\\\\\"\nB=1", "A=ends with a backslash\\|B=1|");
    assert_env("A='not yet\\' there'\nexport # nothing", "A=not yet' there|");
}

static void white_space_of_other_scripts_is_white_space(void **state)
{
    (void)state;
    assert_env("A\xe3\x80\x80=\xc2\xa0x\xe2\x80\x83y\xe2\x80\x89# z\nexport\xc2\x85"
               "B=\xe2\x80\x8b\xe2\x80\xa9\n",
               "A=x\xe2\x80\x83y|B=\xe2\x80\x8b|");
}

static void other_line_ends_and_a_mark_are_read(void **state)
{
    (void)state;
    assert_env("\xef\xbb\xbf"
               "A=1\r\nB='x'\r\n\r\nC=3\rD=4",
               "A=1|B=x|C=3|D=4|");
}

static void references_see_the_file_alone(void **state)
{
    (void)state;
    assert_env("A=1\nB=${A}2\nC=\"${B}-${NONE}-${NONE:-d}-${A:-e}\"\n", "A=1|B=12|C=12--d-1|");
    assert_env("A=$B ${A ${A:x} $ ${}", "A=$B ${A ${A:x} $ |");
    assert_env("H=${HOME}\nP=${PATH:-none}", "H=|P=none|");
    assert_env("A=1\nB=${A}\nA=2\nC=${A}", "A=2|B=1|C=2|");
    assert_env("A=\nB=${A:-d}", "A=|B=|");
}

static void references_fall_back_on_what_is_given(void **state)
{
    (void)state;
    char *const given[] = { (char[]){ "A=given" }, (char[]){ "A=later" }, (char[]){ "E=" }, NULL };
    static const char text[] = "B=${A}\nA=file\nC=${E:-d}${A}\nD=${F:-d}${A=}${E=x}\n";
    autolist char **list = NULL;
    struct error err = { 0 };
    assert_ok(dotenv_parse(text, strlen(text), given, &list, &err), &err);
    assert_int_equal(list_len(list), 4);
    assert_string_equal(list[0], "B=later");
    assert_string_equal(list[1], "A=file");
    assert_string_equal(list[2], "C=file");
    assert_string_equal(list[3], "D=d");
}

static void a_name_alone_takes_its_value_away(void **state)
{
    (void)state;
    assert_env("A\nexport B # c\nC=1", "C=1|");
    assert_env("A=1\nB=2\nA\nC=${A:-d}", "B=2|C=|");
    assert_env("A=1\nA\nA=3", "A=3|");
    assert_env("A=x=3\nB=${A=x}", "A=x=3|B=|");
}

static void a_broken_line_is_named(void **state)
{
    (void)state;
    assert_broken("A=1\nthis is wrong\n", "line 2: expected \"=\" after this");
    assert_broken("A='1\n2'\n\n=3\n", "line 4: no name");
    assert_broken("A=\"1\nB=2\n", "line 1: a quoted value without");
    assert_broken("A=1\nB='x' y\n", "line 2: text after the closing quote of B");
    assert_broken("A='x\\'\n", "line 1: a quoted value without");
    assert_broken("'A=1\n", "line 1: a quoted name without");
    assert_broken("my-name=1\n", "line 1: \"my-name\" is not a name");
    assert_broken("A=1\r\n2B=1\r\n", "line 2: \"2B\" is not a name");
    assert_broken("A=1\nB=\xff\n", "line 2: not UTF-8");
}

static void a_zero_byte_is_a_broken_line(void **state)
{
    (void)state;
    const char text[] = "A=1\nB=\0\n";
    autolist char **list = NULL;
    struct error err = { 0 };
    assert_true(dotenv_parse(text, sizeof(text) - 1, NULL, &list, &err) < 0);
    assert_says(&err, "line 2");
}

static void doubling_references_end(void **state)
{
    (void)state;
    autostr struct str text = { 0 };
    str_puts(&text, "A0=xxxxxxxxxxxxxxxx\n");
    for (int i = 1; i < 64; i++)
        str_printf(&text, "A%d=${A%d}${A%d}\n", i, i - 1, i - 1);
    assert_broken(text.data, "longer than 65536 bytes");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(plain_values_lose_blanks_and_comments),
    cmocka_unit_test(quotes_keep_what_is_in_them),
    cmocka_unit_test(white_space_of_other_scripts_is_white_space),
    cmocka_unit_test(other_line_ends_and_a_mark_are_read),
    cmocka_unit_test(references_see_the_file_alone),
    cmocka_unit_test(references_fall_back_on_what_is_given),
    cmocka_unit_test(a_name_alone_takes_its_value_away),
    cmocka_unit_test(a_broken_line_is_named),
    cmocka_unit_test(a_zero_byte_is_a_broken_line),
    cmocka_unit_test(doubling_references_end),
};

UNIT_MAIN(tests)
