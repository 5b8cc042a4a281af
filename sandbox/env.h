/* SPDX-License-Identifier: Apache-2.0 */
/* env.h - environments made by uv in prepare boxes, kept read-only under a key.
 *
 * STATE/gate/environments/OWNER/KEY/ is whole or not there: it is made under
 * another name and renamed. Concurrent calls for one key wait on a lock, and
 * the first makes it. Seen by boxes as ENVIRONMENT_INSIDE, where it was made too.
 */
#pragma once

#include "header.h"

#define ENVIRONMENT_INSIDE "/box/env"

struct env_request {
    const char *owner;
    const struct python *python;
    char *const *requirements; /* parameters and header's together, NULL-ended; NULL or empty:
                                * no environment is needed */
    const char *header;        /* raw block or project file, hashed with the rest; or NULL */
    const char *locked;        /* the requirements again, each with its hashes, as a file of
                                * requirements: these files and no others; or NULL */
    char *const *beside;       /* of the requirements those that no lock names; NULL-ended, or NULL:
                                * the lock is all there is to install */
    bool offline, refresh;
    bool builds; /* source distributions may be built, in boxes of their own */
    int control;
    void (*phase)(void *context, const char *what); /* "resolving", "installing", "compiling" */
    void *context;
};

struct environment {
    char *key;  /* hexadecimal; NULL: none was needed */
    char *path; /* on the host; NULL: none */
    bool cached;
    char **installed; /* "name==version", sorted */
    int hold; /* where path is not NULL: a lock that keeps it from being removed while it is in
               * use; let go by environment_done() */
};

/* Offline, or where there is no uv, the newest that any uv made for the same serves.
 * Failure with uv's own reason, shortened to its point; a requirement that has
 * only a source distribution is named with the setting to come; a bad
 * requirement is BLAME_CALLER. */
int environment_ensure(const struct sandbox *sandbox, const struct env_request *request,
                       struct environment *ret, struct error *err) must_check;
void environment_done(struct environment *environment);

/* What makes two environments the same one: the key is a SHA-256 over all of it. */
struct env_identity {
    const char *uv_version, *interpreter;
    char *const *requirements; /* in any order */
    const char *settings;      /* the operator's index settings, without credentials */
    const char *header;        /* or NULL */
    bool builds;
};
char *env_key(const struct env_identity *identity); /* the caller's */

/* The key of what `request` asks for, the caller's, with this host's uv. *uv_version is what
 * holds where there is none; else this host's is put there. */
int environment_key(const struct sandbox *sandbox, const struct env_request *request,
                    char **uv_version, char **ret, struct error *err) must_check;

/* "Linux x86_64": what wheels are for; the caller's. */
char *env_machine(void);

/* Is what the configuration names as uv a program? */
int uv_check(const struct sandbox *sandbox, struct error *err) must_check;

/* The uv binary (never a shim): configuration, CORDON_UV, PATH; remembered like
 * interpreters. *path and *version are the caller's. */
int uv_find(const struct sandbox *sandbox, int control, char **path, char **version,
            struct error *err) must_check;

/* `cordon-sandbox env list|prune|export|import`: the exit status. */
int env_command(const struct sandbox *sandbox, int argc, char *const *argv);
