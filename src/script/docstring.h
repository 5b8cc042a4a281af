/* SPDX-License-Identifier: Apache-2.0 */
/* docstring.h - what a script says about itself: the docstring of its module.
 *
 * As ast.get_docstring() gives it, with common indentation taken off (PEP 257), but
 * without compiling anything: only the beginning of the source is looked at, so a mistake
 * further down hides nothing. Two differences: "\N{NAME}" stays as it is written, and what
 * is no character of a text (NUL, lone surrogates) is U+FFFD.
 */
#pragma once

#include <stddef.h>

/* NULL: there is none, or the source names an encoding that is not UTF-8 and the docstring
 * is not plain ASCII. `text` may be any bytes; the string is UTF-8 and the caller's. */
char *docstring_find(const char *text, size_t len);
