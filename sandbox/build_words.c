/* SPDX-License-Identifier: Apache-2.0 */
/* build_words.c - what uv says of packages that it cannot build, and what wheels are called. */
#include "build_words.h"

#include <ctype.h>
#include <string.h>

#include "str.h"

static bool is_plain(char c)
{
    return isalnum((unsigned char)c) || (c && strchr("._-+!", c));
}

/* A word of [A-Za-z0-9._+!-] that ends where `end` begins; it becomes part of paths. */
static bool take_word(const char *from, const char *end, char out[WORD_MAX + 1])
{
    size_t len = (size_t)(end - from);
    if (len == 0 || len > WORD_MAX || *from == '.' || *from == '-')
        return false;
    for (size_t i = 0; i < len; i++)
        if (!is_plain(from[i]))
            return false;
    memcpy(out, from, len);
    out[len] = '\0';
    return true;
}

bool build_wanted(const char *text, struct package *ret)
{
    static const char sign[] = "Failed to build `";
    bool found = false;
    for (const char *at = text; (at = strstr(at, sign));) {
        at += strlen(sign);
        const char *end = strchr(at, '`');
        const char *equals = end ? memmem(at, (size_t)(end - at), "==", 2) : NULL;
        struct package package = { 0 };
        if (equals && take_word(at, equals, package.name) &&
            take_word(equals + 2, end, package.version)) {
            *ret = package;
            found = true;
        }
    }
    return found;
}

bool build_missing(const char *text, char name[WORD_MAX + 1])
{
    const char *end = strstr(text, " was not found in the provided package locations");
    const char *from = end;
    while (from && from > text && is_plain(from[-1]))
        from--;
    return end && take_word(from, end, name);
}

static char folded(char c)
{
    return (char)(c == '.' || c == '-' ? '_' : tolower((unsigned char)c));
}

bool wheel_is_of(const char *file, const char *name)
{
    /* Runs of -_. are one "_" in the names of wheels (binary distribution format). */
    const char *at = file;
    for (; *name; name++) {
        if (folded(*name) == '_' && folded(name[1]) == '_')
            continue;
        if (folded(*at++) != folded(*name))
            return false;
    }
    return *at == '-' && ends_with(file, ".whl") && !strchr(file, '/');
}
