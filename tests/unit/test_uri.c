/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mcp/uri.h"
#include "unit.h"

static void a_path_and_its_query_are_decoded(void **state)
{
    (void)state;
    struct uri uri;
    struct error err;
    uint64_t number = 7;
    assert_ok(uri_parse("a%2Fb%20c?stream=std%6Fut&offset=12&empty=", &uri, &err), &err);
    assert_string_equal(uri.path, "a/b c");
    assert_true(uri_is(&uri, "stream", "stdout"));
    assert_string_equal(uri_value(&uri, "empty"), "");
    assert_null(uri_value(&uri, "length"));
    assert_ok(uri_number(&uri, "length", &number, &err), &err);
    assert_int_equal(number, 7);
    assert_ok(uri_number(&uri, "offset", &number, &err), &err);
    assert_int_equal(number, 12);
    assert_int_equal(uri_number(&uri, "empty", &number, &err), -EINVAL);
    static const char *const known[] = { "stream", "offset", "empty", NULL };
    assert_ok(uri_known(&uri, known, &err), &err);
    assert_int_equal(uri_known(&uri, known + 1, &err), -EINVAL);
    uri_done(&uri);
}

static void what_cannot_be_meant_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "a%",     "a%4",       "a%zz",    "a%00b",  "a%0ab",
        "a\nb",   "\xff",      "%ff",     "a?",     "a?b",
        "a?b=1&", "a?b=1&b=2", "a?b=%g0", "a?&b=1", "a?a=&b=&c=&d=&e=&f=&g=&h=&i=",
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct uri uri;
        struct error err = { 0 };
        if (uri_parse(bad[i], &uri, &err) != -EINVAL)
            fail_msg("%s", bad[i]);
        assert_int_equal(err.blame, BLAME_CALLER);
    }
    char lengthy[URI_BYTES_MAX + 2];
    memset(lengthy, 'a', sizeof(lengthy) - 1);
    lengthy[sizeof(lengthy) - 1] = '\0';
    struct uri uri;
    struct error err = { 0 };
    assert_int_equal(uri_parse(lengthy, &uri, &err), -E2BIG);
}

static void bytes_become_base64(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        { "", "" },        { "f", "Zg==" },        { "fo", "Zm8=" },
        { "foo", "Zm9v" }, { "foob", "Zm9vYg==" }, { "\xff\xfe\xfd", "//79" }
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *text = base64_encode(rows[i][0], strlen(rows[i][0]));
        assert_string_equal(text, rows[i][1]);
        free(text);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_path_and_its_query_are_decoded),
    cmocka_unit_test(what_cannot_be_meant_is_refused),
    cmocka_unit_test(bytes_become_base64),
};

UNIT_MAIN(tests)
