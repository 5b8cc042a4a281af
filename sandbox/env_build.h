/* SPDX-License-Identifier: Apache-2.0 */
/* env_build.h - source distributions: download first, build second.
 *
 *     download  uv, with network and credentials, in a box in which no interpreter
 *               can be executed: it goes as far as a build would begin
 *     pack      what has come is made wheels again (env_pack.h)
 *     build     that one package becomes a wheel, in a box without network, settings,
 *               addresses or anything to write but the wheel; it sees its own source
 *               and the packed wheels
 *     ...       the download goes on, and finds the wheel
 *
 * until nothing is left to build, and the download is the installation. Cache
 * and wheels are this environment's own and are thrown away with it.
 *
 * With a lock uv verifies every file that it names. What a build needs is in no lock, so
 * a package that the lock does name is fetched once more before it is built, alone, by its
 * hash, into a cache where nothing unverified ever comes (`sources`); then the wheel that
 * it became takes its place in the lock, by the hash that we have seen.
 */
#pragma once

#include "env_make.h"

/* Fills making->path, where an attempt with wheels alone has failed. */
int env_build(const struct sandbox *sandbox, const struct env_making *making,
              struct error *err) must_check;
