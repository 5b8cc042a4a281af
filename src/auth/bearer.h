/* SPDX-License-Identifier: Apache-2.0 */
/* bearer.h - what HTTP says about tokens: Authorization, WWW-Authenticate (RFC 6750), and where
 * tokens are to be had (RFC 9728). Pure functions.
 */
#pragma once

#include <json-c/json.h>
#include <stddef.h>

#include <cordon/error.h>

#include "config.h"

enum bearer {
    BEARER_NONE,      /* no header, or another scheme's */
    BEARER_TOKEN,     /* *token and *len are in the header */
    BEARER_MALFORMED, /* "Bearer" without a token, or with what is none */
};

/* The value of Authorization, or NULL. A token anywhere else is not looked at. */
enum bearer bearer_parse(const char *header, const char **token, size_t *len);

/* Why a request is not served. */
enum unserved {
    UNSERVED_ABSENT,    /* 401 */
    UNSERVED_INVALID,   /* 401 */
    UNSERVED_MALFORMED, /* 400 */
    UNSERVED_SCOPE,     /* 403 */
};

/* The status, and the value of WWW-Authenticate; the caller's. `metadata`: metadata_url(), or
 * NULL; `scopes`: bits (principal.h) that would do, 0: not said; `why` is plain text, or NULL. */
int unserved_status(enum unserved what);
char *bearer_challenge(enum unserved what, const char *metadata, unsigned scopes, const char *why);

/* https://host/mcp -> https://host/.well-known/oauth-protected-resource/mcp; the caller's.
 * BLAME_HOST where the audience is no address of a server. */
int metadata_url(const struct oauth *oauth, char **ret, struct error *err) must_check;

/* The document at that address; the caller's. */
struct json_object *metadata_document(const struct oauth *oauth);
