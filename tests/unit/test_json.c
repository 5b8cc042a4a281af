/* SPDX-License-Identifier: Apache-2.0 */
#include "json.h"
#include "str.h"
#include "unit.h"

static enum json_fault scan(const char *text, struct error *err)
{
    *err = (struct error){ 0 };
    return json_scan(text, strlen(text), err);
}

static void assert_accepted(const char *text, size_t len)
{
    struct error err = { 0 };
    struct json_object *object = NULL;
    if (json_load(text, len, &object, &err) != JSON_OK)
        fail_msg("\"%.60s\" is refused: %s", text, err.text);
    json_put(&object);
}

struct refusal {
    const char *text;
    enum json_fault fault;
    const char *says;
};

static void assert_refused(const struct refusal *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct error err;
        if (scan(list[i].text, &err) != list[i].fault)
            fail_msg("\"%s\": not the fault that is meant: %s", list[i].text, err.text);
        assert_says(&err, list[i].says);
        assert_int_equal(err.blame, BLAME_CALLER);
    }
}

static void what_json_has_is_accepted(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "null",
        " \t\r\n true ",
        "0",
        "-0",
        "-0.0",
        "1e5",
        "1E+2",
        "0.5e-3",
        "\"\"",
        "{}",
        "[]",
        "[[],{}]",
        "{\"\":0}",
        "{\"a\":{\"a\":1},\"b\":[1,\"a\",null]}",
        "\"\\u00e4\\ud83d\\ude00\"",
        "\"a\\u0000b\"",
        "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"",
        "9223372036854775807",
        "-9223372036854775808",
        "18446744073709551615",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
        "\"\x7f\"",
    };
    for (size_t i = 0; i < COUNT(texts); i++)
        assert_accepted(texts[i], strlen(texts[i]));
}

static void what_is_not_json_is_malformed(void **state)
{
    (void)state;
    static const struct refusal list[] = {
        { "", JSON_MALFORMED, "line 1, column 1: the text ends where a value is expected" },
        { "{", JSON_MALFORMED, "line 1, column 2: the text ends where a key" },
        { "[1,]", JSON_MALFORMED, "column 4: ']' where a value is expected" },
        { "{\"a\":1,}", JSON_MALFORMED, "'}' where a key in double quotes is expected" },
        { "{a:1}", JSON_MALFORMED, "'a' where a key in double quotes or '}'" },
        { "{\"a\" 1}", JSON_MALFORMED, "a key without ':'" },
        { "[1 2]", JSON_MALFORMED, "'2' where ',' or the closing bracket" },
        { "[1}", JSON_MALFORMED, "'}'" },
        { "1 2", JSON_MALFORMED, "'2' where nothing more is expected" },
        { "{}x", JSON_MALFORMED, "'x' where nothing more" },
        { "NaN", JSON_MALFORMED, "'N'" },
        { "[Infinity]", JSON_MALFORMED, "'I'" },
        { "-Infinity", JSON_MALFORMED, "not a number" },
        { "nul", JSON_MALFORMED, "'n'" },
        { "truex", JSON_MALFORMED, "'x'" },
        { "01", JSON_MALFORMED, "not a number" },
        { "+1", JSON_MALFORMED, "'+'" },
        { ".5", JSON_MALFORMED, "'.'" },
        { "1.", JSON_MALFORMED, "after its point" },
        { "1e", JSON_MALFORMED, "exponent" },
        { "'a'", JSON_MALFORMED, "'''" },
        { "\"a", JSON_MALFORMED, "without its closing quote" },
        { "\"\\x\"", JSON_MALFORMED, "an escape that is none of" },
        { "\"\\u12g4\"", JSON_MALFORMED, "four hexadecimal digits" },
        { "\"\\u12", JSON_MALFORMED, "four hexadecimal digits" },
        { "\"a\tb\"", JSON_MALFORMED, "control character (0x09)" },
        { "\xef\xbb\xbf{}", JSON_MALFORMED, "byte-order mark" },
        { "/* */ 1", JSON_MALFORMED, "'/'" },
    };
    assert_refused(list, COUNT(list));
}

