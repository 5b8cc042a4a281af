/* SPDX-License-Identifier: Apache-2.0 */
/* test_str.c - what text looks like in a line of our own. */
#include "str.h"
#include "unit.h"

static void assert_shown(const char *text, const char *expected)
{
    char shown[64];
    assert_string_equal(printable(text, shown, sizeof(shown)), expected);
}

static void what_steers_a_terminal_is_not_shown(void **state)
{
    (void)state;
    assert_shown("a\033[31mb\177\n", "a?[31mb??");
    assert_shown("a\xc2\x9b"
                 "31mb\xc2\x80",
                 "a?31mb?");
    assert_shown("a\xe2\x80\xae"
                 "b\xe2\x80\xa8\xe2\x81\xa6\xe2\x80\x8f",
                 "a?b???");
}

static void what_is_not_seen_is_shown(void **state)
{
    (void)state;
    assert_shown("a\xe2\x80\x8b"
                 "b\xef\xbb\xbf\xc2\xad\xe2\x81\xa0",
                 "a?b???");
    assert_shown("\xf3\xa0\x80\x81.", "?.");
}

static void what_is_no_utf8_is_not_shown(void **state)
{
    (void)state;
    assert_shown("\x9b"
                 "31m\xff",
                 "?31m?");
    assert_shown("\xe2\x80", "??"); /* cut short */
    assert_shown("\xc2", "?");
    assert_shown("\xc0\x9b\xed\xa0\x80", "?????");
}

static void other_text_is_shown_as_it_is(void **state)
{
    (void)state;
    assert_shown("", "");
    assert_shown("\xc3\xa9\xc2\xa0\xe2\x82\xac\xe2\x80\x93", "\xc3\xa9\xc2\xa0\xe2\x82\xac\xe2\x80"
                                                             "\x93");
    assert_shown("\xf0\x9f\x90\x8d", "\xf0\x9f\x90\x8d");
}

static void what_is_too_long_is_cut(void **state)
{
    (void)state;
    char shown[8];
    assert_string_equal(printable("0123456", shown, sizeof(shown)), "0123456");
    assert_string_equal(printable("01234567", shown, sizeof(shown)), "0123...");
    assert_string_equal(printable("\xc2\x9b\xc2\x9b"
                                  "34567",
                                  shown, sizeof(shown)),
                        "??34567");
    assert_string_equal(printable("012\xe2\x82\xac\xe2\x82\xac", shown, sizeof(shown)), "012...");
}

static void a_list_is_joined_for_people(void **state)
{
    (void)state;
    char **list = NULL;
    autofree char *none = list_join(NULL);
    list_add(&list, "a");
    autofree char *one = list_join(list);
    list_add(&list, "b c");
    autofree char *two = list_join(list);
    assert_string_equal(none, "none");
    assert_string_equal(one, "a");
    assert_string_equal(two, "a, b c");
    list_free(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_is_joined_for_people),
        cmocka_unit_test(what_steers_a_terminal_is_not_shown),
        cmocka_unit_test(what_is_not_seen_is_shown),
        cmocka_unit_test(what_is_no_utf8_is_not_shown),
        cmocka_unit_test(other_text_is_shown_as_it_is),
        cmocka_unit_test(what_is_too_long_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
