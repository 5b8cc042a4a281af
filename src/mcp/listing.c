/* SPDX-License-Identifier: Apache-2.0 */
/* listing.c - what there is: tools, prompts, resources and templates, page by page. */
#include <stdio.h>
#include <string.h>

#include "base64.h"
#include "mcp/conversation.h"
#include "mcp/schema.h"
#include "str.h"

/* --- pages --------------------------------------------------------------------------------
 *
 * A cursor is the number of rows before it, with the list's name, so that one of another list is
 * noticed. Where rows come and go between two pages one may be missed or seen twice. */

static char *cursor_make(const char *list, size_t at)
{
    autofree char *plain = xasprintf("%s:%zu", list, at);
    return base64(plain, strlen(plain));
}

/* Where the page begins; false: no cursor of ours. Only multiples of a page were given out. */
static bool cursor_read(const char *list, const char *cursor, size_t count, size_t *ret)
{
    for (size_t at = PAGE_ROWS; at < count; at += PAGE_ROWS) {
        autofree char *ours = cursor_make(list, at);
        if (strcmp(ours, cursor) == 0) {
            *ret = at;
            return true;
        }
    }
    return false;
}

/* The page that was asked for; NULL: there is no such cursor. Takes `rows`. */
static struct json_object *page(const struct call *call, const char *list, struct json_object *rows)
{
    const char *cursor = param_text(call, "cursor");
    size_t at = 0, count = json_object_array_length(rows);
    if (cursor && !cursor_read(list, cursor, count, &at)) {
        json_object_put(rows);
        return NULL;
    }
    struct json_object *result = json_object_new_object();
    if (count - at > PAGE_ROWS) {
        autofree char *next = cursor_make(list, at + PAGE_ROWS);
        json_object_array_del_idx(rows, at + PAGE_ROWS, count - at - PAGE_ROWS);
        json_object_object_add(result, "nextCursor", json_object_new_string(next));
    }
    json_object_array_del_idx(rows, 0, at);
    json_object_object_add(result, list, rows);
    return result;
}

static void answer_page(struct call *call, const char *list, struct json_object *rows)
{
    struct json_object *result = page(call, list, rows);
    if (result)
        call_answer(call, result);
    else
        call_error(call, RPC_INVALID_PARAMS, "unknown cursor");
}

/* The same of what never changes: the first page, which is mostly all, is made into text once. */
static void answer_constant(struct call *call, const char *list,
                            struct json_object *(*rows)(const struct offer *offer))
{
    const struct offer *offer = call->session->parts.offer;
    struct hub *hub = call->session->parts.hub;
    enum era era = call->version->era;
    call_keepable(call, offer->ttl_ms, true);
    if (param_text(call, "cursor")) {
        answer_page(call, list, rows(offer));
        return;
    }
    const char *text = hub_text(hub, offer, call->method, era);
    if (!text) {
        struct json_object *result = page(call, list, rows(offer));
        if (era == ERA_MODERN)
            envelope_put(call, result);
        text = hub_text_keep(hub, offer, call->method, era, rpc_text_of(result));
        json_object_put(result);
    }
    call_answer_text(call, text);
}

/* --- what is in a table ---------------------------------------------------------------------- */

static void add_text(struct json_object *object, const char *name, const char *text)
{
    if (text)
        json_object_object_add(object, name, json_object_new_string(text));
}

static void add_json(struct json_object *object, const char *name, const char *text)
{
    if (text)
        json_object_object_add(object, name, json_tokener_parse(text));
}

static void add_flag(struct json_object *object, const char *name, bool value)
{
    json_object_object_add(object, name, json_object_new_boolean(value));
}

static struct json_object *annotations_of(const struct tool *tool)
{
    struct json_object *object = json_object_new_object();
    add_flag(object, "readOnlyHint", tool->read_only);
    add_flag(object, "destructiveHint", tool->destructive);
    add_flag(object, "idempotentHint", tool->idempotent);
    add_flag(object, "openWorldHint", tool->open_world);
    return object;
}

struct json_object *tool_print(const struct tool *tool)
{
    struct json_object *object = json_object_new_object();
    add_text(object, "name", tool->name);
    add_text(object, "title", tool->title);
    add_text(object, "description", tool->description);
    json_object_object_add(object, "inputSchema",
                           tool->input_schema ? json_tokener_parse(tool->input_schema)
                                              : schema_print(tool->fields));
    add_json(object, "outputSchema", tool->output_schema);
    json_object_object_add(object, "annotations", annotations_of(tool));
    add_json(object, "icons", tool->icons);
    add_json(object, "_meta", tool->meta);
    return object;
}

static struct json_object *tool_rows(const struct offer *offer)
{
    struct json_object *rows = json_object_new_array();
    for (size_t i = 0; i < offer->tool_count; i++)
        json_object_array_add(rows, tool_print(&offer->tools[i]));
    return rows;
}

void serve_list_tools(struct call *call)
{
    answer_constant(call, "tools", tool_rows);
}

static struct json_object *prompt_print(const struct prompt *prompt)
{
    struct json_object *object = json_object_new_object(), *list = json_object_new_array();
    add_text(object, "name", prompt->name);
    add_text(object, "title", prompt->title);
    add_text(object, "description", prompt->description);
    for (const struct prompt_argument *row = prompt->arguments; row && row->name; row++) {
        struct json_object *argument = json_object_new_object();
        add_text(argument, "name", row->name);
        add_text(argument, "description", row->description);
        add_flag(argument, "required", row->required);
        json_object_array_add(list, argument);
    }
    json_object_object_add(object, "arguments", list);
    add_json(object, "icons", prompt->icons);
    return object;
}

static struct json_object *prompt_rows(const struct offer *offer)
{
    struct json_object *rows = json_object_new_array();
    for (size_t i = 0; i < offer->prompt_count; i++)
        json_object_array_add(rows, prompt_print(&offer->prompts[i]));
    return rows;
}

void serve_list_prompts(struct call *call)
{
    answer_constant(call, "prompts", prompt_rows);
}

/* --- what the offer knows --------------------------------------------------------------------- */

void serve_list_resources(struct call *call)
{
    answer_page(call, "resources", call->session->parts.offer->resources(call));
}

void serve_list_templates(struct call *call)
{
    const struct offer *offer = call->session->parts.offer;
    call_keepable(call, offer->ttl_ms, true);
    answer_page(call, "resourceTemplates",
                offer->templates ? offer->templates(call) : json_object_new_array());
}
