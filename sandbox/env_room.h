/* SPDX-License-Identifier: Apache-2.0 */
/* env_room.h - how much room all environments may take, uv's cache with them. */
#pragma once

#include "sandbox.h"

/* In bytes: the configuration's, or a quarter of the file system where that is less. */
uint64_t env_room(const struct sandbox *sandbox);

/* Where they take more: the cache goes if it is the larger half, and then those that were
 * not used for longest and that nobody holds. */
void env_make_room(const struct sandbox *sandbox);
