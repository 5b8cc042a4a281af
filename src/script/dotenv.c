/* SPDX-License-Identifier: Apache-2.0 */
#include "script/dotenv.h"

#include <errno.h>
#include <string.h>

#include "script/check.h"
#include "str.h"

struct reader {
    const char *at, *end;
    unsigned line;      /* of `at`, from 1 */
    char *const *given; /* beside the file */
    char **list;        /* what is known so far: "NAME=value"; "NAME" alone has none */
};

static int peek(const struct reader *reader)
{
    return reader->at < reader->end ? (unsigned char)*reader->at : -1;
}

static bool is_line_end(int c)
{
    return c == '\n' || c == '\r';
}

/* White space as Python's \s, without the two that end a line: how many bytes it takes, or 0. */
static size_t blank_at(const char *at, const char *end)
{
    static const char wide[][4] = {
        "\xc2\x85",     "\xc2\xa0",     "\xe1\x9a\x80", "\xe2\x80\x80", "\xe2\x80\x81",
        "\xe2\x80\x82", "\xe2\x80\x83", "\xe2\x80\x84", "\xe2\x80\x85", "\xe2\x80\x86",
        "\xe2\x80\x87", "\xe2\x80\x88", "\xe2\x80\x89", "\xe2\x80\x8a", "\xe2\x80\xa8",
        "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80",
    };
    if (at >= end)
        return 0;
    unsigned char c = (unsigned char)*at;
    if (c < 0x80)
        return c == ' ' || c == '\t' || c == '\v' || c == '\f' || (c >= 0x1c && c <= 0x1f);
    for (size_t i = 0; i < COUNT(wide); i++) {
        size_t len = strlen(wide[i]);
        if ((size_t)(end - at) >= len && memcmp(at, wide[i], len) == 0)
            return len;
    }
    return 0;
}

/* The same for what ends at `at`. */
static size_t blank_before(const char *start, const char *at)
{
    for (size_t len = 1; len <= 3 && len <= (size_t)(at - start); len++)
        if (blank_at(at - len, at) == len)
            return len;
    return 0;
}

static void skip_blanks(struct reader *reader)
{
    size_t len;
    while ((len = blank_at(reader->at, reader->end)) > 0)
        reader->at += len;
}

/* Takes one line end: LF, CR or CR LF. */
static bool skip_line_end(struct reader *reader)
{
    if (!is_line_end(peek(reader)))
        return false;
    if (*reader->at == '\r' && reader->end - reader->at > 1 && reader->at[1] == '\n')
        reader->at++;
    reader->at++;
    reader->line++;
    return true;
}

static void skip_rest_of_line(struct reader *reader)
{
    while (peek(reader) >= 0 && !is_line_end(peek(reader)))
        reader->at++;
}

static void skip_export(struct reader *reader)
{
    size_t word = strlen("export");
    if ((size_t)(reader->end - reader->at) > word && memcmp(reader->at, "export", word) == 0 &&
        blank_at(reader->at + word, reader->end) > 0) {
        reader->at += word;
        skip_blanks(reader);
    }
}

static int read_name(struct reader *reader, char **ret, struct error *err)
{
    const char *start = reader->at, *stop;
    if (peek(reader) == '\'') {
        start++;
        stop = memchr(start, '\'', (size_t)(reader->end - start));
        if (!stop)
            return fail_caller(err, EINVAL, "a quoted name without its closing quote");
        reader->at = stop + 1;
    } else {
        int c;
        while ((c = peek(reader)) >= 0 && c != '=' && c != '#' && !is_line_end(c) &&
               blank_at(reader->at, reader->end) == 0)
            reader->at++;
        stop = reader->at;
    }
    autofree char *name = xstrndup(start, (size_t)(stop - start));
    char shown[64];
    if (!*name)
        return fail_caller(err, EINVAL, "no name before the \"=\"");
    if (!variable_name_valid(name))
        return fail_caller(err, EINVAL, "\"%s\" is not a name for a variable",
                           printable(name, shown, sizeof(shown)));
    *ret = TAKE(&name);
    return 0;
}

