/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup_text.c - reading the kernel's lists of groups and mounts. */
#include "cgroup_text.h"

#include <stdlib.h>
#include <string.h>

#include "str.h"

/* Of a line of mountinfo: before the optional fields, and after the dash behind them. */
enum { FIELD_ROOT = 3, FIELD_WHERE = 4, FIELDS_BEFORE = 6 };
enum { FIELD_TYPE, FIELD_SOURCE, FIELD_OPTIONS, FIELDS_AFTER };

static bool among(const char *list, const char *separators, const char *word)
{
    size_t len = strlen(word);
    while (*(list += strspn(list, separators))) {
        size_t next = strcspn(list, separators);
        if (next == len && strncmp(list, word, len) == 0)
            return true;
        list += next;
    }
    return false;
}

bool cgroup_has_word(const char *words, const char *word)
{
    return among(words, " \n", word);
}

char *cgroup_own_path(const char *groups, const char *controller)
{
    autofree char *copy = xstrdup(groups);
    char *rest = copy;
    for (char *line; (line = strsep(&rest, "\n"));) {
        char *names = strchr(line, ':');
        char *path = names ? strchr(names + 1, ':') : NULL;
        if (!path)
            continue;
        *names++ = '\0';
        *path++ = '\0';
        bool v2 = strcmp(line, "0") == 0 && *names == '\0';
        if (*controller ? !among(names, ",", controller) : !v2)
            continue;
        /* "/../x" is how a namespace shows a group beside it. */
        return *path == '/' && !starts_with(path, "/..") ? xstrdup(path) : NULL;
    }
    return NULL;
}

static bool is_octal(char c)
{
    return c >= '0' && c <= '7';
}

/* Blanks and their like are written as \040. */
static void decode(char *text)
{
    char *to = text;
    while (*text) {
        if (text[0] == '\\' && is_octal(text[1]) && is_octal(text[2]) && is_octal(text[3])) {
            const char code[] = { text[1], text[2], text[3], '\0' };
            *to++ = (char)strtoul(code, NULL, 8);
            text += 4;
        } else {
            *to++ = *text++;
        }
    }
    *to = '\0';
}

/* How many there were. */
static unsigned split(char *line, char *fields[], unsigned count)
{
    unsigned n = 0;
    while (n < count && (fields[n] = strsep(&line, " ")))
        n++;
    return n;
}

char *cgroup_mount_point(const char *mounts, const char *controller)
{
    autofree char *copy = xstrdup(mounts);
    char *rest = copy;
    for (char *line; (line = strsep(&rest, "\n"));) {
        char *before[FIELDS_BEFORE], *after[FIELDS_AFTER];
        char *dash = strstr(line, " - ");
        if (!dash)
            continue;
        *dash = '\0';
        if (split(line, before, FIELDS_BEFORE) < FIELDS_BEFORE ||
            split(dash + strlen(" - "), after, FIELDS_AFTER) < FIELDS_AFTER ||
            strcmp(before[FIELD_ROOT], "/") != 0)
            continue;
        if (strcmp(after[FIELD_TYPE], *controller ? "cgroup" : "cgroup2") != 0 ||
            (*controller && !among(after[FIELD_OPTIONS], ",", controller)))
            continue;
        decode(before[FIELD_WHERE]);
        return xstrdup(before[FIELD_WHERE]);
    }
    return NULL;
}
