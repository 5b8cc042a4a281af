/* SPDX-License-Identifier: Apache-2.0 */
/* pep723.c - the reference expression of PEP 723, line by line:
 *
 *     (?m)^# /// (?P<type>[a-zA-Z0-9-]+)$\s(?P<content>(^#(| .*)$\s)+)^# ///$
 *
 * It is greedy: of several closing lines in one run of comment lines the last
 * one closes. A line may end in CR LF, and a byte-order mark is skipped, because
 * Python reads such files too.
 */
#include "script/pep723.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "str.h"

#define OPENING "# /// "
#define CLOSING "# ///"

struct line {
    const char *text;
    size_t len;
};

struct block {
    struct line type;
    const char *content; /* from the first content line */
    const char *closing; /* the start of the closing line */
};

/* Cuts one line off, without its end. False when nothing is left. */
static bool line_next(const char **at, const char *end, struct line *ret)
{
    if (*at >= end)
        return false;
    const char *stop = memchr(*at, '\n', (size_t)(end - *at));
    *ret = (struct line){ *at, (size_t)((stop ? stop : end) - *at) };
    if (ret->len > 0 && ret->text[ret->len - 1] == '\r')
        ret->len--;
    *at = stop ? stop + 1 : end;
    return true;
}

static bool line_is_closing(struct line line)
{
    return line.len == strlen(CLOSING) && memcmp(line.text, CLOSING, line.len) == 0;
}

static bool line_is_content(struct line line)
{
    return line.len >= 1 && line.text[0] == '#' && (line.len == 1 || line.text[1] == ' ');
}

static bool line_is_opening(struct line line, struct line *type)
{
    size_t skip = strlen(OPENING);
    if (line.len <= skip || memcmp(line.text, OPENING, skip) != 0)
        return false;
    for (size_t i = skip; i < line.len; i++)
        if (!isalnum((unsigned char)line.text[i]) && line.text[i] != '-')
            return false;
    *type = (struct line){ line.text + skip, line.len - skip };
    return true;
}

/* After an opening line: the last closing line of the run of comment lines, with
 * at least one line before it. *at moves behind it; without one behind the whole
 * run, which then closes no other block either (and is not walked again). */
static bool block_close(const char **at, const char *end, struct block *block)
{
    const char *next = *at, *behind = NULL;
    struct line line;
    bool first = true;
    block->content = *at;
    while (line_next(&next, end, &line) && line_is_content(line)) {
        if (!first && line_is_closing(line)) {
            block->closing = line.text;
            behind = next;
        }
        first = false;
    }
    *at = behind ? behind : next;
    return behind != NULL;
}

/* The lines of a block without their "# ". */
static char *block_text(const struct block *block)
{
    autostr struct str text = { 0 };
    const char *at = block->content;
    struct line line;
    while (line_next(&at, block->closing, &line)) {
        if (line.len > 2)
            str_add(&text, line.text + 2, line.len - 2);
        str_putc(&text, '\n');
    }
    return str_take(&text);
}

int pep723_locate(const char *code, size_t len, char **ret, struct pep723_place *place,
                  struct error *err)
{
    const char *at = code, *end = code + len;
    if (len >= 3 && memcmp(code, "\xef\xbb\xbf", 3) == 0)
        at += 3;

    struct block found = { 0 }, block;
    struct line line;
    bool any = false;
    while (line_next(&at, end, &line)) {
        if (!line_is_opening(line, &block.type) || !block_close(&at, end, &block))
            continue;
        if (block.type.len != strlen("script") ||
            memcmp(block.type.text, "script", block.type.len) != 0)
            continue;
        if (any)
            return fail_caller(err, EINVAL, "the script has two \"# /// script\" blocks (PEP 723)");
        found = block;
        any = true;
    }
    if (any && memchr(found.content, '\0', (size_t)(found.closing - found.content)))
        return fail_caller(err, EINVAL, "the script's \"# /// script\" block has a NUL byte in it");
    *ret = any ? block_text(&found) : NULL;
    if (any)
        *place =
            (struct pep723_place){ (size_t)(found.content - code), (size_t)(found.closing - code) };
    return 0;
}

int pep723_find(const char *code, size_t len, char **ret, struct error *err)
{
    struct pep723_place place;
    return pep723_locate(code, len, ret, &place, err);
}
