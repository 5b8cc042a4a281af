/* SPDX-License-Identifier: Apache-2.0 */
/* http_chunks.h - is this still a body in chunks? (RFC 9112, 7.1)
 *
 * A pure function in front of libevent's reader, which takes "+5", "0x5", " 5", "5 words" and a
 * chunk with no end of line behind it. Somebody on the way may read each of these otherwise, and
 * find the end of the body elsewhere. Extensions, which nobody uses, are refused: libevent knows
 * none.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* What comes next. */
enum http_chunk {
    CHUNK_SIZE,      /* the first digit */
    CHUNK_MORE_SIZE, /* another, or the end of the line */
    CHUNK_SIZE_LF,
    CHUNK_DATA,
    CHUNK_DATA_CR,
    CHUNK_DATA_LF,
    CHUNK_TRAILER, /* the first byte of a line: an empty one is the end */
    CHUNK_MORE_TRAILER,
    CHUNK_TRAILER_LF,
    CHUNK_END_LF,
    CHUNK_END, /* nothing of this body */
};

/* Zeroed: at the beginning. */
struct http_chunks {
    enum http_chunk state;
    uint64_t left;   /* of the chunk */
    uint64_t length; /* of the body, this chunk included */
    size_t trailers; /* their bytes */
};

/* The next `len` bytes. 0, or the status to refuse with: 400, 413 (a body of more than
 * `body_max`), 431 (trailers of more than `trailers_max`). */
int http_chunks_read(struct http_chunks *chunks, const char *text, size_t len, uint64_t body_max,
                     size_t trailers_max);
