/* SPDX-License-Identifier: Apache-2.0 */
/* docstring.c - Python's grammar up to the end of the first statement:
 *
 *     (blank line | comment)* '('* string+ ')'* (end of line | ';' | end of file)
 */
#include "script/docstring.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "script/prologue.h"
#include "str.h"

#define NO_CHARACTER 0xfffd
#define TAB_WIDTH    8 /* str.expandtabs() */

struct scan {
    const char *at, *end;
    bool utf8;      /* the source is; otherwise only ASCII means the same */
    unsigned depth; /* open parentheses */
};

static int peek(const struct scan *scan, size_t ahead)
{
    return (size_t)(scan->end - scan->at) > ahead ? (unsigned char)scan->at[ahead] : -1;
}

static bool is_line_end(int c)
{
    return c == '\n' || c == '\r';
}

/* --- between tokens -------------------------------------------------------------- */

static void skip_line_end(struct scan *scan)
{
    scan->at += peek(scan, 0) == '\r' && peek(scan, 1) == '\n' ? 2 : 1;
}

/* Blanks and joined lines; with `lines` also line ends and comments. */
static void skip_space(struct scan *scan, bool lines)
{
    for (;;) {
        int c = peek(scan, 0);
        if (c == ' ' || c == '\t' || c == '\f') {
            scan->at++;
        } else if (c == '\\' && is_line_end(peek(scan, 1))) {
            scan->at++;
            skip_line_end(scan);
        } else if (lines && is_line_end(c)) {
            skip_line_end(scan);
        } else if (lines && c == '#') {
            while (peek(scan, 0) >= 0 && !is_line_end(peek(scan, 0)))
                scan->at++;
        } else {
            return;
        }
    }
}

/* A first statement that is indented is an error of the source. */
static bool is_indented(const struct scan *scan, const char *start)
{
    return scan->at > start && (scan->at[-1] == ' ' || scan->at[-1] == '\t');
}

static bool at_statement_end(const struct scan *scan)
{
    int c = peek(scan, 0);
    return c < 0 || is_line_end(c) || c == ';' || c == '#';
}

/* --- characters -------------------------------------------------------------------- */

static void put_character(struct str *out, uint32_t c)
{
    if (c == 0 || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        c = NO_CHARACTER;
    if (c < 0x80) {
        str_putc(out, (char)c);
        return;
    }
    unsigned more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const unsigned char lead[] = { 0, 0xc0, 0xe0, 0xf0 };
    str_putc(out, (char)(lead[more] | c >> 6 * more));
    while (more-- > 0)
        str_putc(out, (char)(0x80 | (c >> 6 * more & 0x3f)));
}

/* `count` hexadecimal digits; false where there are fewer. */
static bool take_hex(const char **at, const char *end, unsigned count, uint32_t *ret)
{
    static const char digits[] = "0123456789abcdef";
    *ret = 0;
    for (; count > 0; count--, (*at)++) {
        const char *digit = *at < end && **at ? strchr(digits, tolower((unsigned char)**at)) : NULL;
        if (!digit)
            return false;
        *ret = *ret << 4 | (uint32_t)(digit - digits);
    }
    return *ret <= 0x10ffff;
}

static uint32_t take_octal(const char **at, const char *end)
{
    uint32_t c = 0;
    for (int i = 0; i < 3 && *at < end && **at >= '0' && **at <= '7'; i++, (*at)++)
        c = c * 8 + (uint32_t)(**at - '0');
    return c;
}

/* Behind a backslash. False where Python refuses it. */
static bool take_escape(const char **at, const char *end, struct str *out)
{
    static const char names[] = "\\'\"abfnrtv", plain[] = "\\'\"\a\b\f\n\r\t\v";
    char c = *(*at)++;
    const char *found = c ? strchr(names, c) : NULL;
    uint32_t value;
    if (found) {
        str_putc(out, plain[found - names]);
        return true;
    }
    switch (c) {
    case '\n': /* a joined line */
        return true;
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
        (*at)--;
        put_character(out, take_octal(at, end));
        return true;
    case 'x':
    case 'u':
    case 'U':
        if (!take_hex(at, end, c == 'x' ? 2 : c == 'u' ? 4 : 8, &value))
            return false;
        put_character(out, value);
        return true;
    default: /* no escape at all; or \N{...}, whose names only Python knows */
        str_putc(out, '\\');
        (*at)--;
        return true;
    }
}

/* --- strings ------------------------------------------------------------------------- */

/* What stands before the quote: at most one of r and u makes a text; with b, f and t it is
 * something else. */
static bool take_prefix(struct scan *scan, bool *raw)
{
    size_t len = 0;
    while (len < 2 && isalpha(peek(scan, len)))
        len++;
    int quote = peek(scan, len), first = len > 0 ? tolower(peek(scan, 0)) : 'u';
    if (len > 1 || (quote != '"' && quote != '\'') || (first != 'r' && first != 'u'))
        return false;
    *raw = first == 'r';
    scan->at += len;
    return true;
}

/* The body of a literal, behind its opening quotes; *stop is where the closing ones begin. */
static bool find_close(const struct scan *scan, const char *quotes, const char **stop)
{
    size_t count = strlen(quotes);
    for (const char *p = scan->at; p < scan->end; p++) {
        if ((size_t)(scan->end - p) >= count && memcmp(p, quotes, count) == 0) {
            *stop = p;
            return true;
        }
        if (is_line_end((unsigned char)*p) && count == 1)
            return false;
        if (*p == '\\' && scan->end - p > 1) {
            p++;
            if (*p == '\r' && scan->end - p > 1 && p[1] == '\n')
                p++;
        }
    }
    return false;
}

static bool is_ascii(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] > 0x7f)
            return false;
    return true;
}

