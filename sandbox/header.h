/* SPDX-License-Identifier: Apache-2.0 */
/* header.h - what a PEP 723 block asks for, read by Python's tomllib in a box without network.
 *
 * From a stranger's block only `dependencies` and `requires-python` count; a
 * [tool.uv] key and a direct reference (PEP 508 "name @ url") are refused by
 * name. Remembered in STATE/gate/headers by the SHA-256 of the text.
 *
 * A directory's pyproject.toml is read the same way. In its [tool.uv] stands much
 * that says nothing of where packages come from; what does is refused.
 */
#pragma once

#include "python.h"

struct header {
    char **dependencies;     /* NULL-ended, or NULL */
    bool lists_dependencies; /* the key is there, be the list empty */
    char *requires_python;   /* or NULL */
    bool is_project;         /* of a pyproject.toml: it has a [project] table */
};

int header_read(const struct sandbox *sandbox, struct pythons *pythons, const char *toml,
                int control, struct header *ret, struct error *err) must_check;
void header_done(struct header *header);

/* The same for a pyproject.toml. `locked`: a uv.lock has the resolution, and keys that
 * only guide one may be there. */
int header_read_project(const struct sandbox *sandbox, struct pythons *pythons, const char *toml,
                        bool locked, int control, struct header *ret, struct error *err) must_check;

/* What such reading came to, kept as it is beside the answers: `kind` is a word. */
bool header_recall_text(const struct sandbox *sandbox, const char *kind, const char *asked,
                        char **ret);
void header_keep_text(const struct sandbox *sandbox, const char *kind, const char *asked,
                      const char *text);

/* The versions among `pythons` that a requires-python specifier admits, as a
 * NULL-ended list; decided by Python in the same kind of box, remembered too. */
int header_versions(const struct sandbox *sandbox, struct pythons *pythons, const char *specifier,
                    int control, char ***ret, struct error *err) must_check;
