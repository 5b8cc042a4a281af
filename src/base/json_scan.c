/* SPDX-License-Identifier: Apache-2.0 */
/* json_scan.c - one pass over JSON text that finds everything we refuse, and where.
 *
 * No recursion: the open containers are an array, and what may come next is
 * one of the states below. The keys of all open objects lie on one stack; an
 * object's keys are sorted when it closes, so that a hundred thousand of them
 * cost n log n and no choice of keys costs more.
 */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "json_string.h"
#include "str.h"

/* Longer than any number a program prints; so long a copy is made to judge its size. */
#define NUMBER_LENGTH_MAX 128

struct key {
    uint32_t hash, at, len;
};

enum expect {
    EXPECT_VALUE,
    EXPECT_VALUE_OR_END, /* behind '[' */
    EXPECT_KEY,
    EXPECT_KEY_OR_END, /* behind '{' */
    EXPECT_COMMA_OR_END,
    EXPECT_NOTHING,
};

static const char *const expected[] = {
    [EXPECT_VALUE] = "a value",
    [EXPECT_VALUE_OR_END] = "a value or ']'",
    [EXPECT_KEY] = "a key in double quotes",
    [EXPECT_KEY_OR_END] = "a key in double quotes or '}'",
    [EXPECT_COMMA_OR_END] = "',' or the closing bracket",
    [EXPECT_NOTHING] = "nothing more",
};

struct scan {
    const char *text;
    size_t len, at;
    enum expect expect;
    size_t values;
    unsigned depth;
    struct {
        bool object;
        size_t first_key;
    } levels[JSON_DEPTH_MAX];
    struct key *keys;
    size_t key_count, key_room;
    struct error *err;
};

static enum json_fault fault(struct scan *scan, enum json_fault kind, size_t at, const char *fmt,
                             ...) printf_like(4, 5);

/* Columns count characters, as an editor shows them. */
static enum json_fault fault(struct scan *scan, enum json_fault kind, size_t at, const char *fmt,
                             ...)
{
    unsigned line = 1, column = 1;
    for (size_t i = 0; i < at; i++) {
        if (scan->text[i] == '\n') {
            line++;
            column = 1;
        } else if (((unsigned char)scan->text[i] & 0xc0) != 0x80) {
            column++;
        }
    }
    char text[ERROR_TEXT_MAX - 64];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    (void)fail_caller(scan->err, EINVAL, "line %u, column %u: %s", line, column, text);
    return kind;
}

static enum json_fault unexpected(struct scan *scan)
{
    const char *wanted = expected[scan->expect];
    if (scan->at == scan->len)
        return fault(scan, JSON_MALFORMED, scan->at, "the text ends where %s is expected", wanted);
    unsigned char c = (unsigned char)scan->text[scan->at];
    if (c > ' ' && c < 0x7f)
        return fault(scan, JSON_MALFORMED, scan->at, "'%c' where %s is expected", c, wanted);
    return fault(scan, JSON_MALFORMED, scan->at, "byte 0x%02x where %s is expected", c, wanted);
}

static void skip_space(struct scan *scan)
{
    while (scan->at < scan->len && strchr(" \t\r\n", scan->text[scan->at]) && scan->text[scan->at])
        scan->at++;
}

/* --- strings ---------------------------------------------------------------- */

