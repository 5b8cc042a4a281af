/* SPDX-License-Identifier: Apache-2.0 */
/* frame.h - the flat binary form of what crosses between processes.
 *
 * Integers are in host order (the peers share a machine), strings are a 32-bit
 * length and their bytes without NUL, an absent string has length UINT32_MAX,
 * a list is a 32-bit count and its strings. A reader that has failed once
 * returns zeros from then on, so that a decoder reads all fields in a straight
 * line and asks once at the end.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "str.h"

struct frame_reader {
    const unsigned char *at, *end;
    bool bad;
};

void frame_put_u8(struct str *frame, uint8_t value);
void frame_put_u32(struct str *frame, uint32_t value);
void frame_put_u64(struct str *frame, uint64_t value);
void frame_put_text(struct str *frame, const char *text);  /* NULL: absent */
void frame_put_list(struct str *frame, char *const *list); /* NULL: empty */

struct frame_reader frame_read(const void *bytes, size_t len);
uint8_t frame_u8(struct frame_reader *reader);
uint32_t frame_u32(struct frame_reader *reader);
uint64_t frame_u64(struct frame_reader *reader);

/* The caller's to free; NULL when absent or bad. A NUL inside is bad. */
char *frame_text(struct frame_reader *reader);

/* Into a fixed array; too long or absent is bad. */
void frame_fixed(struct frame_reader *reader, char *out, size_t room);

/* At most `max` strings; NULL for an empty list. */
char **frame_list(struct frame_reader *reader, size_t max);

/* True if everything was read, nothing was left over and nothing was bad. */
bool frame_end(const struct frame_reader *reader);