/* What a backslash makes of the character after it; 0: nothing, both stay. */
static char escaped(char quote, char c)
{
    static const char names[] = "\\'\"abfnrtv", plain[] = "\\'\"\a\b\f\n\r\t\v";
    size_t count = quote == '"' ? sizeof(names) - 1 : 2;
    const char *found = memchr(names, c, count);
    if (!found)
        return '\0';
    return plain[found - names];
}

/* Where a quoted value closes: a backslash hides what comes after it, also another
 * backslash. */
static const char *quote_end(const struct reader *reader, const char *from, char quote)
{
    for (const char *p = from; p < reader->end; p++) {
        if (*p == quote)
            return p;
        if (*p == '\\')
            p++;
    }
    return NULL;
}

static int read_quoted(struct reader *reader, struct str *value, struct error *err)
{
    char quote = *reader->at;
    const char *from = reader->at + 1, *stop = quote_end(reader, from, quote);
    if (!stop)
        return fail_caller(err, EINVAL, "a quoted value without its closing quote");
    for (const char *p = from; p < stop; p++) {
        char plain = '\0';
        if (*p == '\\' && p + 1 < stop)
            plain = escaped(quote, p[1]);
        if (plain) {
            str_putc(value, plain);
            p++;
            continue;
        }
        str_putc(value, *p);
        if (*p == '\n' || (*p == '\r' && p[1] != '\n'))
            reader->line++;
    }
    reader->at = stop + 1;
    return 0;
}

/* To the end of the line, without a comment (a blank before '#') and trailing blanks. */
static void read_plain(struct reader *reader, struct str *value)
{
    const char *from = reader->at;
    skip_rest_of_line(reader);
    const char *stop = reader->at;
    for (const char *p = from + 1; p < stop; p++)
        if (*p == '#' && blank_before(from, p) > 0) {
            stop = p;
            break;
        }
    size_t len;
    while ((len = blank_before(from, stop)) > 0)
        stop -= len;
    str_add(value, from, (size_t)(stop - from));
}

/* The last entry of that name. */
static const char *entry_named(char *const *list, const char *name, size_t len)
{
    const char *found = NULL;
    for (; list && *list; list++)
        if (strncmp(*list, name, len) == 0 && ((*list)[len] == '=' || !(*list)[len]))
            found = *list;
    return found;
}

/* What ${...} stands for: "" for a name without a value, whatever default it has. */
static const char *value_of(const struct reader *reader, const char *name, size_t len)
{
    if (memchr(name, '=', len)) /* "${A=b}" is no part of A's entry */
        return NULL;
    const char *entry = entry_named(reader->list, name, len);
    if (!entry)
        entry = entry_named(reader->given, name, len);
    return entry ? entry + len + (entry[len] == '=') : NULL;
}

/* At "${": the name, the default after ":-" and the end; false where it is not a reference. */
static bool reference(const char *at, const char **name_end, const char **fallback,
                      const char **close)
{
    const char *p = at + 2;
    while (*p && *p != '}' && *p != ':')
        p++;
    *name_end = p;
    *fallback = NULL;
    if (p[0] == ':' && p[1] == '-') {
        *fallback = p + 2;
        p = strchr(p, '}');
    }
    *close = p;
    return p && *p == '}';
}

/* Puts in ${NAME} and ${NAME:-default}. */
static int interpolate(const struct reader *reader, const char *raw, struct str *value,
                       struct error *err)
{
    const char *name_end, *fallback, *close;
    for (const char *p = raw; *p; p++) {
        if (value->len > DOTENV_VALUE_MAX)
            return fail_caller(err, E2BIG, "the value is longer than %zu bytes", DOTENV_VALUE_MAX);
        if (p[0] != '$' || p[1] != '{' || !reference(p, &name_end, &fallback, &close)) {
            str_putc(value, *p);
            continue;
        }
        const char *known = value_of(reader, p + 2, (size_t)(name_end - p - 2));
        if (known)
            str_puts(value, known);
        else if (fallback)
            str_add(value, fallback, (size_t)(close - fallback));
        p = close;
    }
    if (value->len > DOTENV_VALUE_MAX)
        return fail_caller(err, E2BIG, "the value is longer than %zu bytes", DOTENV_VALUE_MAX);
    return 0;
}

