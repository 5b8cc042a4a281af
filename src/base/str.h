/* SPDX-License-Identifier: Apache-2.0 */
/* str.h - strings that grow, and lists of them.
 *
 * Running out of memory ends the program (architecture, "Errors"): sizes are
 * bounded before anything is allocated, so nothing here returns NULL.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include <cordon/own.h>

void *xcalloc(size_t count, size_t size) never_null;
void *xrealloc(void *old, size_t size) never_null;
char *xstrdup(const char *text) never_null;
char *xstrndup(const char *text, size_t len) never_null;
char *xasprintf(const char *fmt, ...) printf_like(1, 2) never_null;

/* A growing byte string; `data` is NUL-ended once something was added.
 * A zeroed struct is an empty one. */
struct str {
    char *data;
    size_t len, room;
};

void str_add(struct str *str, const void *bytes, size_t len);
void str_puts(struct str *str, const char *text);
void str_putc(struct str *str, char c);

/* Puts `with` in the place of the bytes from `begin` up to `end`. */
void str_replace(struct str *str, size_t begin, size_t end, const char *with);

/* Of the byte at `at`, from 1 on; of the last one where the text ends before. */
unsigned line_number(const char *text, size_t len, size_t at);
void str_printf(struct str *str, const char *fmt, ...) printf_like(2, 3);
void str_done(struct str *str);
char *str_take(struct str *str) never_null; /* the string is left empty */

#define autostr __attribute__((cleanup(str_done)))

/* NULL-ended lists; a NULL list is an empty one. */
size_t list_len(char *const *list);
void list_add(char ***list, const char *text);
void list_add_owned(char ***list, char *text); /* takes text */
char **list_copy(char *const *list);
bool list_has(char *const *list, const char *text);
char *list_join(char *const *list); /* "a, b"; "none" of an empty one; the caller's */

bool starts_with(const char *text, const char *prefix);
bool ends_with(const char *text, const char *suffix);

/* "dir/name" without doubling the slash. */
char *path_join(const char *dir, const char *name) never_null;

/* True if `path` is `dir` or lies beneath it; both canonical. */
bool path_within(const char *path, const char *dir);

/* Valid UTF-8 (RFC 3629: no surrogates, nothing over U+10FFFF, shortest form)? */
bool utf8_valid(const char *text, size_t len);

/* Copies `text` for a one-line message, as valid UTF-8: what steers a terminal, turns the direction
 * of text or is not seen at all becomes '?', a byte that is not UTF-8 too, and it is cut with "..."
 * where it is longer than the room. */
const char *printable(const char *text, char *out, size_t room);
