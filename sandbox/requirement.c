/* SPDX-License-Identifier: Apache-2.0 */
/* requirement.c - which requirement strings may reach uv. */
#include "requirement.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "pep508.h"
#include "str.h"

/* What a file of a distribution is called: uv takes such a "name" for a path. */
static const char *const archive_endings[] = {
    ".whl",    ".zip", ".tar",      ".tar.gz",  ".tgz", ".tar.bz2", ".tbz", ".tar.xz", ".txz",
    ".tar.lz", ".tlz", ".tar.lzma", ".tar.zst", ".egg", ".py",      ".txt", ".toml",   ".lock",
};

static bool is_space(char c)
{
    return c == ' ';
}

static bool is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

static bool names_a_file(const char *name, size_t len)
{
    for (size_t i = 0; i < COUNT(archive_endings); i++) {
        size_t n = strlen(archive_endings[i]);
        if (len > n && strncasecmp(name + len - n, archive_endings[i], n) == 0)
            return true;
    }
    return false;
}

static bool has_control(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            return true;
    return false;
}

/* A place instead of a name? */
static bool is_direct(const char *text)
{
    if (strchr("./~\\", *text) || strchr(text, '@') || strstr(text, "://"))
        return true;
    size_t len = 0;
    while (is_name(text[len]))
        len++;
    const char *rest = text + len;
    while (is_space(*rest))
        rest++;
    if (names_a_file(text, len))
        return true;
    return *rest == '/' || *rest == '\\' || *rest == ':' || *rest == '+';
}

static int refuse(struct error *err, const char *text, const char *why)
{
    autofree char *shown = xstrdup(text);
    redact_urls(shown);
    char line[120];
    return fail_caller(err, EINVAL, "requirement \"%s\": %s", printable(shown, line, sizeof(line)),
                       why);
}

int requirement_admit(const char *text, struct error *err)
{
    while (is_space(*text))
        text++;
    if (!*text)
        return fail_caller(err, EINVAL, "a requirement is empty");
    if (strlen(text) > REQUIREMENT_MAX)
        return refuse(err, text, "longer than 1000 bytes");
    if (!utf8_valid(text, strlen(text)) || has_control(text))
        return refuse(err, text, "control characters or bytes that are not UTF-8");
    if (*text == '-')
        return refuse(err, text, "that is an option of an installer, not a requirement");
    if (is_direct(text))
        return refuse(err, text,
                      "direct references (URL, path, git) are refused; give a name and "
                      "versions, the operator's index is asked for it");
    if (!pep508_shaped(text))
        return refuse(err, text, "not a name with versions, such as requests>=2.31");
    return 0;
}

int requirements_admit(char *const *list, struct error *err)
{
    size_t count = list_len(list);
    if (count > REQUIREMENTS_MAX)
        return fail_caller(err, E2BIG, "%zu requirements are more than %d", count,
                           REQUIREMENTS_MAX);
    for (size_t i = 0; i < count; i++) {
        int r = requirement_admit(list[i], err);
        if (r < 0)
            return r;
    }
    return 0;
}

static bool ends_url(char c)
{
    return !c || strchr(" \t\r\n\"'`<>()[]{}|,", c) != NULL;
}

/* Where the authority that begins at `at` ends: at a slash, unless an "@" comes
 * later in the same word; passwords with a slash in them exist, however wrong. */
static char *after_user(char *at)
{
    char *user_end = NULL;
    char *p = at;
    for (; *p && !strchr(" \t\r\n\"'`<>", *p); p++)
        if (*p == '@')
            user_end = p + 1;
    return user_end;
}

void redact_urls(char *text)
{
    for (char *at = text; (at = strstr(at, "://"));) {
        at += 3;
        char *host = after_user(at);
        if (host)
            memmove(at, host, strlen(host) + 1);
        char *end = at;
        while (!ends_url(*end) && *end != '?')
            end++;
        if (*end == '?') {
            char *query = end;
            while (!ends_url(*end))
                end++;
            memmove(query, end, strlen(end) + 1);
        }
    }
}
