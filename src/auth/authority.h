/* SPDX-License-Identifier: Apache-2.0 */
/* authority.h - who is asking: from the Authorization header of a request to a principal.
 *
 * A token is looked for among the hashed ones first, then, where the configuration names an
 * issuer, taken for a JWT and judged by cordon-oauth (jwt.h). Nothing of a token is logged.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "auth/bearer.h"
#include "auth/jwt.h"
#include "auth/tokens.h"
#include "config.h"

struct authority;

/* Makes one without any token (authority_tokens() and authority_jwt() bring them). Borrows the
 * configuration. A configuration that cannot be served so is BLAME_HOST. */
int authority_new(const struct config *config, struct authority **ret,
                  struct error *err) must_check;
void authority_free(struct authority *authority); /* NULL is fine */

/* Is anybody asked for a token? */
bool authority_asks(const struct authority *authority);

/* From here on these are the tokens, or the keys; the old ones are not good any more. Text as
 * the gate has read it. On failure all stays as it was. `jwt` is taken by the first. */
void authority_jwt(struct authority *authority, struct jwt *jwt);
int authority_tokens(struct authority *authority, const char *text, size_t len,
                     struct error *err) must_check;
int authority_keys(struct authority *authority, const char *text, size_t len,
                   struct error *err) must_check;

struct grant {
    char name[OWNER_MAX];
    unsigned scopes;
};

/* 0 and *ret; or -1 with *what and a sentence for the client. Where nobody is asked for a token
 * the asker is "local". */
int authority_judge(struct authority *authority, const char *header, struct grant *ret,
                    enum unserved *what, struct error *err) must_check;

/* WWW-Authenticate for a request that is not served; the caller's. */
char *authority_challenge(const struct authority *authority, enum unserved what, unsigned scopes,
                          const char *why);

/* RFC 9728; the caller's. NULL: there is none, as no issuer is configured. */
struct json_object *authority_metadata(const struct authority *authority);
