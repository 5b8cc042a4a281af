/* SPDX-License-Identifier: Apache-2.0 */
/* trusted.h - the other program, cordon-sandbox: where it is and how it is started. */
#pragma once

#include <sys/types.h>

#include <cordon/error.h>
#include <cordon/launch.h>

#include "cmd/options.h"

/* Beside this program, else in ../libexec/cordon/. *ret is the caller's. */
int sandbox_path(char **ret, struct error *err) must_check;

/* Is a helper of cordon-sandbox's there, beside it or in ../libexec/cordon/? */
int helper_check(const char *name, struct error *err) must_check;
int helper_path(const char *name, char **ret, struct error *err) must_check; /* the caller's */

/* Becomes `cordon-sandbox COMMAND WORDS...` with the options that hold
 * everywhere. Returns only where that fails. */
int sandbox_become(const char *command, const struct options *options, char *const *words,
                   struct error *err) must_check;

/* What main() was called with: a fork that is cordon-sandbox shows other words there. */
void sandbox_shown_in(int argc, char *const *argv);

/* Starts `cordon-sandbox COMMAND` with a seqpacket socket as its descriptor 3 and
 * nothing on 0 and 1; standard error stays ours. It leads a process group, so
 * that a terminal's signals come to us alone. *channel is the caller's. Returns
 * its process id. */
pid_t sandbox_start(const char *command, const struct options *options, int *channel,
                    struct error *err) must_check;

/* Waits for one that has told its outcome, but not long, and clears up after one that had to be
 * killed. `dead` names a run whose supervisor died before it could write it down, or NULL. */
void sandbox_await(pid_t pid, const struct options *options, const struct launch *dead);

/* Clears up after a run that ended without a word, and writes `dead` down (or NULL). */
void sandbox_sweep(const struct options *options, const struct launch *dead);
