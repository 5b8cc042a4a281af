/* SPDX-License-Identifier: Apache-2.0 */
/* bearer.c - Authorization, WWW-Authenticate, and the metadata of a protected resource. */
#include "auth/bearer.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "str.h"

#define SCHEME     "Bearer"
#define WELL_KNOWN "/.well-known/oauth-protected-resource"

/* b64token of RFC 6750, 2.1. */
static const char token_letters[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~+/";

enum bearer bearer_parse(const char *header, const char **token, size_t *len)
{
    size_t scheme = strlen(SCHEME);
    if (!header || strncasecmp(header, SCHEME, scheme) != 0 ||
        (header[scheme] && header[scheme] != ' '))
        return BEARER_NONE;
    const char *at = header + scheme + strspn(header + scheme, " ");
    size_t letters = strspn(at, token_letters), signs = strspn(at + letters, "=");
    if (letters == 0 || at[letters + signs])
        return BEARER_MALFORMED;
    *token = at;
    *len = letters + signs;
    return BEARER_TOKEN;
}

static const struct {
    int status;
    const char *error; /* RFC 6750, 3.1; NULL: there is nothing wrong but that it is missing */
} unserved[] = {
    [UNSERVED_ABSENT] = { 401, NULL },
    [UNSERVED_INVALID] = { 401, "invalid_token" },
    [UNSERVED_MALFORMED] = { 400, "invalid_request" },
    [UNSERVED_SCOPE] = { 403, "insufficient_scope" },
};

int unserved_status(enum unserved what)
{
    return unserved[what].status;
}

/* Between quotation marks stand neither those nor a backslash (RFC 6750, 3). */
static void add_parameter(struct str *out, const char *name, const char *value)
{
    if (!value || !*value)
        return;
    str_printf(out, "%s%s=\"", out->len > strlen(SCHEME) ? ", " : " ", name);
    for (const char *c = value; *c; c++)
        str_putc(out, *c < ' ' || *c > '~' || *c == '"' || *c == '\\' ? '\'' : *c);
    str_putc(out, '"');
}

char *bearer_challenge(enum unserved what, const char *metadata, unsigned scopes, const char *why)
{
    struct str out = { 0 };
    autofree char *words = scopes_print(scopes);
    str_puts(&out, SCHEME);
    add_parameter(&out, "error", unserved[what].error);
    add_parameter(&out, "error_description", unserved[what].error ? why : NULL);
    add_parameter(&out, "scope", words);
    add_parameter(&out, "resource_metadata", metadata);
    return str_take(&out);
}

/* --- RFC 9728 ---------------------------------------------------------------------------- */

int metadata_url(const struct oauth *oauth, char **ret, struct error *err)
{
    const char *audience = oauth->audience;
    size_t scheme = starts_with(audience, "https://")  ? strlen("https://")
                    : starts_with(audience, "http://") ? strlen("http://")
                                                       : 0;
    size_t host = scheme ? strcspn(audience + scheme, "/") : 0;
    if (host == 0 || strpbrk(audience, "?#\"\\ "))
        return fail_host_as(err, EINVAL,
                            "http.oauth.audience is %s; the address of this server's /mcp is "
                            "wanted, as clients see it: https://HOST/mcp",
                            audience);
    const char *path = audience + scheme + host;
    *ret = xasprintf("%.*s" WELL_KNOWN "%s", (int)(scheme + host), audience,
                     strcmp(path, "/") == 0 ? "" : path);
    return 0;
}

static struct json_object *list_of(const char *text)
{
    struct json_object *list = json_object_new_array();
    if (text)
        json_object_array_add(list, json_object_new_string(text));
    return list;
}

struct json_object *metadata_document(const struct oauth *oauth)
{
    struct json_object *object = json_object_new_object(), *scopes = list_of(NULL);
    for (size_t i = 0; scope_name(i); i++)
        json_object_array_add(scopes, json_object_new_string(scope_name(i)));
    json_object_object_add(object, "resource", json_object_new_string(oauth->audience));
    json_object_object_add(object, "authorization_servers", list_of(oauth->issuer));
    json_object_object_add(object, "scopes_supported", scopes);
    json_object_object_add(object, "bearer_methods_supported", list_of("header"));
    json_object_object_add(object, "resource_name", json_object_new_string("cordon"));
    return object;
}
