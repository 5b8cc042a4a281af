/* SPDX-License-Identifier: Apache-2.0 */
/* uri.c - the part of an address behind its scheme. */
#include "mcp/uri.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "str.h"

/* --- decoding ------------------------------------------------------------------------- */

static int hex(char c)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)((at - digits) % 16) : -1;
}

/* NULL after a fault: a broken escape, a control character. */
static char *decode(const char *text, size_t len)
{
    autofree char *out = xcalloc(1, len + 1);
    for (size_t i = 0, to = 0; i < len; i++) {
        int c = (unsigned char)text[i];
        if (c == '%') {
            int high = i + 2 < len ? hex(text[i + 1]) : -1;
            int low = i + 2 < len ? hex(text[i + 2]) : -1;
            if (high < 0 || low < 0)
                return NULL;
            c = high * 16 + low;
            i += 2;
        }
        if (c < ' ' || c == 0x7f)
            return NULL;
        out[to++] = (char)c;
    }
    return TAKE(&out);
}

static int bad(struct error *err)
{
    return fail_caller(err, EINVAL, "uri is not a valid address");
}

/* "name=value" */
static int add_pair(struct uri *uri, const char *text, size_t len, struct error *err)
{
    const char *equals = memchr(text, '=', len);
    if (!equals || uri->count == URI_PAIRS_MAX)
        return bad(err);
    autofree char *name = decode(text, (size_t)(equals - text));
    autofree char *value = decode(equals + 1, len - (size_t)(equals + 1 - text));
    if (!name || !value || uri_value(uri, name))
        return bad(err);
    uri->pairs[uri->count++] = (struct uri_pair){ TAKE(&name), TAKE(&value) };
    return 0;
}

static int parse(const char *text, struct uri *uri, struct error *err)
{
    if (strlen(text) > URI_BYTES_MAX)
        return fail_caller(err, E2BIG, "uri is longer than %d bytes", URI_BYTES_MAX);
    size_t len = strcspn(text, "?");
    uri->path = decode(text, len);
    if (!uri->path || !utf8_valid(uri->path, strlen(uri->path)))
        return bad(err);
    text += len;
    for (int r; *text; text += len) {
        text++;
        len = strcspn(text, "&");
        if ((r = add_pair(uri, text, len, err)) < 0)
            return r;
    }
    return 0;
}

int uri_parse(const char *text, struct uri *ret, struct error *err)
{
    *ret = (struct uri){ 0 };
    int r = parse(text, ret, err);
    if (r < 0)
        uri_done(ret);
    return r;
}

void uri_done(struct uri *uri)
{
    free(uri->path);
    for (size_t i = 0; i < uri->count; i++) {
        free(uri->pairs[i].name);
        free(uri->pairs[i].value);
    }
    *uri = (struct uri){ 0 };
}

/* --- asking --------------------------------------------------------------------------- */

const char *uri_value(const struct uri *uri, const char *name)
{
    for (size_t i = 0; i < uri->count; i++)
        if (strcmp(uri->pairs[i].name, name) == 0)
            return uri->pairs[i].value;
    return NULL;
}

bool uri_is(const struct uri *uri, const char *name, const char *value)
{
    const char *given = uri_value(uri, name);
    return given && strcmp(given, value) == 0;
}

/* Of 19 digits some are more than a file can have. */
#define DIGITS_MAX 18

int uri_number(const struct uri *uri, const char *name, uint64_t *ret, struct error *err)
{
    const char *given = uri_value(uri, name);
    if (!given)
        return 0;
    size_t digits = strspn(given, "0123456789");
    if (digits == 0 || digits > DIGITS_MAX || given[digits])
        return fail_caller(err, EINVAL, "%s must be a whole number, not negative", name);
    *ret = strtoull(given, NULL, 10);
    return 0;
}

int uri_known(const struct uri *uri, const char *const *names, struct error *err)
{
    for (size_t i = 0; i < uri->count; i++) {
        const char *const *name = names;
        while (*name && strcmp(*name, uri->pairs[i].name) != 0)
            name++;
        char shown[64];
        if (!*name)
            return fail_caller(err, EINVAL, "uri has an unknown parameter %s",
                               printable(uri->pairs[i].name, shown, sizeof(shown)));
    }
    return 0;
}

/* --- base64 --------------------------------------------------------------------------- */

char *base64_encode(const void *bytes, size_t len)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *in = bytes;
    char *out = xcalloc(1, (len + 2) / 3 * 4 + 1), *to = out;
    for (size_t i = 0; i < len; i += 3) {
        size_t have = len - i < 3 ? len - i : 3;
        uint32_t group = (uint32_t)in[i] << 16 | (have > 1 ? (uint32_t)in[i + 1] << 8 : 0) |
                         (have > 2 ? in[i + 2] : 0);
        for (size_t digit = 0; digit < 4; digit++)
            *to++ = digit <= have ? digits[group >> (18 - 6 * digit) & 63] : '=';
    }
    return out;
}
