/* SPDX-License-Identifier: Apache-2.0 */
/* dotenv.h - environment files, in the syntax of python-dotenv.
 *
 *     NAME=plain value      # comment        export NAME='single \' quotes'
 *     NAME="double\nquotes, over several
 *     lines"                                 URL=${SCHEME:-https}://${HOST}
 *
 * Differences on purpose: a line that python-dotenv skips with a warning is an
 * error here; ${...} sees names of the same file only, never cordon's own
 * environment; a name is an identifier. A name without '=' sets nothing, as there.
 */
#pragma once

#include <stddef.h>

#include <cordon/error.h>

#define DOTENV_BYTES_MAX ((size_t)256 * 1024)

/* More would not fit into a launch; and names are looked up one by one. */
#define DOTENV_NAMES_MAX 1024

/* Of one value after its ${...} are put in: they can double with every line. */
#define DOTENV_VALUE_MAX ((size_t)64 * 1024)

/* *ret gets "NAME=value" strings, each name once, the caller's (list_free), or
 * NULL for none. Failures are BLAME_CALLER and begin with "line N: ". */
int dotenv_parse(const char *text, size_t len, char ***ret, struct error *err) must_check;
