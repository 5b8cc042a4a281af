/* SPDX-License-Identifier: Apache-2.0 */
/* result_changes.c - the change list as JSON. */
#include "run/result_changes.h"

#include <string.h>

#include "run/capture.h"
#include "str.h"

/* Braces, names and numbers of one entry, in both copies of the object. */
#define ENTRY_COST 160

/* Names are any bytes; JSON has only characters. */
static struct json_object *text_json(const char *bytes, size_t *cost)
{
    autostr struct str text = { 0 };
    struct capture capture = { 0 };
    capture_add(&capture, bytes, strlen(bytes));
    (void)capture_text(&capture, SIZE_MAX, NULL, &text);
    capture_done(&capture);
    for (size_t i = 0; i < text.len; i++)
        *cost += capture_cost((unsigned char)text.data[i]);
    return json_object_new_string_len(text.data ? text.data : "", (int)text.len);
}

static struct json_object *entry_json(const struct change *change, size_t *cost)
{
    struct json_object *entry = json_object_new_object();
    *cost = ENTRY_COST;
    json_object_object_add(entry, "path", text_json(change->path, cost));
    json_object_object_add(entry, "kind", json_object_new_string(change_kind_name(change->kind)));
    json_object_object_add(entry, "bytes", json_object_new_uint64(change->bytes));
    if (change->note)
        json_object_object_add(entry, "note", text_json(change->note, cost));
    return entry;
}

void result_add_changes(struct json_object *object, const struct changes *changes, size_t room)
{
    if (!changes || (changes->fate == CHANGES_LIVE && changes->count == 0))
        return;
    struct json_object *array = json_object_new_array();
    size_t used = 0, i = 0;
    for (; i < changes->count; i++) {
        size_t cost;
        struct json_object *entry = entry_json(&changes->list[i], &cost);
        if (cost > room - used) {
            json_object_put(entry);
            break;
        }
        used += cost;
        json_object_array_add(array, entry);
    }
    uint64_t omitted = changes->more + (changes->count - i);
    json_object_object_add(object, "changes", array);
    if (omitted > 0)
        json_object_object_add(object, "changes_omitted", json_object_new_uint64(omitted));
    if (changes->fate != CHANGES_LIVE)
        json_object_object_add(object, "changes_applied",
                               json_object_new_boolean(changes->fate == CHANGES_APPLIED));
}