/* Length of the UTF-8 sequence at `at` (RFC 3629), 0 if it is none. */
static size_t utf8_length(const unsigned char *at, size_t room)
{
    unsigned char c = at[0];
    size_t len = c >= 0xc2 && c <= 0xdf   ? 2
                 : c >= 0xe0 && c <= 0xef ? 3
                 : c >= 0xf0 && c <= 0xf4 ? 4
                                          : 0;
    if (len == 0 || len > room)
        return 0;
    for (size_t i = 1; i < len; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    /* The second byte rules out long forms, surrogates and what is over U+10FFFF. */
    if ((c == 0xe0 && at[1] < 0xa0) || (c == 0xed && at[1] > 0x9f) || (c == 0xf0 && at[1] < 0x90) ||
        (c == 0xf4 && at[1] > 0x8f))
        return 0;
    return len;
}

/* At the 'u' of an escape: steps over it and its partner. */
static enum json_fault scan_unicode(struct scan *scan, bool key)
{
    const char *at = scan->text + scan->at;
    size_t start = scan->at - 1, room = scan->len - scan->at;
    int c = room < 5 ? -1 : json_hex4(at + 1);
    if (c < 0)
        return fault(scan, JSON_MALFORMED, start, "\\u without four hexadecimal digits");
    scan->at += 5;
    /* json-c keeps keys as C strings: "a\0b" would be a second "a". */
    if (c == 0 && key)
        return fault(scan, JSON_FORBIDDEN, start, "a key holds a NUL");
    if (c < 0xd800 || c > 0xdfff)
        return JSON_OK;
    int low = c <= 0xdbff && room >= 11 && at[5] == '\\' && at[6] == 'u' ? json_hex4(at + 7) : -1;
    if (low < 0xdc00 || low > 0xdfff)
        return fault(scan, JSON_FORBIDDEN, start, "a surrogate without its partner");
    scan->at += 6;
    return JSON_OK;
}

static enum json_fault scan_escape(struct scan *scan, bool key)
{
    scan->at++;
    char c = '\0';
    if (scan->at < scan->len)
        c = scan->text[scan->at];
    if (c == 'u')
        return scan_unicode(scan, key);
    if (c == '\0' || !strchr("\"\\/bfnrt", c))
        return fault(scan, JSON_MALFORMED, scan->at - 1,
                     "an escape that is none of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u");
    scan->at++;
    return JSON_OK;
}

/* Anything a string may hold that is not a plain ASCII character. */
static enum json_fault scan_special(struct scan *scan, bool key)
{
    unsigned char c = (unsigned char)scan->text[scan->at];
    if (c == '\\')
        return scan_escape(scan, key);
    if (c < ' ')
        return fault(scan, JSON_MALFORMED, scan->at,
                     "a control character (0x%02x) in a string: write \\u%04x", c, c);
    size_t len = utf8_length((const unsigned char *)scan->text + scan->at, scan->len - scan->at);
    if (len == 0)
        return fault(scan, JSON_MALFORMED, scan->at, "a byte that is not UTF-8 (0x%02x)", c);
    scan->at += len;
    return JSON_OK;
}

static bool is_plain(char c)
{
    return c >= ' ' && c != '"' && c != '\\' && (signed char)c > 0;
}

/* At the opening quote; steps behind the closing one. */
static enum json_fault scan_string(struct scan *scan, bool key, struct json_string *ret)
{
    size_t start = scan->at++;
    for (;;) {
        while (scan->at < scan->len && is_plain(scan->text[scan->at]))
            scan->at++;
        if (scan->at == scan->len)
            return fault(scan, JSON_MALFORMED, start, "a string without its closing quote");
        if (scan->text[scan->at] == '"')
            break;
        enum json_fault bad = scan_special(scan, key);
        if (bad)
            return bad;
    }
    if (ret)
        *ret = (struct json_string){ scan->text + start + 1, scan->at - start - 1 };
    scan->at++;
    return JSON_OK;
}

/* --- numbers and words ------------------------------------------------------ */

static size_t skip_digits(struct scan *scan)
{
    size_t start = scan->at;
    while (scan->at < scan->len && scan->text[scan->at] >= '0' && scan->text[scan->at] <= '9')
        scan->at++;
    return scan->at - start;
}

static bool skip_one_of(struct scan *scan, const char *set)
{
    if (scan->at == scan->len || !scan->text[scan->at] || !strchr(set, scan->text[scan->at]))
        return false;
    scan->at++;
    return true;
}

/* json-c saturates what does not fit, and takes infinity for a number. */
static enum json_fault judge_number(struct scan *scan, size_t start, bool whole)
{
    char text[NUMBER_LENGTH_MAX + 1];
    size_t len = scan->at - start;
    if (len > NUMBER_LENGTH_MAX)
        return fault(scan, JSON_FORBIDDEN, start, "a number of %zu characters; %d are allowed", len,
                     NUMBER_LENGTH_MAX);
    memcpy(text, scan->text + start, len);
    text[len] = '\0';
    errno = 0;
    if (whole && text[0] == '-')
        (void)strtoll(text, NULL, 10);
    else if (whole)
        (void)strtoull(text, NULL, 10);
    if (errno == ERANGE)
        return fault(scan, JSON_FORBIDDEN, start, "an integer that does not fit into 64 bits");
    if (!whole && isinf(strtod(text, NULL)))
        return fault(scan, JSON_FORBIDDEN, start, "a number that is too large");
    return JSON_OK;
}

static enum json_fault scan_number(struct scan *scan)
{
    size_t start = scan->at;
    bool whole = true;
    (void)skip_one_of(scan, "-");
    size_t first = scan->at, digits = skip_digits(scan);
    if (digits == 0 || (digits > 1 && scan->text[first] == '0'))
        return fault(scan, JSON_MALFORMED, start, "not a number that JSON has");
    if (skip_one_of(scan, ".")) {
        whole = false;
        if (skip_digits(scan) == 0)
            return fault(scan, JSON_MALFORMED, start, "a number without digits after its point");
    }
    if (skip_one_of(scan, "eE")) {
        whole = false;
        (void)skip_one_of(scan, "+-");
        if (skip_digits(scan) == 0)
            return fault(scan, JSON_MALFORMED, start, "a number without digits in its exponent");
    }
    return judge_number(scan, start, whole);
}

static bool scan_word(struct scan *scan)
{
    static const char *const words[] = { "true", "false", "null" };
    for (size_t i = 0; i < COUNT(words); i++) {
        size_t len = strlen(words[i]);
        if (scan->len - scan->at < len || memcmp(scan->text + scan->at, words[i], len) != 0)
            continue;
        scan->at += len;
        return true;
    }
    return false;
}

/* --- containers ------------------------------------------------------------- */

static void after_value(struct scan *scan)
{
    scan->expect = scan->depth > 0 ? EXPECT_COMMA_OR_END : EXPECT_NOTHING;
}

static enum json_fault open_container(struct scan *scan, bool object)
{
    if (scan->depth == JSON_DEPTH_MAX)
        return fault(scan, JSON_FORBIDDEN, scan->at, "nested deeper than %d", JSON_DEPTH_MAX);
    scan->levels[scan->depth].object = object;
    scan->levels[scan->depth++].first_key = scan->key_count;
    scan->at++;
    scan->expect = object ? EXPECT_KEY_OR_END : EXPECT_VALUE_OR_END;
    return JSON_OK;
}

static struct json_string key_text(const char *text, const struct key *key)
{
    return (struct json_string){ text + key->at, key->len };
}

static int order_keys(const void *left, const void *right, void *context)
{
    const char *text = ((const struct scan *)context)->text;
    const struct key *a = left, *b = right;
    if (a->hash != b->hash)
        return a->hash < b->hash ? -1 : 1;
    int r = json_string_compare(key_text(text, a), key_text(text, b));
    return r != 0 ? r : a->at < b->at ? -1 : 1;
}

/* Sorts an object's keys; of those that stand there again, the first in the text is named. */
static enum json_fault judge_keys(struct scan *scan, size_t first)
{
    size_t count = scan->key_count - first;
    scan->key_count = first;
    if (count < 2)
        return JSON_OK;
    struct key *keys = scan->keys + first;
    qsort_r(keys, count, sizeof(*keys), order_keys, scan);
    const struct key *again = NULL;
    for (size_t i = 1; i < count; i++)
        if (keys[i - 1].hash == keys[i].hash &&
            json_string_compare(key_text(scan->text, &keys[i - 1]),
                                key_text(scan->text, &keys[i])) == 0 &&
            (!again || keys[i].at < again->at))
            again = &keys[i];
    if (!again)
        return JSON_OK;
    char raw[64], shown[64];
    (void)snprintf(raw, sizeof(raw), "%.*s", (int)(again->len < 60 ? again->len : 60),
                   scan->text + again->at);
    return fault(scan, JSON_FORBIDDEN, again->at - 1, "duplicate key \"%s\"",
                 printable(raw, shown, sizeof(shown)));
}

static enum json_fault close_container(struct scan *scan)
{
    enum json_fault bad = judge_keys(scan, scan->levels[scan->depth - 1].first_key);
    if (bad)
        return bad;
    scan->depth--;
    scan->at++;
    after_value(scan);
    return JSON_OK;
}

static enum json_fault scan_key(struct scan *scan)
{
    struct json_string string;
    enum json_fault bad = scan_string(scan, true, &string);
    if (bad)
        return bad;
    if (scan->key_count == scan->key_room) {
        scan->key_room = scan->key_room ? scan->key_room * 2 : 64;
        scan->keys = xrealloc(scan->keys, scan->key_room * sizeof(*scan->keys));
    }
    scan->keys[scan->key_count++] = (struct key){ .hash = json_string_hash(string),
                                                  .at = (uint32_t)(string.at - scan->text),
                                                  .len = (uint32_t)string.len };
    skip_space(scan);
    if (scan->at == scan->len || scan->text[scan->at] != ':')
        return fault(scan, JSON_MALFORMED, scan->at, "a key without ':' behind it");
    scan->at++;
    scan->expect = EXPECT_VALUE;
    return JSON_OK;
}

static enum json_fault scan_value(struct scan *scan)
{
    if (++scan->values > JSON_VALUES_MAX)
        return fault(scan, JSON_FORBIDDEN, scan->at, "more than %zu values", JSON_VALUES_MAX);
    enum json_fault bad = JSON_OK;
    char c = scan->text[scan->at];
    if (c == '{' || c == '[')
        return open_container(scan, c == '{');
    if (c == '"')
        bad = scan_string(scan, false, NULL);
    else if (c == '-' || (c >= '0' && c <= '9'))
        bad = scan_number(scan);
    else if (!scan_word(scan))
        return unexpected(scan);
    if (!bad)
        after_value(scan);
    return bad;
}

/* One token and what follows from it. The state says which tokens may stand here. */
static enum json_fault scan_token(struct scan *scan)
{
    char c = scan->text[scan->at];
    enum expect expect = scan->expect;
    bool object = scan->depth > 0 && scan->levels[scan->depth - 1].object;
    bool may_close = expect == EXPECT_COMMA_OR_END || expect == EXPECT_KEY_OR_END ||
                     expect == EXPECT_VALUE_OR_END;
    if (may_close && c == (object ? '}' : ']'))
        return close_container(scan);
    if (expect == EXPECT_VALUE || expect == EXPECT_VALUE_OR_END)
        return scan_value(scan);
    if ((expect == EXPECT_KEY || expect == EXPECT_KEY_OR_END) && c == '"')
        return scan_key(scan);
    if (expect != EXPECT_COMMA_OR_END || c != ',')
        return unexpected(scan);
    scan->at++;
    scan->expect = object ? EXPECT_KEY : EXPECT_VALUE;
    return JSON_OK;
}

enum json_fault json_scan(const char *text, size_t len, struct error *err)
{
    struct scan scan = { .text = text, .len = len, .err = err, .expect = EXPECT_VALUE };
    if (len > JSON_BYTES_MAX)
        return fault(&scan, JSON_FORBIDDEN, 0, "more than %zu bytes", JSON_BYTES_MAX);
    if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        return fault(&scan, JSON_MALFORMED, 0, "a byte-order mark");
    enum json_fault bad = JSON_OK;
    while (!bad) {
        skip_space(&scan);
        if (scan.at == len)
            break;
        bad = scan_token(&scan);
    }
    if (!bad && scan.expect != EXPECT_NOTHING)
        bad = unexpected(&scan);
    free(scan.keys);
    return bad;
}
