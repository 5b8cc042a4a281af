/* SPDX-License-Identifier: Apache-2.0 */
/* errand.h - one of cordon's own commands in a throw-away box, waited for.
 *
 * Interpreters are probed, headers read and environments made this way. The
 * box is complete: nothing runs with less around it than a script has.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cordon/error.h>
#include <cordon/note.h>

#include "egress_order.h"
#include "sandbox.h"
#include "verdict.h"

struct errand_mount {
    const char *host;   /* absolute path on the host; a file or a directory */
    const char *inside; /* NULL: the same path */
    bool no_execution;  /* nothing in it can be executed */
    bool write;         /* as root through an id-mapped mount: files keep the owner of `host` */
};

struct errand {
    const char *policy; /* "strict" or "fetch"; of `cordon check` any, or a file */
    char *const *argv;  /* argv[0] absolute, inside */
    char *const *env;   /* the whole environment */
    const char *cwd;    /* inside; NULL: the scratch home */
    const struct errand_mount *mounts;
    size_t mount_count;
    const char *making; /* host directory that several errands make together: what is in it
                         * already counts for the limits of what they write (written.h); or NULL */
    const void *input;  /* standard input; NULL: /dev/null */
    size_t input_len;
    const struct egress_order *egress; /* who may be reached; NULL: nobody. Its variables are the
                                        * caller's to add (egress_variables()) */
    uint64_t wall_ms;                  /* 0: the policy's */
    int control; /* the job's control pipe: its closed end ends the errand (ECANCELED); or -1 */
    const struct verdict *verdict; /* of the self-test, for the layers in the result; or NULL */
    bool tell_workspace;           /* layers as those of a run in the current directory */
};

#define ERRAND_OUTPUT_MAX (1024 * 1024)

struct errand_result {
    struct outcome outcome;
    char *out; /* standard output, NUL-ended, at most ERRAND_OUTPUT_MAX; more is dropped */
    size_t out_len;
    char *err; /* standard error, the same */
    size_t err_len;
    struct started started; /* policy, limits and layers of the box, where it came to stand */
};

/* 0 when the box was built and the command ended somehow: look at the outcome.
 * *ret is the caller's, errand_result_done(), also after failure. */
int errand_run(const struct sandbox *sandbox, const struct errand *errand,
               struct errand_result *ret, struct error *err) must_check;
void errand_result_done(struct errand_result *result);
