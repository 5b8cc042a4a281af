/* SPDX-License-Identifier: Apache-2.0 */
/* env_lock.c - one package's lines of a lock, and their hashes. */
#include "env_lock.h"

#include <string.h>

#include "str.h"

static size_t line_length(const char *line)
{
    size_t len = strcspn(line, "\n");
    return len + (line[len] == '\n');
}

/* What follows a requirement is indented. */
static bool continues(const char *line)
{
    return *line == ' ';
}

/* "name==version", perhaps with extras between and a marker behind. */
static bool names(const char *line, const struct package *package)
{
    size_t len = strlen(package->name);
    if (strncmp(line, package->name, len) != 0)
        return false;
    line += len;
    if (*line == '[') {
        line += strcspn(line, "]\n");
        line += *line == ']';
    }
    len = strlen(package->version);
    return starts_with(line, "==") && strncmp(line + 2, package->version, len) == 0 &&
           strchr(" ;\\\n", line[2 + len]); /* or its end */
}

char *lock_only(const char *locked, const struct package *package)
{
    autostr struct str text = { 0 };
    bool inside = false;
    for (const char *line = locked; *line; line += line_length(line)) {
        if (!continues(line))
            inside = names(line, package);
        if (inside)
            str_add(&text, line, line_length(line));
    }
    return text.len ? str_take(&text) : NULL;
}

static void put_with_hashes(struct str *text, const char *line, char *const *hashes)
{
    size_t len = strcspn(line, "\n");
    while (len > 0 && strchr(" \\", line[len - 1]))
        len--;
    str_add(text, line, len);
    for (; hashes && *hashes; hashes++)
        str_printf(text, " \\\n    --hash=sha256:%s", *hashes);
    str_putc(text, '\n');
}

char *lock_replace(const char *locked, const struct package *package, char *const *hashes)
{
    autostr struct str text = { 0 };
    bool inside = false;
    for (const char *line = locked; *line; line += line_length(line)) {
        if (!continues(line))
            inside = names(line, package);
        if (!inside)
            str_add(&text, line, line_length(line));
        else if (!continues(line))
            put_with_hashes(&text, line, hashes);
    }
    return str_take(&text);
}
