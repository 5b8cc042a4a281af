/* SPDX-License-Identifier: Apache-2.0 */
#include "self.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

#include <cordon/trusted.h>

#include "str.h"

#define OURSELVES "/proc/self/exe"

static const char *path = OURSELVES;

void trusted_is(const char *file)
{
    path = file;
}

const char *self_path(void)
{
    return path;
}

int self_find(char **ret, struct error *err)
{
    char real[PATH_MAX];
    ssize_t n = readlink(path, real, sizeof(real) - 1);
    if (n < 0 && strcmp(path, OURSELVES) == 0)
        return fail_host(err, "find this program: readlink %s", path);
    /* What a starter names was found without links. */
    *ret = n < 0 ? xstrdup(path) : xstrndup(real, (size_t)n);
    return 0;
}
