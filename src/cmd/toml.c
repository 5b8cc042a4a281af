/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/toml.h"

#include <errno.h>
#include <string.h>

#define DEPTH_MAX 64

static char here(const struct toml *toml)
{
    return toml->at < toml->len ? toml->text[toml->at] : '\0';
}

static bool begins(const struct toml *toml, const char *with)
{
    size_t len = strlen(with);
    return toml->len - toml->at >= len && memcmp(toml->text + toml->at, with, len) == 0;
}

static int unlike(const struct toml *toml, size_t at, const char *problem)
{
    return fail_caller(toml->err, EINVAL, "line %u: %s", line_number(toml->text, toml->len, at),
                       problem);
}

static void skip_blanks(struct toml *toml)
{
    while (here(toml) == ' ' || here(toml) == '\t')
        toml->at++;
}

static void skip_comment(struct toml *toml)
{
    if (here(toml) == '#')
        while (toml->at < toml->len && here(toml) != '\n')
            toml->at++;
}

/* Lines, blanks and comments, as they may stand in an array. */
static void skip_lines(struct toml *toml)
{
    for (size_t from = toml->len; from != toml->at;) {
        from = toml->at;
        skip_blanks(toml);
        skip_comment(toml);
        while (here(toml) == '\n' || here(toml) == '\r')
            toml->at++;
    }
}

static void utf8_put(struct str *out, unsigned long code)
{
    if (code < 0x80) {
        str_putc(out, (char)code);
    } else if (code < 0x800) {
        str_putc(out, (char)(0xC0 | code >> 6));
        str_putc(out, (char)(0x80 | (code & 0x3F)));
    } else {
        if (code < 0x10000) {
            str_putc(out, (char)(0xE0 | code >> 12));
        } else {
            str_putc(out, (char)(0xF0 | (code >> 18 & 7)));
            str_putc(out, (char)(0x80 | (code >> 12 & 0x3F)));
        }
        str_putc(out, (char)(0x80 | (code >> 6 & 0x3F)));
        str_putc(out, (char)(0x80 | (code & 0x3F)));
    }
}

/* Behind a backslash; false if nothing may be written so. */
static bool take_escape(struct toml *toml, struct str *out)
{
    static const char names[] = "btnfr\"\\e", values[] = "\b\t\n\f\r\"\\\x1b";
    char name = here(toml);
    const char *known = name ? strchr(names, name) : NULL;
    size_t digits = name == 'u' ? 4 : name == 'U' ? 8 : name == 'x' ? 2 : 0;
    if (known) {
        str_putc(out, values[known - names]);
        toml->at++;
        return true;
    }
    char number[9] = "";
    if (digits == 0 || toml->len - toml->at <= digits)
        return false;
    memcpy(number, toml->text + toml->at + 1, digits);
    if (strspn(number, "0123456789abcdefABCDEF") != digits)
        return false;
    unsigned long code = strtoul(number, NULL, 16);
    if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000))
        return false;
    utf8_put(out, code);
    toml->at += digits + 1;
    return true;
}

/* A backslash before the end of a line: that, and the white space behind it, are not there. */
static bool skip_line_end(struct toml *toml)
{
    size_t from = toml->at;
    skip_blanks(toml);
    bool ends = here(toml) == '\n' || begins(toml, "\r\n");
    if (!ends)
        toml->at = from;
    while (ends && here(toml) && strchr(" \t\r\n", here(toml)))
        toml->at++;
    return ends;
}

