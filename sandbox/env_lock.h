/* SPDX-License-Identifier: Apache-2.0 */
/* env_lock.h - a lock, as uv writes it down for an installation: a file of requirements.
 *
 *     name[extra]==version ; marker \
 *         --hash=sha256:... \
 *         --hash=sha256:...
 *
 * Pure: texts in, texts out. A package is meant by its name and version, both as uv
 * writes them.
 */
#pragma once

#include <stdbool.h>

#define WORD_MAX 100

struct package {
    char name[WORD_MAX + 1], version[WORD_MAX + 1];
};

/* Its lines alone, the caller's; NULL: the lock does not name it. */
char *lock_only(const char *locked, const struct package *package);

/* The lock with other files of that package: those of `hashes` (SHA-256, hexadecimal), none
 * of what it named before. The caller's. */
char *lock_replace(const char *locked, const struct package *package, char *const *hashes);
