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
 */
#pragma once

#include "env_make.h"

/* Fills making->path, where an attempt with wheels alone has failed. */
int env_build(const struct sandbox *sandbox, const struct env_making *making,
              struct error *err) must_check;

/* The innermost package that uv says it failed to build ("name==version" within
 * backquotes, the last in `text`): false where it says none. */
struct package {
    char name[101], version[101];
};
bool build_wanted(const char *text, struct package *ret);

/* A package that a build asked for and that is not there. */
bool build_missing(const char *text, char name[101]);

/* Is `file` the name of a wheel of that package? */
bool wheel_is_of(const char *file, const char *name);
