/* SPDX-License-Identifier: Apache-2.0 */
/* header.h - writes the inline metadata of a script (PEP 723) into its source.
 *
 * A new block goes where it changes nothing else: behind the mark, the interpreter's line
 * and the encoding's, before everything else, in the line ends of the source. Into a block
 * that is there it goes only where every line that could be meant is one we understand;
 * anything else is refused, and the source stays its author's.
 */
#pragma once

#include <stddef.h>

#include <cordon/error.h>

#include "str.h"

struct header_words {
    char *const *dependencies;   /* requirements; NULL or empty: none */
    const char *requires_python; /* NULL: none */
};

/* Puts the source with its header into *ret: unchanged where no words are given. What was
 * written is read back (pep723_find()) before it is handed out. Failures are BLAME_CALLER. */
int header_write(const char *text, size_t len, const struct header_words *words, struct str *ret,
                 struct error *err) must_check;

/* Version specifiers such as ">=3.10,<3.13". */
int requires_python_check(const char *text, struct error *err) must_check;
