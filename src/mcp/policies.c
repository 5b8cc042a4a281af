/* SPDX-License-Identifier: Apache-2.0 */
/* policies.c - every policy that this client may name. */
#include "mcp/policies.h"

#include <string.h>

#include "config.h"
#include "fd.h"
#include "json.h"
#include "mcp/gate.h"
#include "mcp/owner.h"
#include "mcp/resources.h"
#include "mcp/rpc.h"
#include "mcp/services.h"
#include "run/result.h"
#include "str.h"

/* A policy's file: far less. */
#define TEXT_BYTES_MAX ((size_t)1024 * 1024)

struct asking_all {
    struct call *call;
    char *uri;
    const char *type;
    struct json_object *list; /* of those that were answered */
    char *const *next;        /* the one that is asked for */
    uint32_t ticket;
};

static struct call *asking_end(struct asking_all *all)
{
    struct call *call = all->call;
    json_object_put(all->list);
    free(all->uri);
    free(all);
    return call;
}

static void on_cancel(struct call *call, bool grace)
{
    struct asking_all *all = call->work;
    (void)grace;
    gate_forget(call->services->gate, all->ticket);
    call_error(asking_end(all), RPC_INTERNAL_ERROR, "the server ends");
}

static void add_row(struct asking_all *all, const char *text, const char *reason)
{
    static const char *const members[] = { "purpose", "limits", "network", "workspace" };
    struct json_object *row = json_object_new_object(), *member;
    autojson struct json_object *policy = text ? json_tokener_parse(text) : NULL;
    json_object_object_add(row, "name", rpc_text(*all->next));
    for (size_t i = 0; i < COUNT(members); i++)
        if (json_object_is_type(policy, json_type_object) &&
            json_object_object_get_ex(policy, members[i], &member))
            json_object_object_add(row, members[i], json_object_get(member));
    if (reason)
        json_object_object_add(row, "error", rpc_text(reason));
    json_object_array_add(all->list, row);
}

static void answer(struct asking_all *all)
{
    size_t len;
    autofree char *uri = TAKE(&all->uri);
    const char *type = all->type, *first = all->call->services->default_policy;
    autojson struct json_object *object = json_object_new_object();
    json_object_object_add(object, "default", rpc_text(first));
    json_object_object_add(object, "policies", json_object_get(all->list));
    const char *text = result_text(object, &len);
    call_answer(asking_end(all), resource_text(uri, type, text, len));
}

static void ask_next(struct asking_all *all);

static void on_text(void *context, const struct resolved *resolved, int fd)
{
    struct asking_all *all = context;
    autoclose int file = fd;
    autofree char *text = NULL;
    size_t len = 0;
    struct error err = resolved->error;
    bool there = resolved->code == 0 && fd_read_all(file, TEXT_BYTES_MAX, &text, &len, &err) == 0;
    add_row(all, text, there ? NULL : err.text);
    all->next++;
    ask_next(all);
}

static void ask_next(struct asking_all *all)
{
    struct error err = { 0 };
    const struct services *services = all->call->services;
    for (; *all->next; all->next++) {
        const struct gate_ask ask = { .owner = services->owner->name,
                                      .what = RESOLVE_POLICY,
                                      .path = *all->next,
                                      .answer = on_text,
                                      .context = all };
        if (gate_ask(services->gate, &ask, &all->ticket, &err) == 0)
            return;
        add_row(all, NULL, err.text);
    }
    answer(all);
}

void policies_read(struct call *call, const char *uri, const char *type)
{
    static char *const none[] = { NULL };
    const struct services *services = call->services;
    char *const *may =
        services->config ? config_policies(services->config, services->owner->name) : NULL;
    struct asking_all *all = xcalloc(1, sizeof(*all));
    all->call = call;
    all->uri = xstrdup(uri);
    all->type = type;
    all->list = json_object_new_array();
    all->next = may ? may : none;
    call->work = all;
    call->cancel = on_cancel;
    ask_next(all);
}
