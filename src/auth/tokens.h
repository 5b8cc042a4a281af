/* SPDX-License-Identifier: Apache-2.0 */
/* tokens.h - bearer tokens of which only hashes are kept.
 *
 *     # PRINCIPAL  SHA-256 of the token, in hexadecimal  [what it is for]
 *     ann  5f78c33274e43fa9de5651265c1d917e25c03722dcb0b8d27db8d5feaa813953  laptop
 *
 * A token is long and random, so that a plain hash cannot be tried backwards; what the file says
 * opens nothing to who reads it. A principal may have several: the new one is added before the
 * old one goes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <cordon/error.h>

#include "principal.h"

/* Hashes of shorter ones are refused where that can be seen: when one is shown. */
#define TOKEN_LEAST 20
#define TOKEN_MOST  4096

#define TOKENS_BYTES_MAX ((size_t)1024 * 1024)

struct tokens;

/* The text of `source`. Each principal must be one of `known`. BLAME_HOST, with the line; never
 * with what stands in it beyond a name that is too short for a token. */
int tokens_parse(const char *source, const char *text, size_t len, const struct principals *known,
                 struct tokens **ret, struct error *err) must_check;
void tokens_free(struct tokens *tokens); /* NULL is fine */

size_t tokens_count(const struct tokens *tokens);

/* The principal of a token; borrowed; NULL: of nobody. Takes as long for every token of one
 * length: it is compared with each line to its end. */
const char *tokens_find(const struct tokens *tokens, const char *token, size_t len);
