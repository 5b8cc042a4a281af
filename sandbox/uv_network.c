/* SPDX-License-Identifier: Apache-2.0 */
/* uv_network.c - where the operator's settings send uv. */
#include "uv_network.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define PORT_HTTP  80
#define PORT_HTTPS 443

/* --- addresses in texts ---------------------------------------------------------------- */

/* What ends "user:password@host:port" in a URL, in TOML, in a list. */
#define AUTHORITY_END "/?# \t\r\n\"'`<>,"

/* The authority that begins at `at`: its host into *ret, what stands before the "@" into
 * *user (which may be NULL). */
static bool authority_parse(const char *at, struct host *ret, char **user)
{
    size_t len = strcspn(at, AUTHORITY_END);
    const char *sign = memrchr(at, '@', len);
    const char *name = sign ? sign + 1 : at;
    if (!host_parse(name, len - (size_t)(name - at), ret) || ret->kind == HOST_BELOW)
        return false;
    if (user && sign)
        *user = xstrndup(at, (size_t)(sign - at));
    return true;
}

static bool scheme_before(const char *text, const char *at, const char *scheme)
{
    size_t len = strlen(scheme);
    return (size_t)(at - text) >= len && strncasecmp(at - len, scheme, len) == 0;
}

void uv_hosts_find(const char *text, char ***hosts)
{
    for (const char *at = text; (at = strstr(at, "://")); at += 3) {
        bool tls = scheme_before(text, at, "https");
        struct host host;
        if ((!tls && !scheme_before(text, at, "http")) || !authority_parse(at + 3, &host, NULL))
            continue;
        char shown[HOST_PRINT_MAX];
        uint16_t usual = tls ? PORT_HTTPS : PORT_HTTP;
        host_print(host.name, host.port ? host.port : usual, shown);
        if (!list_has(*hosts, shown))
            list_add(hosts, shown);
    }
}

/* --- a proxy ---------------------------------------------------------------------------- */

/* %41 -> A; a broken one stays as it is. */
static void percent_decode(char *text)
{
    char *to = text;
    for (const char *from = text; *from; from++) {
        unsigned byte;
        char digits[3] = { 0 };
        if (*from == '%' && from[1] && from[2] && strspn(from + 1, "0123456789abcdefABCDEF") >= 2) {
            memcpy(digits, from + 1, 2);
            byte = (unsigned)strtoul(digits, NULL, 16);
            *to++ = (char)byte;
            from += 2;
        } else {
            *to++ = *from;
        }
    }
    *to = '\0';
}

static char *base64(const char *text)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *in = (const unsigned char *)text;
    size_t len = strlen(text);
    autostr struct str out = { 0 };
    for (size_t i = 0; i < len; i += 3) {
        unsigned bits = (unsigned)in[i] << 16 | (i + 1 < len ? (unsigned)in[i + 1] << 8 : 0) |
                        (i + 2 < len ? in[i + 2] : 0U);
        str_putc(&out, digits[bits >> 18]);
        str_putc(&out, digits[bits >> 12 & 63]);
        str_putc(&out, i + 1 < len ? digits[bits >> 6 & 63] : '=');
        str_putc(&out, i + 2 < len ? digits[bits & 63] : '=');
    }
    return str_take(&out);
}

/* "http://user:password@host:port", the scheme not needed. */
static int upstream_parse(const char *name, const char *value, struct egress_upstream *ret,
                          struct error *err)
{
    const char *scheme = strstr(value, "://");
    if (scheme && !(scheme - value == 4 && strncasecmp(value, "http", 4) == 0))
        return fail_host_as(err, ENOTSUP,
                            "%s: only a proxy that is spoken to by http:// is understood", name);
    struct host host;
    autofree char *user = NULL;
    if (!authority_parse(scheme ? scheme + 3 : value, &host, &user))
        return fail_host_as(err, EINVAL, "%s does not name a host", name);
    ret->host = xstrdup(host.name);
    ret->port = host.port ? host.port : PORT_HTTP;
    if (user) {
        percent_decode(user);
        autofree char *pair = strchr(user, ':') ? xstrdup(user) : xasprintf("%s:", user);
        autofree char *encoded = base64(pair);
        ret->authorization = xasprintf("Basic %s", encoded);
    }
    return 0;
}

int uv_upstreams_find(char *const *operators, struct egress_order *order, struct error *err)
{
    /* The first that is set counts; what a program for one scheme asks for comes first. */
    static const char *const plain[] = { "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY" };
    static const char *const tunnel[] = { "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY" };
    const struct {
        const char *const *names;
        struct egress_upstream *into;
    } rows[] = { { plain, &order->plain }, { tunnel, &order->tunnel } };
    for (size_t i = 0; i < COUNT(rows); i++) {
        for (size_t n = 0; n < COUNT(plain) && !rows[i].into->host; n++) {
            const char *value = env_get(operators, rows[i].names[n]);
            int r =
                value && *value ? upstream_parse(rows[i].names[n], value, rows[i].into, err) : 0;
            if (r < 0)
                return r;
        }
    }
    const char *except = env_get(operators, "no_proxy");
    if (!except)
        except = env_get(operators, "NO_PROXY");
    autofree char *copy = xstrdup(except ? except : "");
    char *rest = copy;
    for (char *word; (word = strsep(&rest, ", "));)
        if (*word)
            list_add(&order->direct, word);
    return 0;
}

/* --- the order ------------------------------------------------------------------------------ */

int uv_order_make(const struct sandbox *sandbox, const struct policy *policy,
                  const struct uv_settings *settings, struct egress_order *ret, struct error *err)
{
    egress_order_begin(ret, policy, policy->limits.cpu_ms);
    for (size_t i = 0; i < list_len(settings->hosts); i++) {
        struct host host;
        if (host_parse(settings->hosts[i], strlen(settings->hosts[i]), &host))
            egress_order_permit(ret, host.name, host.port, true);
    }
    int r = uv_upstreams_find(sandbox->settings, ret, err);
    if (r < 0)
        egress_order_done(ret);
    return r;
}
