/* SPDX-License-Identifier: Apache-2.0 */
/* env_cache.h - uv's cache of one owner: STATE/gate/uv-cache/OWNER.
 *
 * Whoever installs from it holds a shared lock on the directory; something is removed only
 * under an exclusive one.
 */
#pragma once

#include <time.h>

#include "sandbox.h"

/* Made where it is missing, and held: a descriptor whose closing lets go. *path is the
 * caller's. */
int cache_open(const struct sandbox *sandbox, const char *owner, char **path,
               struct error *err) must_check;

/* Removes the packages that came after `since` or are half there. Where others install from
 * it at this moment nothing is: theirs may be among them. */
void cache_forget(int cache, struct timespec since);

/* Removes the whole of every owner's that nobody uses. */
void cache_clear(const struct sandbox *sandbox);

/* Bytes of all owners'. */
uint64_t cache_size(const struct sandbox *sandbox);
