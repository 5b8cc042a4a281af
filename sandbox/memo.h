/* SPDX-License-Identifier: Apache-2.0 */
/* memo.h - facts that cost a box to learn, kept as lines "key TAB value" in STATE/gate/NAME.
 *
 * A memory only: where it cannot be read or written, things are learnt again.
 * Neither keys nor values may hold tabs or line ends (such facts are not kept).
 */
#pragma once

#include <stddef.h>

#include "sandbox.h"

#define MEMO_LINES_MAX 256 /* the oldest go first */

struct memo {
    char **keys, **values; /* NULL-ended, side by side */
};

void memo_load(const struct sandbox *sandbox, const char *name, struct memo *ret);
const char *memo_get(const struct memo *memo, const char *key); /* NULL if unknown */
void memo_put(struct memo *memo, const char *key, const char *value);

/* Adds what `fresh` holds to the file, under a lock, so that nobody's is lost. */
void memo_keep(const struct sandbox *sandbox, const char *name, const struct memo *fresh);
void memo_done(struct memo *memo);

#define automemo __attribute__((cleanup(memo_done)))