/* One of the four kinds of string; what it says goes to `out`. */
static int take_string(struct toml *toml, struct str *out)
{
    size_t from = toml->at;
    char quote = here(toml);
    char three[] = { quote, quote, quote, '\0' }, one[] = { quote, '\0' };
    bool lines = begins(toml, three);
    const char *mark = lines ? three : one;
    toml->at += strlen(mark);
    while (toml->at < toml->len && !begins(toml, mark)) {
        unsigned char c = (unsigned char)here(toml);
        bool ends = c == '\n' || c == '\r';
        if ((c < 0x20 && c != '\t' && !(lines && ends)) || c == 0x7F)
            return unlike(toml, from, "a string that begins here does not end");
        toml->at++;
        if (c != '\\' || quote == '\'')
            str_putc(out, (char)c);
        else if (!(lines && skip_line_end(toml)) && !take_escape(toml, out))
            return unlike(toml, toml->at, "nothing is written like this in a string");
    }
    if (toml->at >= toml->len)
        return unlike(toml, from, "a string that begins here does not end");
    toml->at += strlen(mark);
    /* Up to two quotes may stand before the three that end it. */
    for (int i = 0; lines && i < 2 && here(toml) == quote; i++)
        toml->at++;
    return 0;
}

static bool is_bare(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

/* a."b".c, added to *path. */
static int take_key(struct toml *toml, char ***path)
{
    for (;;) {
        autostr struct str part = { 0 };
        skip_blanks(toml);
        size_t from = toml->at;
        int r = 0;
        if (here(toml) == '"' || here(toml) == '\'')
            r = begins(toml, "\"\"\"") || begins(toml, "'''")
                    ? unlike(toml, from, "a key is on one line")
                    : take_string(toml, &part);
        else
            for (; is_bare(here(toml)); toml->at++)
                str_putc(&part, here(toml));
        if (r == 0 && toml->at == from)
            r = unlike(toml, from, "the name of a key is missing here");
        if (r < 0)
            return r;
        list_add_owned(path, str_take(&part));
        skip_blanks(toml);
        if (here(toml) != '.')
            return 0;
        toml->at++;
    }
}

static int take_value(struct toml *toml, char *const *path, unsigned depth);

static struct toml_item *item_add(struct toml *toml, enum toml_kind kind, char **path, size_t at)
{
    toml->items = xrealloc(toml->items, (toml->count + 1) * sizeof(*toml->items));
    struct toml_item *item = &toml->items[toml->count++];
    *item = (struct toml_item){
        .kind = kind, .path = path, .line = line_number(toml->text, toml->len, at), .begin = at
    };
    return item;
}

/* key = value; the key continues `above`. */
static int take_pair(struct toml *toml, char *const *above, unsigned depth)
{
    autolist char **path = list_copy(above);
    size_t from = toml->at;
    int r = take_key(toml, &path);
    if (r == 0 && here(toml) != '=')
        r = unlike(toml, from, "this key has no value");
    if (r < 0)
        return r;
    toml->at++;
    skip_blanks(toml);
    enum toml_kind kind = here(toml) == '{' ? TOML_INLINE : TOML_VALUE;
    size_t index = toml->count;
    char **kept = list_copy(path);
    item_add(toml, kind, kept, toml->at);
    r = take_value(toml, path, depth);
    toml->items[index].end = toml->at;
    return r;
}

static int take_inline(struct toml *toml, char *const *path, unsigned depth)
{
    bool ready = true; /* for a pair */
    toml->at++;
    for (;;) {
        /* TOML 1.1 lets it go over lines, with a comma at its end. */
        skip_lines(toml);
        if (here(toml) == '}') {
            toml->at++;
            return 0;
        }
        if (!ready)
            return unlike(toml, toml->at, "a comma or \"}\" is missing before this");
        int r = take_pair(toml, path, depth + 1);
        if (r < 0)
            return r;
        skip_lines(toml);
        ready = here(toml) == ',';
        toml->at += ready;
    }
}

static int take_array(struct toml *toml, unsigned depth)
{
    static char unnamed[] = "";
    static char *const nowhere[] = { unnamed, NULL }; /* the elements of an array have no path */
    bool ready = true;
    toml->at++;
    for (;;) {
        skip_lines(toml);
        if (here(toml) == ']') {
            toml->at++;
            return 0;
        }
        if (!ready)
            return unlike(toml, toml->at, "a comma or \"]\" is missing before this");
        int r = take_value(toml, nowhere, depth + 1);
        if (r < 0)
            return r;
        skip_lines(toml);
        ready = here(toml) == ',';
        toml->at += ready;
    }
}

static int take_value(struct toml *toml, char *const *path, unsigned depth)
{
    autostr struct str ignored = { 0 };
    size_t from = toml->at;
    if (depth >= DEPTH_MAX)
        return unlike(toml, from, "this is nested too deeply");
    if (here(toml) == '"' || here(toml) == '\'')
        return take_string(toml, &ignored);
    if (here(toml) == '{')
        return take_inline(toml, path, depth);
    if (here(toml) == '[')
        return take_array(toml, depth);
    /* Numbers, dates, true and false: the client judges them, here they only have to end. */
    while (is_bare(here(toml)) || (here(toml) && strchr("+.:", here(toml))))
        toml->at++;
    /* 1979-05-27 07:32:00 */
    if (toml->at - from == 10 && here(toml) == ' ' && toml->at + 1 < toml->len &&
        toml->text[toml->at + 1] >= '0' && toml->text[toml->at + 1] <= '9')
        for (toml->at++; is_bare(here(toml)) || (here(toml) && strchr("+.:", here(toml)));)
            toml->at++;
    return toml->at == from ? unlike(toml, from, "a value is missing here") : 0;
}

/* [path] or [[path]]. */
static int take_header(struct toml *toml)
{
    size_t from = toml->at;
    bool many = begins(toml, "[[");
    autolist char **path = NULL;
    toml->at += many ? 2 : 1;
    int r = take_key(toml, &path);
    if (r == 0 && !begins(toml, many ? "]]" : "]"))
        r = unlike(toml, from, "the name of a table does not end");
    if (r < 0)
        return r;
    toml->at += many ? 2 : 1;
    list_free(toml->table);
    toml->table = list_copy(path);
    item_add(toml, many ? TOML_TABLES : TOML_TABLE, TAKE(&path), from);
    return 0;
}

static int take_all(struct toml *toml)
{
    for (;;) {
        skip_lines(toml);
        if (toml->at >= toml->len)
            return 0;
        size_t index = toml->count;
        bool header = here(toml) == '[';
        int r = header ? take_header(toml) : take_pair(toml, toml->table, 0);
        if (r < 0)
            return r;
        skip_blanks(toml);
        skip_comment(toml);
        if (here(toml) == '\r')
            toml->at++;
        if (toml->at < toml->len && here(toml) != '\n')
            return unlike(toml, toml->at, "this belongs on a line of its own");
        if (header)
            toml->items[index].end = toml->at;
    }
}

int toml_read(struct toml *toml, const struct str *text, struct error *err)
{
    *toml = (struct toml){ .text = text->data, .len = text->len, .err = err };
    return utf8_valid(text->len ? text->data : "", text->len)
               ? take_all(toml)
               : fail_caller(err, EILSEQ, "the file is not UTF-8");
}

void toml_done(struct toml *toml)
{
    for (size_t i = 0; i < toml->count; i++)
        list_free(toml->items[i].path);
    free(toml->items);
    list_free(toml->table);
}

size_t toml_shared(char *const *path, const char *const *other)
{
    size_t i = 0;
    while (path && path[i] && other[i] && strcmp(path[i], other[i]) == 0)
        i++;
    return i;
}

const struct toml_item *toml_at(const struct toml *toml, const char *const *path)
{
    for (size_t i = 0; i < toml->count; i++) {
        size_t n = toml_shared(toml->items[i].path, path);
        if (!path[n] && !toml->items[i].path[n])
            return &toml->items[i];
    }
    return NULL;
}

char *toml_string(const struct toml *toml, const struct toml_item *item)
{
    struct error problem = { 0 };
    struct toml value = {
        .text = toml->text, .len = toml->len, .at = item->begin, .err = &problem
    };
    autostr struct str said = { 0 };
    if ((here(&value) != '"' && here(&value) != '\'') || take_string(&value, &said) < 0)
        return NULL;
    return str_take(&said);
}
