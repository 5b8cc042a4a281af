/* SPDX-License-Identifier: Apache-2.0 */
#include <cordon/own.h>

#include "run/capture.h"
#include "unit.h"

#define PLENTY ((size_t)1024 * 1024)

static char *text_with(const struct capture *capture, size_t budget, const char *rest, bool *whole)
{
    struct str text = { 0 };
    *whole = capture_text(capture, budget, rest, &text);
    return str_take(&text);
}

static char *text_of(const struct capture *capture, size_t budget, bool *whole)
{
    return text_with(capture, budget, NULL, whole);
}

static void add_text(struct capture *capture, const char *text)
{
    capture_add(capture, text, strlen(text));
}

static void a_short_stream_is_whole(void **state)
{
    (void)state;
    struct capture capture = { 0 };
    bool whole = false;
    autofree char *empty = text_of(&capture, PLENTY, &whole);
    assert_string_equal(empty, "");
    assert_true(whole);
    add_text(&capture, "hello ");
    add_text(&capture, "world\n");
    autofree char *text = text_of(&capture, PLENTY, &whole);
    assert_string_equal(text, "hello world\n");
    assert_true(whole);
    assert_int_equal(capture.bytes, 12);
    capture_done(&capture);
}

/* Every size around the borders, written in pieces of every kind. */
static void both_ends_are_kept_exactly(void **state)
{
    (void)state;
    static const size_t sizes[] = { 1,
                                    CAPTURE_END_BYTES - 1,
                                    CAPTURE_END_BYTES,
                                    CAPTURE_END_BYTES + 1,
                                    2 * CAPTURE_END_BYTES - 1,
                                    2 * CAPTURE_END_BYTES,
                                    2 * CAPTURE_END_BYTES + 1,
                                    5 * CAPTURE_END_BYTES + 7 };
    static const size_t pieces[] = { 1, 7, 4096, CAPTURE_END_BYTES + 3, 1 << 20 };
    char *source = xcalloc(1, 6 * CAPTURE_END_BYTES);
    for (size_t i = 0; i < 6 * CAPTURE_END_BYTES; i++)
        source[i] = (char)('a' + (i * 7 + i / 26) % 26);
    for (size_t s = 0; s < COUNT(sizes); s++)
        for (size_t p = 0; p < COUNT(pieces); p++) {
            struct capture capture = { 0 };
            for (size_t at = 0; at < sizes[s]; at += pieces[p])
                capture_add(&capture, source + at,
                            pieces[p] < sizes[s] - at ? pieces[p] : sizes[s] - at);
            bool whole;
            autofree char *text = text_of(&capture, PLENTY, &whole);
            size_t len = strlen(text);
            assert_int_equal(whole, sizes[s] <= 2 * CAPTURE_END_BYTES);
            size_t head = whole ? sizes[s] : CAPTURE_END_BYTES;
            assert_memory_equal(text, source, head);
            if (whole)
                assert_int_equal(len, sizes[s]);
            else
                assert_memory_equal(text + len - CAPTURE_END_BYTES,
                                    source + sizes[s] - CAPTURE_END_BYTES, CAPTURE_END_BYTES);
            capture_done(&capture);
        }
    free(source);
}

static void the_line_between_counts_what_is_missing(void **state)
{
    (void)state;
    struct capture capture = { 0 };
    char block[1000];
    memset(block, 'x', sizeof(block));
    for (int i = 0; i < 100; i++)
        capture_add(&capture, block, sizeof(block));
    bool whole;
    autofree char *plain = text_of(&capture, PLENTY, &whole);
    assert_false(whole);
    assert_non_null(strstr(plain, "x\n[... 75424 bytes left out ...]\nx"));
    autofree char *linked = text_with(&capture, PLENTY, "job-stream://1", &whole);
    assert_non_null(strstr(linked, "[... 75424 bytes left out; the whole is job-stream://1 ...]"));
    capture_done(&capture);
}

static void bytes_that_are_not_text_are_replaced_as_python_does(void **state)
{
    (void)state;
    /* Each pair was made with bytes.decode("utf-8", "replace"). */
    static const struct {
        const char *bytes, *text;
    } rows[] = {
        { "\xff\xfe", "\xef\xbf\xbd\xef\xbf\xbd" },
        { "a\xe2\x82", "a\xef\xbf\xbd" },
        { "\xe2\x82z", "\xef\xbf\xbdz" },
        { "\xf0\x9f\x98", "\xef\xbf\xbd" },
        { "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
        { "\xc0\x80", "\xef\xbf\xbd\xef\xbf\xbd" },
        { "\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
        { "\x80x\xe2\x82\xac", "\xef\xbf\xbdx\xe2\x82\xac" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct capture capture = { 0 };
        add_text(&capture, rows[i].bytes);
        bool whole;
        autofree char *text = text_of(&capture, PLENTY, &whole);
        assert_string_equal(text, rows[i].text);
        capture_done(&capture);
    }
}

static void a_zero_byte_is_a_character(void **state)
{
    (void)state;
    struct capture capture = { 0 };
    capture_add(&capture, "a\0b", 3);
    autostr struct str text = { 0 };
    assert_true(capture_text(&capture, PLENTY, NULL, &text));
    assert_int_equal(text.len, 3);
    assert_memory_equal(text.data, "a\0b", 3);
    capture_done(&capture);
}

static void a_cut_leaves_no_half_character(void **state)
{
    (void)state;
    for (int shift = 0; shift < 4; shift++) {
        struct capture capture = { 0 };
        capture_add(&capture, "xxxx", (size_t)shift);
        for (int i = 0; i < 20000; i++)
            add_text(&capture, "\xf0\x9f\x98\x80");
        bool whole;
        autofree char *text = text_of(&capture, PLENTY, &whole);
        assert_false(whole);
        assert_null(strstr(text, "\xef\xbf\xbd"));
        capture_done(&capture);
    }
}

static void an_expensive_text_is_cut_to_its_budget(void **state)
{
    (void)state;
    struct capture capture = { 0 };
    char block[2000];
    memset(block, 1, sizeof(block)); /* 13 to write one */
    for (int i = 0; i < 10; i++)
        capture_add(&capture, block, sizeof(block));
    bool whole;
    autofree char *text = text_of(&capture, 50000, &whole);
    assert_false(whole);
    size_t cost = 0;
    for (const char *p = text; *p; p++)
        cost += capture_cost((unsigned char)*p);
    assert_in_range(cost, 45000, 50000);
    autofree char *nothing = text_of(&capture, 0, &whole);
    assert_string_equal(nothing, "[... 20000 bytes left out ...]\n");
    capture_done(&capture);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_short_stream_is_whole),
    cmocka_unit_test(both_ends_are_kept_exactly),
    cmocka_unit_test(the_line_between_counts_what_is_missing),
    cmocka_unit_test(bytes_that_are_not_text_are_replaced_as_python_does),
    cmocka_unit_test(a_zero_byte_is_a_character),
    cmocka_unit_test(a_cut_leaves_no_half_character),
    cmocka_unit_test(an_expensive_text_is_cut_to_its_budget),
};

UNIT_MAIN(tests)
