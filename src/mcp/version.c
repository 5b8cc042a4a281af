/* SPDX-License-Identifier: Apache-2.0 */
/* version.c - the versions of the protocol that are spoken. */
#include "mcp/version.h"

#include <string.h>

const struct version versions[] = {
    { "2026-07-28", ERA_MODERN, false }, { "2025-11-25", ERA_LEGACY, false },
    { "2025-06-18", ERA_LEGACY, false }, { "2025-03-26", ERA_LEGACY, true },
    { NULL, ERA_LEGACY, false },
};

const struct version *version_find(const char *name, enum era era)
{
    for (const struct version *version = versions; version->name; version++)
        if (version->era == era && strcmp(version->name, name) == 0)
            return version;
    return NULL;
}

struct json_object *versions_print(enum era era)
{
    struct json_object *list = json_object_new_array();
    for (const struct version *version = versions; version->name; version++)
        if (version->era == era)
            json_object_array_add(list, json_object_new_string(version->name));
    return list;
}

const struct version *version_newest(enum era era)
{
    const struct version *version = versions;
    while (version->era != era)
        version++;
    return version;
}
