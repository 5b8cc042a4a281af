/* SPDX-License-Identifier: Apache-2.0 */
/* library.h - saved scripts: plain files STATE/front/scripts/OWNER/NAME.py.
 *
 * A person may edit, add and remove them with any program. Whoever shares the state
 * directory shares the library; a script is there whole or not at all. Nothing in it is
 * followed: what is no regular file is no script. Everything is reached from a descriptor of
 * STATE/front, because the front's own cage may hide every path from it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cordon/error.h>

/* Without ".py"; a file system takes 255 bytes, a person's screen less. */
#define SCRIPT_NAME_MAX 100

/* What one library holds: it is read whole to be listed, by a server that meanwhile does
 * nothing else. */
#define LIBRARY_COUNT_MAX 1000
#define LIBRARY_BYTES_MAX ((size_t)32 * 1024 * 1024)

/* Of a list; longer ones are cut. */
#define DOCSTRING_BYTES_MAX 4096
#define HEADER_BYTES_MAX    8192

#define LIBRARY_LOCAL "local" /* the owner of everything so far */

/* Owns nothing. */
struct library {
    int front;         /* STATE/front */
    const char *path;  /* where that lies, for people and their editors */
    const char *owner; /* of the scripts in it */
};

/* Letters, digits, '-', '_' and '.', beginning with a letter, a digit or '_'; one ".py" at
 * the end is dropped. *ret is the caller's. BLAME_CALLER. */
int script_name_check(const char *text, char **ret, struct error *err) must_check;

/* The name where the file is, or would be; the caller's. Names here are checked ones. */
char *library_path(const struct library *library, const char *name);

/* Whether Python can read it as what it says it is; `characters`: it came as characters and
 * is kept as UTF-8, so that it may name no other encoding. BLAME_CALLER. */
int script_text_check(const char *text, size_t len, bool characters, struct error *err) must_check;

/* *written false: there is one of that name, and `overwrite` is false; it is as it was. */
int library_save(const struct library *library, const char *name, const char *text, size_t len,
                 bool overwrite, bool *written, struct error *err) must_check;

/* At most SCRIPT_BYTES_MAX; *ret is the caller's. No such script: BLAME_CALLER, ENOENT. */
int library_read(const struct library *library, const char *name, char **ret, size_t *len,
                 struct error *err) must_check;

int library_remove(const struct library *library, const char *name, struct error *err) must_check;

/* Bytes of all that is in it; what cannot be read counts for nothing. */
uint64_t library_bytes(const struct library *library);

struct saved_script {
    char *name;
    char *docstring; /* docstring_find(); or NULL */
    char *header;    /* pep723_find(); or NULL */
};

struct script_list {
    struct saved_script *scripts; /* by name; at most LIBRARY_COUNT_MAX */
    size_t count;
    size_t total; /* with those that are too many for the list */
};

/* `names_only` opens none of them. */
int library_list(const struct library *library, bool names_only, struct script_list *ret,
                 struct error *err) must_check;
void script_list_done(struct script_list *list);
