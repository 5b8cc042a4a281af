/* SPDX-License-Identifier: Apache-2.0 */
/* offer.c - what a server offers, looked up. */
#include "mcp/offer.h"

#include <string.h>

const struct tool *offer_tool(const struct offer *offer, const char *name)
{
    for (size_t i = 0; i < offer->tool_count; i++)
        if (strcmp(offer->tools[i].name, name) == 0)
            return &offer->tools[i];
    return NULL;
}

const struct prompt *offer_prompt(const struct offer *offer, const char *name)
{
    for (size_t i = 0; i < offer->prompt_count; i++)
        if (strcmp(offer->prompts[i].name, name) == 0)
            return &offer->prompts[i];
    return NULL;
}