/* Every end of a line is '\n' to Python, also in a string. */
static void normalize(const char *text, size_t len, struct str *out)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\r' && i + 1 < len && text[i + 1] == '\n')
            continue;
        str_putc(out, (char)(text[i] == '\r' ? '\n' : text[i]));
    }
}

static bool decode(const char *body, size_t len, bool raw, struct str *out)
{
    autostr struct str text = { 0 };
    normalize(body, len, &text);
    if (text.len == 0)
        return true;
    for (const char *at = text.data, *end = text.data + text.len; at < end;) {
        if (*at == '\\' && !raw && end - at > 1) {
            at++;
            if (!take_escape(&at, end, out))
                return false;
        } else {
            str_putc(out, *at++);
        }
    }
    return true;
}

/* 1: a string was added; 0: there is none here; -1: one that no docstring holds. */
static int take_literal(struct scan *scan, struct str *out)
{
    bool raw;
    if (!take_prefix(scan, &raw))
        return 0;
    char quotes[4] = { (char)peek(scan, 0) };
    if (peek(scan, 1) == quotes[0] && peek(scan, 2) == quotes[0])
        quotes[1] = quotes[2] = quotes[0];
    scan->at += strlen(quotes);
    const char *stop;
    if (!find_close(scan, quotes, &stop))
        return -1;
    size_t len = (size_t)(stop - scan->at);
    bool readable = scan->utf8 ? utf8_valid(scan->at, len) : is_ascii(scan->at, len);
    if (!readable || memchr(scan->at, '\0', len) || !decode(scan->at, len, raw, out))
        return -1;
    scan->at = stop + strlen(quotes);
    return 1;
}

static bool take_docstring(struct scan *scan, struct str *out)
{
    const char *start = scan->at;
    skip_space(scan, true);
    if (is_indented(scan, start))
        return false;
    for (; peek(scan, 0) == '('; skip_space(scan, true)) {
        scan->at++;
        scan->depth++;
    }
    int taken, count = 0;
    while ((taken = take_literal(scan, out)) > 0) {
        count++;
        skip_space(scan, scan->depth > 0);
    }
    if (taken < 0 || count == 0)
        return false;
    while (scan->depth > 0 && peek(scan, 0) == ')') {
        scan->at++;
        scan->depth--;
        skip_space(scan, scan->depth > 0);
    }
    return scan->depth == 0 && at_statement_end(scan);
}

/* --- indentation ------------------------------------------------------------------------ */

static void expand_tabs(const char *text, struct str *out)
{
    size_t column = 0;
    for (; *text; text++) {
        if (*text == '\t') {
            do
                str_putc(out, ' ');
            while (++column % TAB_WIDTH != 0);
            continue;
        }
        str_putc(out, *text);
        if (is_line_end((unsigned char)*text))
            column = 0;
        else if (((unsigned char)*text & 0xc0) != 0x80) /* a character, not its later bytes */
            column++;
    }
}

/* Of all lines but the first that hold something; SIZE_MAX where none does. */
static size_t common_margin(const char *text)
{
    size_t margin = SIZE_MAX;
    for (const char *line = strchr(text, '\n'); line; line = strchr(line, '\n')) {
        size_t indent = strspn(++line, " ");
        if (line[indent] && line[indent] != '\n' && indent < margin)
            margin = indent;
    }
    return margin;
}

/* Without the margin, and without the empty lines at both ends. */
static char *dedent(const char *text)
{
    autostr struct str out = { 0 };
    size_t margin = common_margin(text), kept = 0;
    bool any = false;
    for (const char *line = text;;) {
        size_t len = strcspn(line, "\n"), skip = strspn(line, " ");
        if (line != text)
            skip = margin == SIZE_MAX ? 0 : margin < len ? margin : len;
        if (any)
            str_putc(&out, '\n');
        str_add(&out, line + skip, len - skip);
        any = any || len > skip;
        if (len > skip)
            kept = out.len;
        if (!line[len])
            break;
        line += len + 1;
    }
    autofree char *all = str_take(&out);
    all[kept] = '\0';
    return TAKE(&all);
}

char *docstring_find(const char *text, size_t len)
{
    struct prologue first;
    prologue_read(text, len, &first);
    struct scan scan = { text + first.mark, text + len, first.utf8, 0 };
    autostr struct str raw = { 0 }, plain = { 0 };
    if (!take_docstring(&scan, &raw))
        return NULL;
    expand_tabs(raw.data ? raw.data : "", &plain);
    return dedent(plain.data ? plain.data : "");
}
