/* SPDX-License-Identifier: Apache-2.0 */
/* env_uv.h - one call of uv, in a box of its own. */
#pragma once

#include "env_make.h"

#define UV_POLICY "fetch"

#define LOCKED_INSIDE UV_INSIDE "/requirements.txt" /* where a box sees a lock */

/* What the box may do beside running uv. */
enum uv_power {
    UV_LOCAL,    /* no network and no settings: no address of any index; interpreters may run */
    UV_INSTALLS, /* a way out to the indexes, with the operator's settings and credentials;
                  * the interpreter may run, so uv must be told not to build */
    UV_FETCHES,  /* the same, and the interpreter cannot be executed: what would be a build
                  * ends where a package's code would begin */
};

struct uv_call {
    const struct env_making *making;
    enum uv_power power;
    const char *const *words;          /* after the program's name, NULL-ended */
    char *const *more;                 /* further words, or NULL */
    const char *const *before;         /* in front of the program's name, or NULL */
    const char *const *variables;      /* further ones, or NULL */
    const struct errand_mount *mounts; /* further ones: the cache, what is written */
    size_t mount_count;
};

/* As errand_run(): 0 where uv ran in its box, however it ended. */
int uv_call(const struct sandbox *sandbox, const struct uv_call *call, struct errand_result *ret,
            struct error *err) must_check;

/* 0 where uv did what it was asked; else its reason as a sentence, with blame. */
int uv_judge(const struct env_making *making, const struct errand_result *result,
             struct error *err) must_check;

/* The words of `uv pip install` for all that is asked for, the caller's; a lock is seen at
 * LOCKED_INSIDE. uv verifies each file that it has a hash for. */
char **uv_wanted(const struct env_request *request);

/* "/box/env/bin/python3.12": uv remembers interpreters by path, and every
 * environment lies at the same one: the numbered name keeps versions apart. */
char *uv_python(const struct env_making *making);
