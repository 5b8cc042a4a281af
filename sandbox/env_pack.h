/* SPDX-License-Identifier: Apache-2.0 */
/* env_pack.h - wheels again, of what uv has unpacked into a cache.
 *
 * In its cache uv keeps the addresses of indexes, and what it holds is found by them
 * alone. A directory of wheels knows neither where they came from nor by whose right.
 */
#pragma once

#include "env_make.h"

/* Every package of the cache at `cache` as a wheel in `wheels`, where it is not there yet;
 * both on the host. The work is done in a box without network, by no code of any package. */
int env_pack(const struct sandbox *sandbox, const struct env_making *making, const char *cache,
             const char *wheels, struct error *err) must_check;
