/* SPDX-License-Identifier: Apache-2.0 */
/* dotenv.h - environment files, in the syntax of python-dotenv and with its meaning.
 *
 *     NAME=plain value      # comment        export NAME='single \' quotes'
 *     NAME="double\nquotes, over several
 *     lines"                                 URL=${SCHEME:-https}://${HOST}
 *
 * ${NAME} is what a line above gave it, else what the caller gives beside the file (there:
 * the process's environment, as dotenv_values() takes it), else the default, else nothing;
 * never a variable of cordon's own. Two more differences on purpose: a line that
 * python-dotenv skips with a warning is an error here, and a name is an identifier. A name
 * without '=' takes the value away that a line above gave it, as there.
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
 * NULL for none. `given` is more of the kind, or NULL, for ${...} alone: they are not in
 * *ret. Failures are BLAME_CALLER and begin with "line N: ". */
int dotenv_parse(const char *text, size_t len, char *const *given, char ***ret,
                 struct error *err) must_check;
