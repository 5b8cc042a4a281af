/* SPDX-License-Identifier: Apache-2.0 */
/* json_string.h - a JSON string as it stands in the text, compared by what it means.
 *
 * "a" and "\u0061" are the same key. The bytes between the quotes have been
 * scanned already: every escape is whole and every surrogate has its partner.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_string {
    const char *at; /* behind the opening quote */
    size_t len;     /* up to the closing one */
};

/* Four hexadecimal digits as a number, or -1. */
int json_hex4(const char *at);

/* Order of the decoded bytes, as memcmp() gives it. */
int json_string_compare(struct json_string a, struct json_string b);

/* Of the decoded bytes; no secret is in it, so equal hashes prove nothing. */
uint32_t json_string_hash(struct json_string string);

bool json_string_is(struct json_string string, const char *text, size_t len);
