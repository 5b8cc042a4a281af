/* SPDX-License-Identifier: Apache-2.0 */
/* place.h - one entry of a run's writes, put into the workspace or taken out of it.
 *
 * Everything is done beneath two open directories, `from` in the run's layer and `to` in
 * the workspace; nothing that exists is opened for writing, no link is followed, and only
 * the owner of the workspace acts: as root every change is made with the owner's
 * file-system ids. A file is whole or not there.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include <cordon/own.h>

#include "stop.h"

struct place {
    bool root; /* we are the host's root and have to step back */
    uid_t uid; /* of the workspace */
    gid_t gid;
    struct timespec since; /* what changed in the workspace after this is not ours to replace */
    uint64_t room;         /* bytes that may still be written */
    struct stop stop;
};

/* All return 0 or -errno: ESTALE where the entry in the workspace is not what `old` says
 * (NULL: nothing is there), or is younger than the run; EDQUOT where the room is not enough;
 * ECANCELED where a copy was stopped: nothing of it is there. */

/* A copy of a regular file, with its permissions and its time, without setuid, setgid and
 * sticky bits; holes stay holes. EMEDIUMTYPE: it is none. */
int place_file(struct place *place, int from, const char *name, int to,
               const struct stat *old) must_check;
int place_link(const struct place *place, int from, const char *name, int to,
               const struct stat *old) must_check;
int place_directory(const struct place *place, int to, const char *name) must_check;
int place_mode(const struct place *place, int directory, mode_t mode) must_check;

/* A file, or an empty directory. */
int place_remove(const struct place *place, int to, const char *name,
                 const struct stat *old) must_check;

/* True if two entries are files with the same bytes and permissions, or the same links.
 * Reads at most *budget bytes in all calls together; beyond, or stopped, nothing is. */
bool place_same(struct place *place, int from, int to, const char *name, const struct stat *one,
                const struct stat *other, uint64_t *budget);
