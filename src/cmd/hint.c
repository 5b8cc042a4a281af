/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/hint.h"

#include <stdbool.h>
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
