/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/hint.h"

#include <string.h>
#include <unistd.h>

#include "run/missing.h"
#include "str.h"

static bool lies_in(const char *directory, const char *module)
{
    autofree char *package = path_join(directory, module);
    autofree char *file = xasprintf("%s.py", package);
    return access(file, F_OK) == 0 || access(package, F_OK) == 0;
}

char *hint_neighbour(const char *output, const char *directory)
{
    autofree char *module = missing_module(output);
    return module && lies_in(directory, module) ? TAKE(&module) : NULL;
}

/* --- the way out ------------------------------------------------------------------------------ */

/* As libc words them, and curl, which git and others are made of. */
static const char *const lost[] = { "Temporary failure in name resolution",
                                    "Network is unreachable", "Could not resolve host" };

static bool has_way_out(const struct started *started)
{
    for (size_t i = 0; i < started->layer_count; i++)
        if (strcmp(started->layers[i].name, "egress") == 0)
            return !starts_with(started->layers[i].value, "off");
    return true; /* nobody knows */
}

static char *last_line(const char *output)
{
    size_t end = strlen(output);
    while (end > 0 && strchr("\r\n", output[end - 1]))
        end--;
    size_t begin = end;
    while (begin > 0 && output[begin - 1] != '\n')
        begin--;
    return xstrndup(output + begin, end - begin);
}

bool hint_no_way_out(const struct started *started, const char *output)
{
    autofree char *line = last_line(output);
    for (size_t i = 0; i < COUNT(lost); i++)
        if (strstr(line, lost[i]))
            return !has_way_out(started);
    return false;
}