static void what_is_not_utf8_is_malformed(void **state)
{
    (void)state;
    static const char *const bytes[] = {
        "\x80",
        "\xc3",
        "\xc0\xaf",
        "\xe0\x80\xaf",
        "\xed\xa0\x80",
        "\xf0\x80\x80\xaf",
        "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80",
        "\xff",
        "\xe2\x82",
    };
    for (size_t i = 0; i < COUNT(bytes); i++) {
        struct error err = { 0 };
        autofree char *text = xasprintf("[\"%s\"]", bytes[i]);
        assert_int_equal(scan(text, &err), JSON_MALFORMED);
        assert_says(&err, "line 1, column 3: a byte that is not UTF-8");
    }
}

static void what_json_c_would_bend_is_forbidden(void **state)
{
    (void)state;
    static const struct refusal list[] = {
        { "18446744073709551616", JSON_FORBIDDEN, "does not fit into 64 bits" },
        { "-9223372036854775809", JSON_FORBIDDEN, "does not fit into 64 bits" },
        { "99999999999999999999999", JSON_FORBIDDEN, "does not fit into 64 bits" },
        { "1e999", JSON_FORBIDDEN, "too large" },
        { "-1e999", JSON_FORBIDDEN, "too large" },
        { "\"\\ud800\"", JSON_FORBIDDEN, "surrogate" },
        { "\"\\udc00\"", JSON_FORBIDDEN, "surrogate" },
        { "\"\\ud800\\u0041\"", JSON_FORBIDDEN, "surrogate" },
        { "{\"a\\u0000\":1}", JSON_FORBIDDEN, "a key holds a NUL" },
    };
    assert_refused(list, COUNT(list));
}

static void a_key_stands_once_at_any_depth(void **state)
{
    (void)state;
    static const struct refusal list[] = {
        { "{\"a\":1,\"a\":2}", JSON_FORBIDDEN, "line 1, column 8: duplicate key \"a\"" },
        { "{\"a\":1,\n \"b\":{\"x\":1,\n  \"x\":2}}", JSON_FORBIDDEN,
          "line 3, column 3: duplicate" },
        { "[0,[{\"\":1,\"\":2}]]", JSON_FORBIDDEN, "duplicate key \"\"" },
        { "{\"a\":1,\"\\u0061\":2}", JSON_FORBIDDEN, "duplicate key \"\\u0061\"" },
        { "{\"\\ud83d\\ude00\":1,\"\xf0\x9f\x98\x80\":2}", JSON_FORBIDDEN, "duplicate" },
        { "{\"\\u00e4\":1,\"\xc3\xa4\":2}", JSON_FORBIDDEN, "duplicate" },
        { "{\"/\":1,\"\\/\":2}", JSON_FORBIDDEN, "duplicate" },
        { "{\"x\":1,\"b\":1,\"b\":2,\"a\":1,\"a\":2}", JSON_FORBIDDEN,
          "column 14: duplicate key \"b\"" },
    };
    assert_refused(list, COUNT(list));
    assert_accepted("{\"a\":{\"a\":1},\"A\":{\"a\":2},\"aa\":[{\"a\":1},{\"a\":1}]}", 48);
}

static void columns_count_characters(void **state)
{
    (void)state;
    struct error err;
    assert_int_equal(scan("[\"\xc3\xa4\xf0\x9f\x98\x80\",\n\"\xe2\x82\xac\", x]", &err),
                     JSON_MALFORMED);
    assert_says(&err, "line 2, column 6: 'x'");
}

static void nesting_ends_at_the_limit(void **state)
{
    (void)state;
    struct error err;
    autostr struct str text = { 0 };
    for (int i = 0; i < JSON_DEPTH_MAX; i++)
        str_puts(&text, i % 2 ? "[" : "{\"a\":");
    str_puts(&text, "1");
    for (int i = JSON_DEPTH_MAX; i-- > 0;)
        str_puts(&text, i % 2 ? "]" : "}");
    assert_accepted(text.data, text.len);
    autofree char *deeper = xasprintf("[%s]", text.data);
    assert_int_equal(scan(deeper, &err), JSON_FORBIDDEN);
    assert_says(&err, "nested deeper than 32");
}

static void a_nul_byte_ends_nothing(void **state)
{
    (void)state;
    struct error err = { 0 };
    assert_int_equal(json_scan("1\0", 2, &err), JSON_MALFORMED);
    assert_int_equal(json_scan("\"\0\"", 3, &err), JSON_MALFORMED);
    assert_int_equal(json_scan("[\0]", 3, &err), JSON_MALFORMED);
    assert_int_equal(json_scan("\"\\\0\"", 4, &err), JSON_MALFORMED);
}