/* `raw` NULL: the name stands alone. */
static int keep(struct reader *reader, const char *name, const char *raw, struct error *err)
{
    autostr struct str pair = { 0 }, value = { 0 };
    int r = raw ? interpolate(reader, raw, &value, err) : 0;
    if (r < 0)
        return r;
    str_printf(&pair, raw ? "%s=" : "%s", name);
    str_add(&pair, value.data ? value.data : "", value.len);
    size_t len = strlen(name);
    for (char **entry = reader->list; entry && *entry; entry++)
        if (strncmp(*entry, name, len) == 0 && ((*entry)[len] == '=' || !(*entry)[len])) {
            free(*entry);
            *entry = str_take(&pair);
            return 0;
        }
    if (list_len(reader->list) >= DOTENV_NAMES_MAX)
        return fail_caller(err, E2BIG, "more than %d names", DOTENV_NAMES_MAX);
    list_add_owned(&reader->list, str_take(&pair));
    return 0;
}

static int read_value(struct reader *reader, struct str *value, struct error *err)
{
    const char *equals = reader->at++;
    skip_blanks(reader);
    int c = peek(reader);
    if (c == '#' && reader->at > equals + 1)
        return 0; /* a blank and a comment: nothing; without the blank it is a value */
    if (c == '\'' || c == '"')
        return read_quoted(reader, value, err);
    if (c >= 0 && !is_line_end(c))
        read_plain(reader, value);
    return 0;
}

static int read_binding(struct reader *reader, struct error *err)
{
    autofree char *name = NULL;
    autostr struct str value = { 0 };
    skip_export(reader);
    if (peek(reader) == '#') { /* "export" and a comment, which exports nothing */
        skip_rest_of_line(reader);
        return 0;
    }
    int r = read_name(reader, &name, err);
    if (r < 0)
        return r;
    skip_blanks(reader);
    bool has_value = peek(reader) == '=';
    if (has_value && (r = read_value(reader, &value, err)) < 0)
        return r;
    skip_blanks(reader);
    if (peek(reader) == '#')
        skip_rest_of_line(reader);
    if (peek(reader) >= 0 && !is_line_end(peek(reader)))
        return fail_caller(err, EINVAL,
                           has_value ? "text after the closing quote of %s"
                                     : "expected \"=\" after %s",
                           name);
    return keep(reader, name, has_value ? value.data ? value.data : "" : NULL, err);
}

static int read_all(struct reader *reader, struct error *err)
{
    for (;;) {
        do
            skip_blanks(reader);
        while (skip_line_end(reader));
        if (peek(reader) < 0)
            return 0;
        if (peek(reader) == '#') {
            skip_rest_of_line(reader);
            continue;
        }
        unsigned line = reader->line;
        int r = read_binding(reader, err);
        if (r < 0)
            return fail_within(err, "line %u", line);
    }
}

/* The line of the first byte that cannot be in an environment file, or 0. */
static unsigned bad_line(const char *text, size_t len)
{
    if (utf8_valid(text, len) && !memchr(text, '\0', len))
        return 0;
    unsigned line = 1;
    for (const char *at = text, *end = text + len; at < end; line++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t room = (size_t)((stop ? stop : end) - at);
        if (!utf8_valid(at, room) || memchr(at, '\0', room))
            return line;
        at += room + 1;
    }
    return line;
}

/* Without the names that have no value. */
static void drop_empty(char **list)
{
    char **kept = list;
    for (; list && *list; list++)
        if (strchr(*list, '='))
            *kept++ = *list;
        else
            free(*list);
    if (kept)
        *kept = NULL;
}

int dotenv_parse(const char *text, size_t len, char *const *given, char ***ret, struct error *err)
{
    if (len > DOTENV_BYTES_MAX)
        return fail_caller(err, EFBIG, "more than %zu bytes", DOTENV_BYTES_MAX);
    unsigned bad = bad_line(text, len);
    if (bad)
        return fail_caller(err, EILSEQ, "line %u: not UTF-8 text", bad);
    struct reader reader = { text, text + len, 1, given, NULL };
    if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        reader.at += 3;
    int r = read_all(&reader, err);
    if (r < 0) {
        list_free(reader.list);
        return r;
    }
    drop_empty(reader.list);
    *ret = reader.list;
    return 0;
}
