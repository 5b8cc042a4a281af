/* SPDX-License-Identifier: Apache-2.0 */
/* project.h - what the project in a directory asks for: its pyproject.toml and uv.lock.
 *
 * Only the directory itself is looked at, beneath its descriptor. Without a lock
 * the project's dependencies are resolved like any others. With one its exact
 * files count: uv itself reads it, in a throw-away box without network, and no
 * build backend runs.
 */
#pragma once

#include "env.h"

struct project {
    struct header keys; /* of pyproject.toml; is_project false: there is none, all else is empty */
    char **pins;        /* of the lock: "name==version ; marker", NULL-ended; NULL: no lock */
    char *locked;       /* the same with hashes, as a file of requirements; NULL: no lock */
    char *text;         /* of both files: what makes two projects the same */
};

#define PROJECT_BYTES_MAX (256UL * 1024)
#define LOCK_BYTES_MAX    (8UL * 1024 * 1024) /* a thousand packages have some 3 MB */

int project_read(const struct sandbox *sandbox, struct pythons *pythons, int directory, int control,
                 struct project *ret, struct error *err) must_check;
void project_done(struct project *project);

/* A file of requirements as uv exports it -> the requirements without their hashes.
 * What is not a name with a version from an index is refused by name. */
int project_pins(const char *locked, char ***ret, struct error *err) must_check;
