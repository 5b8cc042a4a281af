/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/hint.h"

#include <ctype.h>
#include <stdbool.h>
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

static bool lies_in(const char *directory, const char *module)
{
    autofree char *package = path_join(directory, module);
    autofree char *file = xasprintf("%s.py", package);
    return access(file, F_OK) == 0 || access(package, F_OK) == 0;
}

char *hint_neighbour(const char *output, const char *directory)
{
    const char *phrase = last_found(output, PHRASE);
    if (!phrase)
        return NULL;
    const char *name = phrase + strlen(PHRASE);
    size_t len = 0; /* the first part of a dotted name; a script could write anything here */
    while (isalnum((unsigned char)name[len]) || name[len] == '_')
        len++;
    autofree char *module = xstrndup(name, len);
    return len > 0 && lies_in(directory, module) ? TAKE(&module) : NULL;
}
