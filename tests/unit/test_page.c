/* SPDX-License-Identifier: Apache-2.0 */
/* Figures as a person reads them. */
#include "cmd/page.h"
#include "unit.h"

static void times_have_their_unit(void **state)
{
    (void)state;
    static const struct {
        double seconds;
        const char *text;
    } times[] = {
        { 0, "0 ms" },           { 0.00043, "0.43 ms" }, { 0.0158, "15.8 ms" }, { 0.5, "500 ms" },
        { 0.9999, "1 s" },       { 1.254, "1.25 s" },    { 12.34, "12.3 s" },   { 60, "1 min" },
        { 250.6, "4 min 10 s" }, { 3600, "1 h" },        { 7500, "2 h 5 min" },
    };
    char shown[32];
    for (size_t i = 0; i < COUNT(times); i++)
        assert_string_equal(page_seconds(times[i].seconds, shown), times[i].text);
}

static void so_have_sizes(void **state)
{
    (void)state;
    static const struct {
        double bytes;
        const char *text;
    } sizes[] = {
        { 0, "0 bytes" },      { 1023, "1023 bytes" },           { 1024, "1 KB" },
        { 3565158, "3.4 MB" }, { 1024.0 * 1024 * 1024, "1 GB" }, { 1023.9 * 1024, "1 MB" },
        { 1e300, NULL },
    };
    char shown[32];
    for (size_t i = 0; i < COUNT(sizes); i++) {
        const char *text = page_bytes(sizes[i].bytes, shown);
        assert_true(strlen(text) < 32);
        if (sizes[i].text)
            assert_string_equal(text, sizes[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_have_their_unit),
        cmocka_unit_test(so_have_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
