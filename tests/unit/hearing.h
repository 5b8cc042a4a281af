/* SPDX-License-Identifier: Apache-2.0 */
/* hearing.h - what a test is sent by a session, line by line, and looked into. */
#pragma once

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "str.h"
#include "unit.h"

/* The oldest line that was sent; fails where there is none. */
static inline struct json_object *hearing_next(char **sent)
{
    if (list_len(sent) == 0)
        fail_msg("nothing was sent");
    struct json_object *message = json_tokener_parse(sent[0]);
    assert_non_null(message);
    assert_null(strchr(sent[0], '\n'));
    free(sent[0]);
    memmove(sent, sent + 1, (list_len(sent + 1) + 1) * sizeof(char *));
    return message;
}

/* A member by a path such as "result.tools"; NULL where a part is missing. A part that is to hold
 * a '.' is written with '|' in its place. */
static inline struct json_object *at(struct json_object *object, const char *path)
{
    autofree char *copy = xstrdup(path);
    char *rest = copy;
    for (char *name; object && (name = strsep(&rest, "."));) {
        struct json_object *next = NULL;
        for (char *c = name; *c; c++)
            *c = *c == '|' ? '.' : *c;
        if (json_object_is_type(object, json_type_array))
            next = json_object_array_get_idx(object, (size_t)atoi(name));
        else
            (void)json_object_object_get_ex(object, name, &next);
        object = next;
    }
    return object;
}

static inline void assert_text(struct json_object *message, const char *path, const char *wanted)
{
    const char *text = json_object_get_string(at(message, path));
    if (!text || strcmp(text, wanted) != 0)
        fail_msg("%s is %s in %s", path, text, json_object_to_json_string(message));
}
