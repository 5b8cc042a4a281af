/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "net/http_chunks.h"
#include "str.h"
#include "unit.h"

#define BODY_MAX     100
#define TRAILERS_MAX 20

/* What each is answered with; `length` of those that are good and whole. */
static const struct {
    const char *text;
    int status;
    uint64_t length;
} rows[] = {
    { "0\r\n\r\n", 0, 0 },
    { "3\r\nabc\r\n0\r\n\r\n", 0, 3 },
    { "A\r\n0123456789\r\na\r\n0123456789\r\n000\r\n\r\n", 0, 20 },
    { "3\r\nabc\r\n0\r\nX: y\r\n\r\n", 0, 3 },
    { "3\r\nabc\r\n0\r\n\r\nGET / HTTP/1.1", 0, 3 }, /* what follows is not looked at */
    { "\r\n", 400, 0 },
    { "+3\r\nabc", 400, 0 },
    { "-3\r\nabc", 400, 0 },
    { "0x3\r\nabc", 400, 0 },
    { " 3\r\nabc", 400, 0 },
    { "3 \r\nabc", 400, 0 },
    { "3 words\r\nabc", 400, 0 },
    { "3;extension=1\r\nabc", 400, 0 },
    { "3\nabc", 400, 0 },
    { "3\r\nabcd", 400, 0 },
    { "3\r\nabc\n", 400, 0 },
    { "3\r\nabc0\r\n\r\n", 400, 0 },
    { "0\r\nX: y\n", 400, 0 },
    { "0\r\n\rX", 400, 0 },
    { "0\r\nX: y\rz", 400, 0 },
    { "65\r\n", 413, 0 },
    { "64\r\n", 0, 100 },
    { "ffffffffffffffff\r\n", 413, 0 },
    { "10000000000000000\r\n", 413, 0 },
    { "0\r\nA-trailer: as long as this\r\n\r\n", 431, 0 },
};

static void whatever_the_pieces_are_a_body_is_judged_alike(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        for (size_t piece = 1; piece <= 50; piece++) {
            struct http_chunks chunks = { 0 };
            size_t len = strlen(rows[i].text);
            int status = 0;
            for (size_t at = 0; at < len && status == 0; at += piece)
                status =
                    http_chunks_read(&chunks, rows[i].text + at,
                                     len - at < piece ? len - at : piece, BODY_MAX, TRAILERS_MAX);
            if (status != rows[i].status)
                fail_msg("row %zu in pieces of %zu: %d", i, piece, status);
            if (status == 0)
                assert_int_equal(chunks.length, rows[i].length);
        }
}

/* Chunks that are small each must not come to more together. */
static void the_chunks_of_a_body_are_counted_together(void **state)
{
    (void)state;
    struct http_chunks chunks = { 0 };
    for (int i = 0; i < BODY_MAX; i++)
        assert_int_equal(http_chunks_read(&chunks, "1\r\na\r\n", 6, BODY_MAX, TRAILERS_MAX), 0);
    assert_int_equal(http_chunks_read(&chunks, "1\r\na\r\n", 6, BODY_MAX, TRAILERS_MAX), 413);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(whatever_the_pieces_are_a_body_is_judged_alike),
    cmocka_unit_test(the_chunks_of_a_body_are_counted_together),
};

UNIT_MAIN(tests)
