/* SPDX-License-Identifier: Apache-2.0 */
/* capture.h - what a result shows of one output stream: its beginning and its end.
 *
 * Takes any number of bytes in constant memory. A zeroed struct is an empty one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "str.h"

/* The first and the last so many bytes of a stream (contract, section 3). */
#define CAPTURE_END_BYTES ((size_t)12 * 1024)

struct capture {
    struct str head; /* the first bytes */
    char *ring;      /* the last bytes after the head; NULL until there are any */
    uint64_t bytes;  /* taken in all */
};

void capture_add(struct capture *capture, const void *bytes, size_t len);
void capture_done(struct capture *capture);

/* What one character costs where the text is going to be written: the JSON object
 * once as it is and once more as a string within a string. */
size_t capture_cost(unsigned char c);

/* Adds the text within a budget of such cost: valid UTF-8 (and maybe NULs), what is
 * not becomes U+FFFD. Where bytes are left out a line in between says how many,
 * and `rest` (or NULL) where they are; then it returns false. */
bool capture_text(const struct capture *capture, size_t budget, const char *rest, struct str *out);

/* The cost of all that the capture holds. */
size_t capture_size(const struct capture *capture);

/* Bytes of the stream that this capture does not see; what comes after them is its end. */
void capture_skip(struct capture *capture, uint64_t bytes);

/* Adds as much of `bytes` as fits into the budget, in the same clean form; returns how much of
 * it that was. */
size_t text_fit(const char *bytes, size_t len, size_t budget, struct str *out);

/* A name as a result has it: clean in that form, and printable(). The caller's. */
char *text_label(const char *name);
