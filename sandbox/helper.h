/* SPDX-License-Identifier: Apache-2.0 */
/* helper.h - cordon's own small Python programs, each run in a throw-away box.
 *
 * They read what strangers wrote (headers, package metadata) so that nothing
 * here has to. What comes back was computed over strangers' bytes: it is taken
 * apart as text without trust. The agreement: UTF-8 lines without control
 * characters, the last one "end".
 */
#pragma once

#include "errand.h"
#include "python.h"

#define HELPER_LINE_MAX  8192
#define HELPER_LINES_MAX 5000

struct helper {
    const char *what;   /* for messages: "read the script's header" */
    const char *policy; /* "strict", or "fetch" where its larger limits are needed */
    const char *interpreter, *prefix;
    const char *program; /* Python source */
    char *const *args;   /* NULL-ended, or NULL */
    const char *input;   /* standard input, or NULL */
    const struct errand_mount *mounts;
    size_t mount_count;
    const char *making; /* as in errand.h */
    uint64_t wall_ms;
    bool cut;    /* what came before "end" counts, however the program ended after it */
    int control; /* as in errand.h */
};

/* The lines before "end", NULL-ended (NULL: none), the caller's. EBADMSG: the
 * program ran and did not answer as agreed; ETIME: it was stopped before it could. */
int helper_run(const struct sandbox *sandbox, const struct helper *helper, char ***ret,
               struct error *err) must_check;

/* 0 where a command ran in its box, however it ended; else why it did not. */
int helper_fault(const struct outcome *outcome, const char *what, struct error *err) must_check;

/* The pure part: splits and checks `text`. */
int helper_lines(const char *text, size_t len, char ***ret, struct error *err) must_check;

/* The rest of a line that begins with "WORD ", or NULL. */
const char *helper_value(const char *line, const char *word);
