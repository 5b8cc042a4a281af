/* SPDX-License-Identifier: Apache-2.0 */
/* named.h - files that the command line names, where an earlier run may have planted links.
 *
 * What lies in a workspace was perhaps made by a stranger's script. A name that goes through
 * the workspace therefore ends in it: else a link there would lend the script the caller's
 * eyes (--env-file, the script itself) or hands (--report) at its next run.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* As open(2), close-on-exec, O_NOCTTY, `mode` 0666; `workspace` is canonical, or NULL. The
 * descriptor, or -errno: EXDEV where a link leads out of the workspace, EINVAL for what is no
 * file or directory in it. What was judged is what is opened, whatever is swapped meanwhile. */
int named_open(const char *path, int flags, const char *workspace);

/* True if that name leads to the open file `fd` still, or again. */
bool named_is(const char *path, int fd, const char *workspace);

/* Why not, in words; not the caller's to free. */
const char *named_problem(int code);

/* A script that was read: no output takes its place. Remembered until the process ends. */
struct stat;
void named_keep(const struct stat *script);
bool named_kept(const struct stat *file);
#define OUTPUT_IS_SCRIPT "this is the script; name another file"
