/* SPDX-License-Identifier: Apache-2.0 */
/* completing.c - how names that were begun may go on. */
#include "mcp/completing.h"

#include <string.h>

#include "config.h"
#include "job/store.h"
#include "mcp/call.h"
#include "mcp/job_chart.h"
#include "mcp/owner.h"
#include "mcp/prompts.h"
#include "mcp/resources.h"
#include "mcp/rpc.h"
#include "mcp/services.h"
#include "str.h"

/* The newest jobs; who looks for an older one knows more of its id. */
#define JOBS_LOOKED_AT 1000

struct found {
    const char *begin; /* of what is wanted */
    char **names;
};

static void offer_name(struct found *found, const char *name)
{
    if (strncmp(name, found->begin, strlen(found->begin)) == 0)
        list_add(&found->names, name);
}

/* --- who knows names ------------------------------------------------------------------------- */

static void job_ids(const struct services *services, struct found *found)
{
    struct record_list list = { 0 };
    struct error ignored; /* who cannot list jobs completes none; the tools say why */
    if (!services->store || !(services->scopes & SCOPE_JOBS) ||
        store_list(services->store, services->owner->name, -1, JOBS_LOOKED_AT, &list, &ignored) < 0)
        return;
    for (size_t i = 0; i < list.count; i++)
        offer_name(found, list.records[i].id);
    record_list_done(&list);
}

static void scripts(const struct services *services, struct found *found)
{
    struct script_list list = { 0 };
    struct error ignored;
    if (!(services->scopes & SCOPE_SCRIPTS) ||
        library_list(&services->library, true, &list, &ignored) < 0)
        return;
    for (size_t i = 0; i < list.count; i++)
        offer_name(found, list.scripts[i].name);
    script_list_done(&list);
}

static void policies(const struct services *services, struct found *found)
{
    char *const *name =
        services->config ? config_policies(services->config, services->owner->name) : NULL;
    for (; name && *name; name++)
        offer_name(found, *name);
}

static void streams(const struct services *services, struct found *found)
{
    (void)services;
    offer_name(found, "stdout");
    offer_name(found, "stderr");
}

/* --- where they are asked for ----------------------------------------------------------------- */

static const struct row {
    const char *prompt, *uri; /* one of the two */
    const char *argument;
    void (*names)(const struct services *services, struct found *found);
} rows[] = {
    { PROMPT_JOB, NULL, "job_id", job_ids },      { PROMPT_SAVED, NULL, "script_name", scripts },
    { PROMPT_POLICY, NULL, "policy", policies },  { NULL, STREAM_TEMPLATE, "job_id", job_ids },
    { NULL, STREAM_TEMPLATE, "stream", streams }, { NULL, JOB_TEMPLATE, "job_id", job_ids },
    { NULL, CHART_TEMPLATE, "job_id", job_ids },  { NULL, SCRIPT_TEMPLATE, "name", scripts },
    { NULL, POLICY_TEMPLATE, "name", policies },
};

static bool same(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

void product_complete(struct call *call, const struct completion *asked)
{
    struct found found = { .begin = asked->value };
    bool known = asked->prompt != NULL; /* the core knows which prompts there are */
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct row *row = &rows[i];
        bool here = same(row->prompt, asked->prompt) || same(row->uri, asked->uri);
        known = known || here;
        if (here && strcmp(row->argument, asked->argument) == 0)
            row->names(call->services, &found);
    }
    if (known)
        call_complete(call, found.names, list_len(found.names));
    else
        call_error(call, RPC_INVALID_PARAMS, "ref: no template of resources/templates/list");
    list_free(found.names);
}