/* Nothing behind `len` may be looked at: the copies end where the heap does. */
static void every_beginning_of_a_text_is_judged_alone(void **state)
{
    (void)state;
    static const char text[] = "{\"a\\ud83d\\ude00\": [-1.5e+3, true, null, \"\xf0\x9f\x98\x80\"]}";
    size_t len = sizeof(text) - 1;
    for (size_t n = 0; n < len; n++) {
        struct error err = { 0 };
        autofree char *part = xcalloc(n ? n : 1, 1);
        memcpy(part, text, n);
        if (json_scan(part, n, &err) == JSON_OK)
            fail_msg("the first %zu bytes are no text", n);
    }
    assert_accepted(text, len);
}

static void many_keys_are_fast_and_a_second_one_is_found(void **state)
{
    (void)state;
    struct error err;
    autostr struct str text = { 0 };
    str_puts(&text, "{");
    for (int i = 0; i < 100000; i++)
        str_printf(&text, "\"key%d\":0,", i);
    str_puts(&text, "\"key77777\":0}");
    assert_int_equal(scan(text.data, &err), JSON_FORBIDDEN);
    assert_says(&err, "duplicate key \"key77777\"");
    text.data[text.len - 5] = 'x'; /* "key7777x" */
    assert_accepted(text.data, text.len);
}

static void values_are_counted(void **state)
{
    (void)state;
    struct error err;
    autostr struct str text = { 0 };
    str_puts(&text, "[0");
    for (size_t i = 0; i < JSON_VALUES_MAX - 2; i++)
        str_puts(&text, ",0");
    autofree char *fits = xasprintf("%s]", text.data), *more = xasprintf("%s,0]", text.data);
    assert_int_equal(scan(fits, &err), JSON_OK);
    assert_int_equal(scan(more, &err), JSON_FORBIDDEN);
    assert_says(&err, "more than 262144 values");
}

static void a_number_has_a_sensible_length(void **state)
{
    (void)state;
    struct error err;
    char text[140] = { 0 };
    memset(text, '1', 129);
    text[1] = '.';
    assert_int_equal(scan(text, &err), JSON_FORBIDDEN);
    assert_says(&err, "a number of 129 characters");
    text[128] = '\0';
    assert_int_equal(scan(text, &err), JSON_OK);
}

static void a_path_leads_to_its_line(void **state)
{
    (void)state;
    static const char text[] =
        "{\n \"a\": [1, {\"x\": \"}]\\\"\"},\n  [true,\n   false]],\n \"b\\u0063\":\n"
        "  {\"d\": 1}\n}";
    size_t len = sizeof(text) - 1;
    static const struct {
        const char *path;
        unsigned line;
    } rows[] = {
        { "", 1 },        { "a", 2 },     { "a[0]", 2 },      { "a[1].x", 2 }, { "a[2]", 3 },
        { "a[2][1]", 4 }, { "bc", 6 },    { "bc.d", 6 },      { "none", 0 },   { "a[3]", 0 },
        { "a.x", 0 },     { "bc[0]", 0 }, { "a[2][1].y", 0 },
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        if (json_line_of(text, len, rows[i].path) != rows[i].line)
            fail_msg("%s: line %u", rows[i].path, json_line_of(text, len, rows[i].path));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(what_json_has_is_accepted),
    cmocka_unit_test(what_is_not_json_is_malformed),
    cmocka_unit_test(what_is_not_utf8_is_malformed),
    cmocka_unit_test(what_json_c_would_bend_is_forbidden),
    cmocka_unit_test(a_key_stands_once_at_any_depth),
    cmocka_unit_test(columns_count_characters),
    cmocka_unit_test(nesting_ends_at_the_limit),
    cmocka_unit_test(a_nul_byte_ends_nothing),
    cmocka_unit_test(every_beginning_of_a_text_is_judged_alone),
    cmocka_unit_test(many_keys_are_fast_and_a_second_one_is_found),
    cmocka_unit_test(values_are_counted),
    cmocka_unit_test(a_number_has_a_sensible_length),
    cmocka_unit_test(a_path_leads_to_its_line),
};

UNIT_MAIN(tests)
