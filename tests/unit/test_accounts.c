/* SPDX-License-Identifier: Apache-2.0 */
#include "accounts.h"
#include "unit.h"

static void lines_that_are_none_are_passed_over(void **state)
{
    (void)state;
    char text[] =
        "# people\nroot:x:0:0:root:/root:/bin/sh\n+@staff::::::\nshort:x:7\nno:x::1::/x:/y\n"
        "nan:x:7a:1::/x:/y\nada:x:1000:1000:Ada, of:/home/ada:\n";
    char *rest = text;
    struct account account;
    assert_true(account_next(&rest, &account));
    assert_string_equal(account.name, "root");
    assert_int_equal(account.uid, 0);
    assert_true(account_next(&rest, &account));
    assert_string_equal(account.name, "ada");
    assert_string_equal(account.home, "/home/ada");
    assert_int_equal(account.uid, 1000);
    assert_false(account_next(&rest, &account));
}

static void a_last_line_without_its_end_counts(void **state)
{
    (void)state;
    char text[] = "eve:x:7:7::/e:/bin/false";
    char *rest = text;
    struct account account;
    assert_true(account_next(&rest, &account));
    assert_string_equal(account.home, "/e");
    assert_false(account_next(&rest, &account));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_that_are_none_are_passed_over),
        cmocka_unit_test(a_last_line_without_its_end_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
