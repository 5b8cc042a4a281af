/* SPDX-License-Identifier: Apache-2.0 */
/* env_store.h - environments on disk: where, whole or not, in use or not.
 *
 *     STATE/gate/environments/OWNER/KEY/env/         what boxes see as /box/env
 *     STATE/gate/environments/OWNER/KEY/record       made from what, when; its mtime is the
 *                                                    last use
 *     STATE/gate/environments/OWNER/.lock-KEY        held while one is made
 *     STATE/gate/environments/OWNER/.making-KEY-...  not whole yet
 *     STATE/gate/environments/OWNER/.old-KEY-...     replaced, perhaps still in use
 *
 * Whoever uses an environment holds a shared lock on its directory; it is
 * removed only under an exclusive one.
 */
#pragma once

#include <stdint.h>

#include "sandbox.h"

/* Files of an environment beside "env". */
#define ENV_RECORD "record"
#define ENV_HEADER "header" /* raw: of the script or the project, where it had one */

#define ENV_KEY_LEN 64 /* a SHA-256 in hexadecimal */

struct env_record {
    uint64_t created_ms; /* since 1970 */
    char *python, *uv;
    char *machine;  /* "Linux x86_64" */
    bool builds;    /* source distributions were allowed */
    uint64_t bytes; /* on disk; 0: not known */
    char **requirements, **installed;
};

/* The text of a record and back; EBADMSG if it is not whole. */
char *env_record_print(const struct env_record *record);
int env_record_parse(const char *text, size_t len, struct env_record *ret,
                     struct error *err) must_check;
void env_record_done(struct env_record *record);

/* What is in a directory, NULL-ended, the caller's; with or without names that begin with a
 * dot. NULL: nothing, or it cannot be read. */
char **names_in(int directory, bool hidden);

/* The directory of one owner, made where it is missing; a descriptor. */
int env_owner_open(const struct sandbox *sandbox, const char *owner, struct error *err) must_check;

/* Opens KEY, holds it and reads its record: a descriptor whose closing lets go.
 * -ENOENT without a word in *err where there is none that is whole. */
int env_hold(int owner, const char *key, struct env_record *ret, struct error *err) must_check;

/* Stamps the last use. */
void env_used(int hold);

/* Waits for the right to make KEY; what a dead maker left is removed. A
 * descriptor, to be given to env_unlock(). ECANCELED when `control` closes.
 * EALREADY, where `word` is not NULL and somebody tried to make it while we waited: what he was
 * told is there then. */
int env_lock(int owner, const char *key, int control, struct error *word,
             struct error *err) must_check;

/* `word`: why it could not be made, for those who wait; NULL: it was made, or may be tried. */
void env_unlock(int owner, const char *key, int *lock, const struct error *word);

/* A new directory under a name of its own; *name is the caller's. */
int env_begin(int owner, const char *key, char **name, struct error *err) must_check;

/* Puts the directory `name` in the place of KEY; what was there goes when unused. */
int env_finish(int owner, const char *name, const char *key, struct error *err) must_check;

/* Removes one that nobody uses: 0, or -EBUSY. */
int env_remove(int owner, const char *name, struct error *err) must_check;

/* Removes replaced ones that nobody uses any more, and leftovers of dead makers. */
void env_sweep(int owner);
