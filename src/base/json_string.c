/* SPDX-License-Identifier: Apache-2.0 */
/* json_string.c - decodes JSON strings byte by byte, without allocating. */
#include "json_string.h"

#include <string.h>

/* One escape can stand for up to four bytes: they wait in `pending`. */
struct decoder {
    const char *at, *end;
    unsigned char pending[4];
    unsigned count, next;
};

int json_hex4(const char *at)
{
    int value = 0;
    for (int i = 0; i < 4; i++) {
        char c = at[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

static void put_character(struct decoder *decoder, uint32_t c)
{
    unsigned char *out = decoder->pending;
    decoder->next = 0;
    if (c < 0x80) {
        out[0] = (unsigned char)c;
        decoder->count = 1;
        return;
    }
    decoder->count = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (unsigned i = decoder->count; i-- > 1; c >>= 6)
        out[i] = (unsigned char)(0x80 | (c & 0x3f));
    static const unsigned char lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
    out[0] = (unsigned char)(lead[decoder->count] | c);
}

static uint32_t read_unicode(struct decoder *decoder)
{
    uint32_t c = (uint32_t)json_hex4(decoder->at);
    decoder->at += 4;
    if (c < 0xd800 || c > 0xdbff)
        return c;
    uint32_t low = (uint32_t)json_hex4(decoder->at + 2);
    decoder->at += 6;
    return 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
}

static uint32_t plain_escape(char c)
{
    static const char names[] = "bfnrt", values[] = "\b\f\n\r\t";
    const char *found = memchr(names, c, sizeof(names) - 1);
    return (unsigned char)(found ? values[found - names] : c);
}

/* The next decoded byte, or -1 at the end. */
static int next_byte(struct decoder *decoder)
{
    if (decoder->next < decoder->count)
        return decoder->pending[decoder->next++];
    if (decoder->at == decoder->end)
        return -1;
    char c = *decoder->at++;
    if (c != '\\')
        return (unsigned char)c;
    char kind = *decoder->at++;
    put_character(decoder, kind == 'u' ? read_unicode(decoder) : plain_escape(kind));
    return decoder->pending[decoder->next++];
}

static struct decoder decode(struct json_string string)
{
    return (struct decoder){ .at = string.at, .end = string.at + string.len };
}

static bool is_plain(struct json_string string)
{
    return string.len == 0 || !memchr(string.at, '\\', string.len);
}

static int compare_plain(struct json_string a, struct json_string b)
{
    size_t both = a.len < b.len ? a.len : b.len;
    int r = both ? memcmp(a.at, b.at, both) : 0;
    return r != 0 ? r : a.len < b.len ? -1 : a.len > b.len;
}

int json_string_compare(struct json_string a, struct json_string b)
{
    if (is_plain(a) && is_plain(b))
        return compare_plain(a, b);
    struct decoder left = decode(a), right = decode(b);
    for (;;) {
        int l = next_byte(&left), r = next_byte(&right);
        if (l != r)
            return l < r ? -1 : 1;
        if (l < 0)
            return 0;
    }
}

uint32_t json_string_hash(struct json_string string)
{
    struct decoder decoder = decode(string);
    uint32_t hash = 2166136261U;
    for (int c; (c = next_byte(&decoder)) >= 0;)
        hash = (hash ^ (uint32_t)c) * 16777619U;
    return hash;
}

bool json_string_is(struct json_string string, const char *text, size_t len)
{
    struct decoder decoder = decode(string);
    for (size_t i = 0; i < len; i++)
        if (next_byte(&decoder) != (unsigned char)text[i])
            return false;
    return next_byte(&decoder) < 0;
}
