/* SPDX-License-Identifier: Apache-2.0 */
/* request.h - the command line as a request: files are read, paths made absolute. */
#pragma once

#include <stdbool.h>

#include <cordon/error.h>
#include <cordon/spec.h>

#include "cmd/options.h"

struct request {
    struct spec spec;
    bool input_taken; /* the script came from standard input: nothing is left of it */
    char *neighbours; /* directory of a script file that the box does not show; or NULL */
    char **remarks;   /* lines for the caller; or NULL */
};

/* `script`: the words begin with a script (run) rather than a program (exec).
 * A script that is not there has the code ENOENT, EACCES, EISDIR or the like and
 * *no_script set. The caller ends *ret with request_done() either way. */
int request_make(const struct options *options, bool script, struct request *ret, bool *no_script,
                 struct error *err) must_check;
void request_done(struct request *request);
