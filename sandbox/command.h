/* SPDX-License-Identifier: Apache-2.0 */
/* command.h - how a script is handed to its interpreter. */
#pragma once

#include <cordon/launch.h>

#include "env.h"

struct command {
    char **argv;            /* NULL-ended, the caller's to free */
    const char *script_at;  /* where the script's bytes go inside, or NULL when it runs in place */
    char *import_directory; /* becomes sys.path[0] by PYTHONPATH, or NULL */
};

/* `environment` may have no path. `cwd` is where the run starts inside. */
void command_make(const struct launch *launch, const struct python *python,
                  const struct environment *environment, const char *cwd, struct command *ret);
void command_done(struct command *command);
