/* SPDX-License-Identifier: Apache-2.0 */
/* pep723.h - the inline metadata block of a script (PEP 723), found and not understood.
 *
 * What the TOML means is for Python's own tomllib, in a box (sandbox/header.h).
 */
#pragma once

#include <stddef.h>

#include <cordon/error.h>

/* *ret gets the TOML text of the one `script` block, the caller's, or NULL where
 * there is none; an unclosed block is none. Two of them, or a NUL inside, are
 * BLAME_CALLER. `code` may be any bytes. */
int pep723_find(const char *code, size_t len, char **ret, struct error *err) must_check;

/* Where its lines stand in the source: from behind the opening line to the closing one. */
struct pep723_place {
    size_t content, closing;
};

/* The same, and *place where there is one. */
int pep723_locate(const char *code, size_t len, char **ret, struct pep723_place *place,
                  struct error *err) must_check;
