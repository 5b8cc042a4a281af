/* SPDX-License-Identifier: Apache-2.0 */
/* toml.h - what a TOML text says where (TOML 1.1), for somebody who edits it as text.
 *
 * Numbers and dates are not judged, only found: whose file it is does that.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <cordon/error.h>

#include "str.h"

enum toml_kind {
    TOML_TABLE,  /* [path] */
    TOML_TABLES, /* [[path]] */
    TOML_VALUE,  /* path = value */
    TOML_INLINE, /* path = { ... } */
};

struct toml_item {
    enum toml_kind kind;
    char **path; /* owned */
    unsigned line;
    size_t begin, end; /* of a value; of a header the end of its line, without it */
};

struct toml {
    const char *text; /* borrowed */
    size_t len, at;
    struct error *err;
    struct toml_item *items;
    size_t count;
    char **table; /* the header that holds now; owned */
};

/* Lists each header of a table and each value, with its whole path, also inside of inline tables
 * (not of arrays). Fails, BLAME_CALLER, with "line 4: ..."; toml_done() either way. */
int toml_read(struct toml *toml, const struct str *text, struct error *err) must_check;
void toml_done(struct toml *toml);

/* How many names the two paths have in common from the first on. */
size_t toml_shared(char *const *path, const char *const *other);

/* What has this path, the first time; NULL: nothing. */
const struct toml_item *toml_at(const struct toml *toml, const char *const *path);

/* What a value says, where that is a string; NULL: it is another. The caller's. */
char *toml_string(const struct toml *toml, const struct toml_item *item);
