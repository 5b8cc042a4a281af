/* SPDX-License-Identifier: Apache-2.0 */
#include "mcp/places.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "str.h"

void places_done(struct places *places)
{
    for (unsigned i = 0; i < PLACES_MAX; i++)
        free(places->list[i].path);
    *places = (struct places){ 0 };
}

/* Where it is; PLACES_MAX: nowhere. */
static unsigned find(const struct places *places, const char *path)
{
    unsigned i = 0;
    while (i < PLACES_MAX && (!places->list[i].path || strcmp(places->list[i].path, path) != 0))
        i++;
    return i;
}

void places_add(struct places *places, const char *path, uint64_t now_ns)
{
    unsigned at = find(places, path);
    if (at == PLACES_MAX) {
        at = places->next++ % PLACES_MAX;
        free(places->list[at].path);
        places->list[at].path = xstrdup(path);
    }
    places->list[at].asked_ns = now_ns;
}

bool places_has(const struct places *places, const char *path, uint64_t now_ns)
{
    unsigned at = find(places, path);
    return at < PLACES_MAX && now_ns - places->list[at].asked_ns < PLACES_GOOD_MS * NS_PER_MS;
}
