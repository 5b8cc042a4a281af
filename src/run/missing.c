/* SPDX-License-Identifier: Apache-2.0 */
#include "run/missing.h"

#include <ctype.h>
#include <string.h>

#include "str.h"

#define PHRASE "ModuleNotFoundError: No module named '"

static const char *last_found(const char *text, const char *what)
{
    const char *last = NULL;
    for (const char *p = strstr(text, what); p; p = strstr(p + 1, what))
        last = p;
    return last;
}

char *missing_module(const char *errors)
{
    const char *phrase = last_found(errors, PHRASE);
    if (!phrase)
        return NULL;
    const char *name = phrase + strlen(PHRASE);
    size_t len = 0; /* the first part of a dotted name */
    while (isalnum((unsigned char)name[len]) || name[len] == '_')
        len++;
    return len > 0 ? xstrndup(name, len) : NULL;
}

const char *missing_hint(const struct started *started, const struct outcome *outcome,
                         const char *errors)
{
    if (!started || !started->hints || outcome->end != END_EXITED || outcome->code == 0 || !errors)
        return NULL;
    autofree char *module = missing_module(errors);
    if (!module)
        return NULL;
    autofree char *beginning = xasprintf("import %s", module);
    for (char **hint = started->hints; *hint; hint++)
        if (starts_with(*hint, beginning) && strchr(":.", (*hint)[strlen(beginning)]))
            return *hint;
    return NULL;
}
