/* SPDX-License-Identifier: Apache-2.0 */
/* dashboard.c - the pages at `/`. */
#include "dashboard/dashboard.h"

#include <string.h>

#include "net/http.h"
#include "str.h"

#define FIRST  "index.html"
#define PREFIX "/dashboard/"

/* Nothing but what is served here, and no string becomes markup or a script. */
#define POLICY                                                                          \
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "   \
    "connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'; " \
    "require-trusted-types-for 'script'; trusted-types 'none'"

static const char *type_of(const char *name)
{
    static const struct {
        const char *ending, *type;
    } types[] = { { ".html", "text/html; charset=utf-8" },
                  { ".css", "text/css; charset=utf-8" },
                  { ".js", "text/javascript; charset=utf-8" },
                  { ".svg", "image/svg+xml" } };
    for (size_t i = 0; i < COUNT(types); i++)
        if (ends_with(name, types[i].ending))
            return types[i].type;
    return "application/octet-stream";
}

static const struct asset *asset_find(const char *path)
{
    const char *name = strcmp(path, "/") == 0      ? FIRST
                       : starts_with(path, PREFIX) ? path + strlen(PREFIX)
                                                   : NULL;
    for (const struct asset *asset = dashboard_assets; name && asset->name; asset++)
        if (strcmp(asset->name, name) == 0)
            return asset;
    return NULL;
}

/* Kept by a browser, and asked for each time whether it is still that: an upgrade is seen at once.
 */
static void serve_asset(struct http_request *request, const struct asset *asset)
{
    const struct http_field fields[] = { { "Content-Type", type_of(asset->name) },
                                         { "Cache-Control", "no-cache" },
                                         { "ETag", asset->tag },
                                         { "Content-Security-Policy", POLICY },
                                         { "X-Content-Type-Options", "nosniff" },
                                         { "Referrer-Policy", "no-referrer" },
                                         { "Cross-Origin-Opener-Policy", "same-origin" },
                                         { "Cross-Origin-Resource-Policy", "same-origin" },
                                         { 0 } };
    const char *known = http_header(request, "If-None-Match");
    if (known && strcmp(known, asset->tag) == 0)
        http_reply(request, 304, fields, NULL, 0);
    else
        http_reply(request, 200, fields, asset->bytes, *asset->len);
}

bool dashboard_serve(struct http_request *request)
{
    static const struct http_field no_method[] = { { "Allow", "GET, HEAD" },
                                                   { "Content-Type", "text/plain" },
                                                   { 0 } };
    static const char sorry[] = "this page is only read; MCP is at /mcp\n";
    const struct asset *asset = asset_find(http_path(request));
    const char *method = http_method(request);
    if (!asset)
        return false;
    if (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0)
        serve_asset(request, asset);
    else
        http_reply(request, 405, no_method, sorry, strlen(sorry));
    return true;
}
