/* SPDX-License-Identifier: Apache-2.0 */
/* offer.h - what a server offers: the protocol core serves it, and knows nothing else of it.
 *
 * Texts are the offer's and constant. A text that is JSON says so. What is not offered (NULL)
 * is not announced, and its methods do not exist (-32601).
 */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mcp/version.h"

struct call;
struct error;
struct field;

struct tool {
    const char *name, *title, *description;
    bool read_only;   /* changes nothing */
    bool destructive; /* may change what was there before: the workspace, a script, a job */
    bool idempotent;  /* once more changes nothing more */
    bool open_world;  /* reaches beyond this server */
    const struct field *const *fields; /* its parameters (schema.h) ... */
    const char *input_schema;          /* ... or, where that is NULL, JSON */
    const char *output_schema;         /* JSON; NULL: none */
    const char *icons, *meta;          /* JSON: an array, the object _meta; NULL: none */

    /* Comes to call_answer() or call_error() exactly once, now or later. `arguments` is an
     * object or NULL, and borrowed. After call_ask() it is called again (call.h). */
    void (*handle)(struct call *call, struct json_object *arguments);
};

struct prompt_argument {
    const char *name, *description;
    bool required;
};

struct prompt {
    const char *name, *title, *description;
    const struct prompt_argument *arguments; /* `name` NULL at the end; NULL: none */
    const char *icons;                       /* JSON array, or NULL */

    /* As a tool's; every required argument is there, and all are strings. */
    void (*get)(struct call *call, struct json_object *arguments);
};

/* What completion/complete asks; one of the first two is set. */
struct completion {
    const char *prompt, *uri; /* a prompt's name, or a template's address */
    const char *argument, *value;
    struct json_object *context; /* arguments that were chosen already: an object, or NULL */
};

/* What can change while somebody listens (hub.h). */
enum offer_change {
    CHANGE_TOOLS = 1,
    CHANGE_PROMPTS = 2,
    CHANGE_RESOURCES = 4, /* the list */
    CHANGE_RESOURCE = 8,  /* one of them: what is read at its address differs now */
    CHANGE_TASK = 16,     /* modern era, to clients that know tasks */
};

/* Each answers at once, by what is in task.h; `id` and `responses` are borrowed. A task that ended
 * can be updated and cancelled without effect. */
struct offer_tasks {
    void (*get)(struct call *call, const char *id);
    void (*update)(struct call *call, const char *id, struct json_object *responses);
    void (*cancel)(struct call *call, const char *id);
};

struct offer {
    const char *name, *title, *version, *description, *website; /* the last three may be NULL */
    const char *icons;                                          /* JSON array, or NULL */
    const char *instructions;                                   /* or NULL */
    const char *extensions; /* JSON object, of the modern era: capabilities.extensions; or NULL */

    /* Both tables stay as they are while a server runs. */
    const struct tool *tools;
    size_t tool_count;
    const struct prompt *prompts;
    size_t prompt_count;

    /* Arrays of Resource and of ResourceTemplate, the same order each time; the core's. Pages are
     * cut by the core. NULL: there are no resources. */
    struct json_object *(*resources)(struct call *call);
    struct json_object *(*templates)(struct call *call);
    /* Answers like a tool; call_absent() where there is nothing. `uri` is borrowed. */
    void (*read)(struct call *call, const char *uri);

    /* Comes to call_complete(). NULL: nothing is completed. */
    void (*complete)(struct call *call, const struct completion *asked);

    const struct offer_tasks *tasks; /* NULL: none; else `extensions` names them too */

    bool logs;        /* its tools say things (call_log()) */
    unsigned changes; /* enum offer_change: what it publishes; CHANGE_RESOURCE: may be subscribed */

    /* How long a client may keep what is constant here: lists of tools, prompts and templates. */
    uint64_t ttl_ms;

    /* Answers a tool's call that came when too many were in flight. NULL: -32603. */
    void (*busy)(struct call *call, const struct error *err);
};

const struct tool *offer_tool(const struct offer *offer, const char *name);     /* NULL: none */
const struct prompt *offer_prompt(const struct offer *offer, const char *name); /* NULL: none */

/* As it is listed; the caller's. */
struct json_object *tool_print(const struct tool *tool);

/* What a server says of itself: serverInfo, and its capabilities in an era (version.h). */
struct json_object *offer_identity(const struct offer *offer);
struct json_object *offer_capabilities(const struct offer *offer, enum era era);
