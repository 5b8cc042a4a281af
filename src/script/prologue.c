/* SPDX-License-Identifier: Apache-2.0 */
/* prologue.c - the first two lines, as Python's tokenizer looks at them. */
#include "script/prologue.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "str.h"

#define MARK "\xef\xbb\xbf"

struct line {
    const char *text;
    size_t len;       /* without its end */
    const char *next; /* behind its end */
    bool lone_return;
    bool windows; /* ends in CR LF */
};

/* LF, CR LF and CR end a line. False where nothing is left. */
static bool line_next(const char *at, const char *end, struct line *ret)
{
    if (at >= end)
        return false;
    const char *stop = at;
    while (stop < end && *stop != '\n' && *stop != '\r')
        stop++;
    *ret = (struct line){ at, (size_t)(stop - at), stop, false, false };
    if (stop == end)
        return true;
    ret->windows = *stop == '\r' && end - stop > 1 && stop[1] == '\n';
    ret->lone_return = *stop == '\r' && !ret->windows;
    ret->next = stop + (ret->windows ? 2 : 1);
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\f';
}

/* Behind the blanks at its beginning; its end where there is nothing else. */
static const char *line_word(const struct line *line)
{
    const char *at = line->text, *end = line->text + line->len;
    while (at < end && is_blank(*at))
        at++;
    return at;
}

/* A second line is looked at only behind one that holds no code. */
static bool line_is_silent(const struct line *line)
{
    const char *word = line_word(line);
    return word == line->text + line->len || *word == '#';
}

static bool is_encoding_char(char c)
{
    return isalnum((unsigned char)c) || c == '-' || c == '_' || c == '.';
}

/* ^[ \t\f]*#.*?coding[:=][ \t]*([-_.a-zA-Z0-9]+) */
static bool line_encoding(const struct line *line, const char **name, size_t *len)
{
    const char *at = line_word(line), *end = line->text + line->len;
    if (at == end || *at != '#')
        return false;
    while ((at = memmem(at, (size_t)(end - at), "coding", strlen("coding")))) {
        at += strlen("coding");
        if (at == end || (*at != ':' && *at != '='))
            continue;
        const char *first = at + 1;
        while (first < end && (*first == ' ' || *first == '\t'))
            first++;
        const char *stop = first;
        while (stop < end && is_encoding_char(*stop))
            stop++;
        if (stop == first)
            continue;
        *name = first;
        *len = (size_t)(stop - first);
        return true;
    }
    return false;
}

/* The names that Python has for it. */
static bool is_utf8(const char *name)
{
    static const char *const names[] = { "utf-8", "utf8", "u8", "utf", "utf-8-sig", "cp65001" };
    char plain[32];
    size_t i = 0;
    for (; i < sizeof(plain) - 1 && name[i]; i++)
        plain[i] = (char)(name[i] == '_' ? '-' : name[i]);
    plain[i] = '\0';
    for (i = 0; i < COUNT(names); i++)
        if (strcasecmp(names[i], plain) == 0)
            return true;
    return strncasecmp(plain, "utf-8-", strlen("utf-8-")) == 0;
}

void prologue_read(const char *text, size_t len, struct prologue *ret)
{
    const char *end = text + len, *name = "";
    size_t name_len = 0;
    *ret = (struct prologue){ .line_end = "\n", .utf8 = true };
    if (len >= strlen(MARK) && memcmp(text, MARK, strlen(MARK)) == 0)
        ret->mark = strlen(MARK);

    struct line lines[2];
    const char *at = text + ret->mark;
    size_t count = 0, kept = 0;
    while (count < COUNT(lines) && line_next(at, end, &lines[count]))
        at = lines[count++].next;
    if (count > 0)
        ret->line_end = lines[0].windows ? "\r\n" : "\n";
    if (count > 0 && lines[0].len >= 2 && memcmp(lines[0].text, "#!", 2) == 0)
        kept = 1;
    if (count > 0 && line_encoding(&lines[0], &name, &name_len))
        kept = 1;
    else if (count > 1 && line_is_silent(&lines[0]) && line_encoding(&lines[1], &name, &name_len))
        kept = 2;
    ret->len = kept > 0 ? (size_t)(lines[kept - 1].next - text) : ret->mark;
    for (size_t i = 0; i < kept; i++)
        ret->lone_return |= lines[i].lone_return;
    (void)snprintf(ret->encoding, sizeof(ret->encoding), "%.*s", (int)name_len, name);
    if (name_len > 0)
        ret->utf8 = name_len < sizeof(ret->encoding) && is_utf8(ret->encoding);
}
