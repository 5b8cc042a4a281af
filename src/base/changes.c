/* SPDX-License-Identifier: Apache-2.0 */
/* changes.c - the bounded list of what a run did to its workspace. */
#include <string.h>

#include <cordon/changes.h>

#include "str.h"

static const char *const kind_names[] = {
    [CHANGE_ADDED] = "added",
    [CHANGE_CHANGED] = "changed",
    [CHANGE_REMOVED] = "removed",
};

const char *change_kind_name(enum change_kind kind)
{
    return kind <= CHANGE_REMOVED ? kind_names[kind] : "unknown";
}

static size_t cost(const char *path, const char *note)
{
    return strlen(path) + (note ? strlen(note) : 0);
}

/* Doubles at powers of two, so that the room need not be kept. */
static void append(struct changes *changes, struct change change)
{
    size_t n = changes->count;
    if ((n & (n - 1)) == 0)
        changes->list = xrealloc(changes->list, (n ? n * 2 : 1) * sizeof(*changes->list));
    changes->list[changes->count++] = change;
    changes->bytes += cost(change.path, change.note);
}

static bool has_room(const struct changes *changes, size_t bytes)
{
    return changes->count < CHANGES_MAX && bytes <= CHANGES_BYTES_MAX - changes->bytes;
}

void changes_add(struct changes *changes, const char *path, enum change_kind kind, uint64_t bytes,
                 const char *note)
{
    if (!has_room(changes, cost(path, note))) {
        changes->more++;
        return;
    }
    append(changes, (struct change){ .path = xstrdup(path),
                                     .kind = kind,
                                     .bytes = bytes,
                                     .note = note ? xstrdup(note) : NULL });
}

/* What was removed stands before what came in its place. */
static int by_path(const void *a, const void *b)
{
    const struct change *one = a, *other = b;
    int r = strcmp(one->path, other->path);
    return r ? r : (int)other->kind - (int)one->kind;
}

void changes_sort(struct changes *changes)
{
    if (changes->count > 1)
        qsort(changes->list, changes->count, sizeof(*changes->list), by_path);
}

static void change_done(struct change *change)
{
    free(change->path);
    free(change->note);
    *change = (struct change){ 0 };
}

void changes_join(struct changes *into, struct changes *part)
{
    into->fate = part->fate;
    into->more = part->more;
    into->failed = part->failed;
    for (size_t i = 0; i < part->count; i++) {
        struct change *change = &part->list[i];
        if (has_room(into, cost(change->path, change->note)))
            append(into, *change);
        else
            change_done(change);
    }
    free(part->list);
    *part = (struct changes){ 0 };
}

void changes_done(struct changes *changes)
{
    for (size_t i = 0; i < changes->count; i++)
        change_done(&changes->list[i]);
    free(changes->list);
    *changes = (struct changes){ 0 };
}
