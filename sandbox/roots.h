/* SPDX-License-Identifier: Apache-2.0 */
/* roots.h - which directories and files of the host a client may name.
 *
 * The front never opens a caller's path: it asks here. What is answered was opened
 * beneath a root, without following a link that could have been swapped meanwhile.
 */
#pragma once

#include <cordon/launch.h>

#include "sandbox.h"

/* Fills sandbox->roots: options, else configuration, else the directory we were started in and the
 * temporary directory (contract, section 2); and makes plain those of principals with their own. */
int roots_find(struct sandbox *sandbox, char *const *options, struct error *err) must_check;

/* Is each root of the configuration there, and a directory? BLAME_HOST, with which is not. */
int roots_check(const struct sandbox *sandbox, struct error *err) must_check;

/* Opens (O_PATH) a directory that lies beneath a root of `owner`; `path` is absolute, or relative
 * to the first of them. For `cordon-sandbox run` every directory is allowed. *canonical is the
 * caller's. Returns the descriptor. */
int roots_directory(const struct sandbox *sandbox, const char *owner, const char *path,
                    char **canonical, struct error *err) must_check;

/* Answers one question of a front; *file gets a sealed memfd with the bytes, or -1
 * where only a directory was asked about. The answer's text says what is allowed. */
void roots_resolve(const struct sandbox *sandbox, const struct resolve *question,
                   struct resolved *answer, int *file);
