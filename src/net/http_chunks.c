/* SPDX-License-Identifier: Apache-2.0 */
/* http_chunks.c - is this still a body in chunks? */
#include "net/http_chunks.h"

#include <stdbool.h>
#include <string.h>

static int digit(char c)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    const char *found = c ? strchr(digits, c) : NULL;
    return found ? (int)((found - digits) % 16) : -1;
}

/* It cannot overflow: at each step what was read is no more than any body has. */
static int take_digit(struct http_chunks *chunks, char c, uint64_t body_max)
{
    int value = digit(c);
    if (value < 0)
        return 400;
    chunks->left = chunks->left * 16 + (uint64_t)value;
    chunks->state = CHUNK_MORE_SIZE;
    return chunks->length + chunks->left > body_max ? 413 : 0;
}

static int expect(struct http_chunks *chunks, char c, char wanted, enum http_chunk next)
{
    chunks->state = next;
    return c == wanted ? 0 : 400;
}

static int take_trailer(struct http_chunks *chunks, char c, size_t trailers_max)
{
    bool first = chunks->state == CHUNK_TRAILER;
    if (++chunks->trailers > trailers_max)
        return 431;
    if (c == '\r')
        chunks->state = first ? CHUNK_END_LF : CHUNK_TRAILER_LF;
    else
        chunks->state = CHUNK_MORE_TRAILER;
    return c == '\n' || c == '\0' ? 400 : 0;
}

static int take_byte(struct http_chunks *chunks, char c, uint64_t body_max, size_t trailers_max)
{
    switch (chunks->state) {
    case CHUNK_MORE_SIZE:
        if (c == '\r')
            return expect(chunks, c, '\r', CHUNK_SIZE_LF);
        return take_digit(chunks, c, body_max);
    case CHUNK_SIZE:
        return take_digit(chunks, c, body_max);
    case CHUNK_SIZE_LF:
        chunks->length += chunks->left;
        return expect(chunks, c, '\n', chunks->left > 0 ? CHUNK_DATA : CHUNK_TRAILER);
    case CHUNK_DATA_CR:
        return expect(chunks, c, '\r', CHUNK_DATA_LF);
    case CHUNK_DATA_LF:
        return expect(chunks, c, '\n', CHUNK_SIZE);
    case CHUNK_TRAILER:
    case CHUNK_MORE_TRAILER:
        return take_trailer(chunks, c, trailers_max);
    case CHUNK_TRAILER_LF:
        return expect(chunks, c, '\n', CHUNK_TRAILER);
    case CHUNK_END_LF:
        return expect(chunks, c, '\n', CHUNK_END);
    case CHUNK_DATA:
    case CHUNK_END:
        break;
    }
    return 0;
}

int http_chunks_read(struct http_chunks *chunks, const char *text, size_t len, uint64_t body_max,
                     size_t trailers_max)
{
    for (size_t i = 0; i < len && chunks->state != CHUNK_END; i++) {
        if (chunks->state != CHUNK_DATA) {
            int status = take_byte(chunks, text[i], body_max, trailers_max);
            if (status)
                return status;
            continue;
        }
        size_t taken = chunks->left < len - i ? (size_t)chunks->left : len - i;
        chunks->left -= taken;
        i += taken - 1;
        if (chunks->left == 0)
            chunks->state = CHUNK_DATA_CR;
    }
    return 0;
}
