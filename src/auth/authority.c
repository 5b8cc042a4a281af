/* SPDX-License-Identifier: Apache-2.0 */
/* authority.c - who is asking. */
#include "auth/authority.h"

#include <errno.h>
#include <sha2.h>
#include <stdio.h>
#include <string.h>

#include <cordon/log.h>

#include "str.h"

struct authority {
    const struct config *config;
    struct tokens *tokens;
    struct jwt *jwt;
    char *metadata; /* where it is; NULL: no issuer is configured */
};

int authority_new(const struct config *config, struct authority **ret, struct error *err)
{
    struct authority *authority = xcalloc(1, sizeof(*authority));
    authority->config = config;
    int r = config->oauth.issuer ? metadata_url(&config->oauth, &authority->metadata, err) : 0;
    if (r == 0 && config->oauth.issuer && !config->oauth.keys)
        r = fail_host_as(err, EINVAL,
                         "http.oauth.keys is missing: the issuer's keys are read from a file");
    if (r < 0)
        authority_free(authority);
    else
        *ret = authority;
    return r;
}

void authority_free(struct authority *authority)
{
    if (!authority)
        return;
    tokens_free(authority->tokens);
    jwt_free(authority->jwt);
    free(authority->metadata);
    free(authority);
}

bool authority_asks(const struct authority *authority)
{
    return authority->config->tokens || authority->config->oauth.issuer;
}

void authority_jwt(struct authority *authority, struct jwt *jwt)
{
    authority->jwt = jwt;
}

int authority_tokens(struct authority *authority, const char *text, size_t len, struct error *err)
{
    struct tokens *tokens = NULL;
    const struct config *config = authority->config;
    int r = tokens_parse(config->tokens, text, len, &config->principals, &tokens, err);
    if (r < 0)
        return r;
    if (tokens_count(tokens) == 0)
        log_event(LOG_WARN, "no-tokens", KV("file", config->tokens),
                  KV("reason",
                     "no line of it names a principal; tokens of one's own open nothing"));
    tokens_free(authority->tokens);
    authority->tokens = tokens;
    return 0;
}

int authority_keys(struct authority *authority, const char *text, size_t len, struct error *err)
{
    if (!authority->jwt)
        return fail_host_as(err, ENOENT, "nothing here judges JWTs");
    int r = jwt_keys(authority->jwt, text, len, err);
    return r < 0 ? fail_within(err, "%s", authority->config->oauth.keys) : 0;
}

/* --- judging --------------------------------------------------------------------------- */

static const struct principal *named(const struct authority *authority, const char *name,
                                     struct grant *ret)
{
    (void)snprintf(ret->name, sizeof(ret->name), "%s", name);
    return principal_find(&authority->config->principals, name);
}

/* A name of its own for each subject, from which nobody learns the subject. */
static void derive(const struct authority *authority, const char *subject, char ret[OWNER_MAX])
{
    SHA2_CTX context;
    char digits[SHA256_DIGEST_STRING_LENGTH];
    const char *issuer = authority->config->oauth.issuer;
    SHA256Init(&context);
    SHA256Update(&context, (const uint8_t *)issuer, strlen(issuer) + 1);
    SHA256Update(&context, (const uint8_t *)subject, strlen(subject));
    SHA256End(&context, digits);
    (void)snprintf(ret, OWNER_MAX, PRINCIPAL_DERIVED "%.32s", digits);
}

static int judge_jwt(struct authority *authority, const char *token, size_t len, struct grant *ret,
                     struct error *err)
{
    struct claims claims;
    int r = jwt_check(authority->jwt, token, len, &claims, err);
    if (r < 0)
        return r;
    const struct principals *all = &authority->config->principals;
    const struct principal *principal = principal_of_subject(all, claims.subject);
    struct grant grant = { .scopes = scopes_parse(claims.scopes) };
    if (principal) {
        (void)snprintf(grant.name, sizeof(grant.name), "%s", principal->name);
    } else {
        derive(authority, claims.subject, grant.name);
        principal = principal_find(all, grant.name);
    }
    if (!principal)
        return fail_caller(err, EACCES, "the token is good, but nobody here is its subject");
    grant.scopes &= principal->scopes;
    *ret = grant;
    return 0;
}

static int judge_token(struct authority *authority, const char *token, size_t len,
                       struct grant *ret, struct error *err)
{
    const char *name = tokens_find(authority->tokens, token, len);
    const struct principal *principal = name ? named(authority, name, ret) : NULL;
    if (principal) {
        ret->scopes = principal->scopes;
        return 0;
    }
    if (authority->jwt)
        return judge_jwt(authority, token, len, ret, err);
    return fail_caller(err, EACCES, "the token is not one that is known here");
}

int authority_judge(struct authority *authority, const char *header, struct grant *ret,
                    enum unserved *what, struct error *err)
{
    const char *token;
    size_t len;
    if (!authority_asks(authority)) {
        ret->scopes = named(authority, OWNER_LOCAL, ret)->scopes;
        return 0;
    }
    switch (bearer_parse(header, &token, &len)) {
    case BEARER_TOKEN:
        *what = UNSERVED_INVALID;
        return judge_token(authority, token, len, ret, err) < 0 ? -1 : 0;
    case BEARER_MALFORMED:
        *what = UNSERVED_MALFORMED;
        (void)fail_caller(err, EINVAL, "Authorization must be \"Bearer TOKEN\"");
        return -1;
    case BEARER_NONE:
        break;
    }
    *what = UNSERVED_ABSENT;
    (void)fail_caller(err, EACCES, "a token is wanted: Authorization: Bearer TOKEN");
    return -1;
}

char *authority_challenge(const struct authority *authority, enum unserved what, unsigned scopes,
                          const char *why)
{
    return bearer_challenge(what, authority->metadata, scopes, why);
}

struct json_object *authority_metadata(const struct authority *authority)
{
    return authority->metadata ? metadata_document(&authority->config->oauth) : NULL;
}
