/* SPDX-License-Identifier: Apache-2.0 */
/* hub.c - what the conversations of one server share. */
#include "mcp/hub.h"

#include <stdlib.h>

#include "str.h"

struct hub {
    struct event_base *base;
};

struct hub *hub_new(struct event_base *base)
{
    struct hub *hub = xcalloc(1, sizeof(*hub));
    hub->base = base;
    return hub;
}

void hub_free(struct hub *hub)
{
    free(hub);
}
