/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/timezone.h"

#include <limits.h>
#include <string.h>

#include "str.h"

#define DATABASE "/zoneinfo/"

/* Of a path the part below the database, which the box has at its own place. */
static char *zone_of(const char *value)
{
    const char *below = strstr(value, DATABASE);
    if (below)
        value = below + strlen(DATABASE);
    return *value && *value != '/' ? xstrdup(value) : NULL;
}

char *timezone_name(void)
{
    const char *given = getenv("TZ");
    if (given && *given)
        return zone_of(*given == ':' ? given + 1 : given);
    char target[PATH_MAX];
    ssize_t len = readlink("/etc/localtime", target, sizeof(target) - 1);
    if (len < 0)
        return NULL;
    target[len] = '\0';
    return strstr(target, DATABASE) ? zone_of(target) : NULL;
}
