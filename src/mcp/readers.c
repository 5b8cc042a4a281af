/* SPDX-License-Identifier: Apache-2.0 */
/* readers.c - where each who asks stopped reading the output of jobs. */
#include "mcp/readers.h"

#include <stdio.h>
#include <string.h>

#include <cordon/launch.h>

#include "str.h"

struct reader {
    char owner[OWNER_MAX], id[JOB_ID_MAX];
    struct position position;
    uint64_t used;
};

struct readers {
    struct reader *list;
    size_t count, room;
    uint64_t clock;
};

struct readers *readers_new(void)
{
    return xcalloc(1, sizeof(struct readers));
}

void readers_free(struct readers *readers)
{
    if (!readers)
        return;
    free(readers->list);
    free(readers);
}

/* A place for one more: a new one, or that of the one longest not used. */
static struct reader *place(struct readers *readers)
{
    if (readers->count < READERS_MAX) {
        if (readers->count == readers->room) {
            readers->room = readers->room ? readers->room * 2 : 8;
            readers->list = xrealloc(readers->list, readers->room * sizeof(*readers->list));
        }
        return &readers->list[readers->count++];
    }
    struct reader *oldest = readers->list;
    for (size_t i = 1; i < readers->count; i++)
        if (readers->list[i].used < oldest->used)
            oldest = &readers->list[i];
    return oldest;
}

struct position *readers_at(struct readers *readers, const char *owner, const char *id)
{
    struct reader *reader = NULL;
    for (size_t i = 0; i < readers->count && !reader; i++)
        if (strcmp(readers->list[i].id, id) == 0 && strcmp(readers->list[i].owner, owner) == 0)
            reader = &readers->list[i];
    if (!reader) {
        reader = place(readers);
        *reader = (struct reader){ 0 };
        (void)snprintf(reader->owner, sizeof(reader->owner), "%s", owner);
        (void)snprintf(reader->id, sizeof(reader->id), "%s", id);
    }
    reader->used = ++readers->clock;
    return &reader->position;
}
