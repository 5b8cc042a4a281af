/* SPDX-License-Identifier: Apache-2.0 */
/* config.h - the operator's configuration file (contract, section 6; cordon-config(5)).
 *
 * Strict JSON; owned by root or the user who runs cordon and not writable by
 * others, else refused. A missing file is a configuration with defaults; a
 * missing key takes its default.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cordon/error.h>
#include <cordon/log.h>

#include "principal.h"

/* Whose JWTs are believed (RFC 9068, RFC 7519). */
struct oauth {
    char *issuer, *audience; /* NULL: none are */
    char *keys;              /* path of a JSON Web Key Set */
    char **algorithms;       /* default: RS256, ES256 */
};

struct config {
    char *source;           /* the path it was read from, or NULL for defaults */
    char **roots;           /* absolute; NULL: none configured */
    char **client_policies; /* default: default, strict */
    char *default_policy;   /* "default" */
    char *uv_path;          /* NULL: CORDON_UV, then PATH */
    char *uv_index;
    char **uv_extra_index;
    bool uv_offline;
    uint64_t environment_max_age_s; /* of one without pinned versions; 7 days */
    uint64_t environment_max_bytes; /* of all together, uv's cache with them; 32 GiB */
    char **pythons;                 /* further interpreters */
    char *state;                    /* NULL: the default place */
    uint32_t slot_first;            /* outside ids as root: slot_first ... + slot_count - 1 */
    uint32_t slot_count;
    uint64_t pool_size;       /* boxes that stand ahead of their runs; 0: none */
    uint64_t pool_memory;     /* bytes that all of them may hold */
    uint64_t pool_idle_ms;    /* one that nobody wanted for so long goes */
    char *account;            /* of the front as root; NULL: a reserved id */
    uint64_t jobs_keep;       /* ended jobs */
    uint64_t jobs_max_age_ms; /* of ended jobs */
    uint64_t jobs_max_bytes;  /* of their output */
    char *http_address;       /* NULL: none */
    char *tls_certificate;    /* NULL: no TLS; else there is a key too */
    char *tls_key;
    enum log_level log_level;
    char *audit;         /* path of the audit log; NULL: in the state directory */
    bool audit_required; /* nothing runs that it could not be told of first */
    char *tokens;        /* path of the file with hashed tokens; NULL: there is none */
    struct oauth oauth;
    struct principals principals;
};

/* The policies that `owner` may name, NULL-ended; NULL: there is no such principal. */
char *const *config_policies(const struct config *config, const char *owner);

/* Where config_load() looks; NULL: nowhere. The caller's. */
char *config_path(const char *option);

/* Reads `path`; when NULL, CORDON_CONFIG's; without that the default place,
 * $XDG_CONFIG_HOME/cordon/config.json, as root /etc/cordon/config.json, where a
 * missing file is fine. *ret is the caller's, config_done(), after success. */
int config_load(const char *path, struct config *ret, struct error *err) must_check;
void config_done(struct config *config);

/* The same from text that was read from `source`. */
int config_parse(const char *source, const char *text, size_t len, struct config *ret,
                 struct error *err) must_check;

/* A file that decides what is permitted must be owned by root or us and not be
 * writable by others: BLAME_HOST, EPERM, with the reason. */
int trusted_file(int fd, const char *path, struct error *err) must_check;

/* Such a file's text, NUL-ended and the caller's. */
int trusted_read(const char *path, size_t max, char **ret, size_t *len,
                 struct error *err) must_check;

/* Where policies are looked for, in this order: `option` (or NULL), the system's, and last those
 * that are shipped with the cordon-sandbox at `program`. The caller's, list_free(). */
char **policy_directories(const char *option, const char *program);

/* The state directory: --state, CORDON_STATE, configuration, default; made 0700
 * if it is not there. *ret is its absolute path, the caller's. */
int state_directory(const char *option, const struct config *config, char **ret,
                    struct error *err) must_check;
