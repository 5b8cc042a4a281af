/* SPDX-License-Identifier: Apache-2.0 */
/* capability.c - what a client says it can, as far as anybody asks. */
#include "mcp/capability.h"

#include <stdbool.h>
#include <string.h>

static bool takes(const char *name, unsigned *left)
{
    if (*left == 0 || strlen(name) > CAPABILITY_BYTES_MAX)
        return false;
    --*left;
    return true;
}

static struct json_object *names_of(struct json_object *object, unsigned *left)
{
    struct json_object *ret = json_object_new_object();
    json_object_object_foreach(object, name, value)
    {
        (void)value;
        if (takes(name, left))
            json_object_object_add(ret, name, json_object_new_boolean(true));
    }
    return ret;
}

struct json_object *capabilities_kept(struct json_object *declared)
{
    unsigned left = CAPABILITIES_MAX;
    if (!declared)
        return NULL;
    struct json_object *ret = json_object_new_object();
    json_object_object_foreach(declared, name, value)
    {
        /* null is as good as nothing; of the rest only an object has parts. */
        if (!value || !takes(name, &left))
            continue;
        bool parts = json_object_is_type(value, json_type_object);
        json_object_object_add(ret, name,
                               parts ? names_of(value, &left) : json_object_new_boolean(true));
    }
    return ret;
}
