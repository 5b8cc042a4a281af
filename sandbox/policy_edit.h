/* SPDX-License-Identifier: Apache-2.0 */
/* policy_edit.h - proposals: changes of a policy's text, shown as a unified diff, never made.
 *
 * Everything else in the file stays as a person wrote it: order, blanks, line ends.
 */
#pragma once

#include "str.h"

/* All zero is no change; `text` is borrowed and is JSON that json_load() took. */
struct policy_edits {
    const char *text;
    size_t len;
    struct policy_edit *list; /* by place */
    size_t count;
};

/* Behind the last element of the list at `path`; on lines of their own where that has one. */
void policy_edit_append(struct policy_edits *edits, const char *path, char *const *elements);

/* Another value at `path`; where the key is missing at the top of the file, a new one. */
void policy_edit_value(struct policy_edits *edits, const char *path, const char *value);

/* The changed text; the caller's. */
char *policy_edits_apply(const struct policy_edits *edits);

/* What patch(1) reads; nothing without changes. */
void policy_edits_diff(const struct policy_edits *edits, const char *name, struct str *out);

void policy_edits_done(struct policy_edits *edits);
#define autoedits __attribute__((cleanup(policy_edits_done)))
