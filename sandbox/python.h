/* SPDX-License-Identifier: Apache-2.0 */
/* python.h - the interpreters of this host: found once, probed in a box, remembered.
 *
 * Never a version manager's shim: candidates are resolved to real ELF files.
 * Remembered in STATE/gate/interpreters by device, inode, size and mtime.
 */
#pragma once

#include <cordon/launch.h>

#include "sandbox.h"

struct python {
    char *path;    /* the real binary, absolute */
    char *prefix;  /* its installation, absolute; what must be bound to run it ("/usr" as well) */
    char *version; /* "3.12.4" */
    int major, minor, micro;
    char *modules;  /* of its own library, top-level names with a space between them */
    char *identity; /* one line for hashing: path, device, inode, size, mtime, version */
};

struct pythons {
    struct python *list; /* newest first */
    size_t count;
};

/* All interpreters of the host; probes those that are new or changed. */
int pythons_find(const struct sandbox *sandbox, int control, struct pythons *ret,
                 struct error *err) must_check;
void pythons_done(struct pythons *pythons);

/* Every row and every word of it. */
void pythons_copy(const struct pythons *from, struct pythons *ret);

/* What a run asks for. `version` may be NULL, "3", "3.12", "3.12.4" or an absolute
 * path of an ELF interpreter (PYTHON_EXACT at the command line). `allowed` is NULL
 * or the versions a requires-python admits (NULL-ended); then `demand` is what and whose that
 * is, in words. */
struct python_asked {
    enum python_wish wish;
    const char *version;
    char *const *allowed;
    const char *demand;
};

/* Chooses one (contract, section 2: "3.12" as default; exact; newest from 3.9 on).
 * Refusals list what was found. The result points into *pythons (or is added to it,
 * for a path). */
int python_choose(const struct sandbox *sandbox, struct pythons *pythons,
                  const struct python_asked *asked, int control, const struct python **ret,
                  struct error *err) must_check;
