/* SPDX-License-Identifier: Apache-2.0 */
/* tool_scripts.c - py_save_script and py_list_scripts; to run one is tool_run.c's. */
#include "mcp/tool_scripts.h"

#include <string.h>

#include <cordon/launch.h>
#include <cordon/log.h>

#include "mcp/owner.h"
#include "mcp/services.h"
#include "mcp/tools.h"
#include "script/header.h"
#include "str.h"

struct save_call {
    char *script_name, *source;
    char **dependencies;
    char *requires_python;
    bool overwrite;
};

#define PARAMETER(member, kind_, ...)                                                   \
    {                                                                                   \
        .name = #member, .kind = (kind_), .offset = offsetof(struct save_call, member), \
        __VA_ARGS__                                                                     \
    }

static const struct field script_name =
    PARAMETER(script_name, FIELD_TEXT, .flags = FIELD_REQUIRED,
              .help = "Letters, digits, '-', '_' and '.', at most 100; \".py\" may be left out.");

static const struct field source =
    PARAMETER(source, FIELD_TEXT, .flags = FIELD_REQUIRED, .most = SCRIPT_BYTES_MAX,
              .help = "Python source, at most 4 MiB. A PEP 723 header in it stays.");

static const struct field dependencies = PARAMETER(
    dependencies, FIELD_LIST, .flags = FIELD_NULLABLE, .fallback = "null",
    .help = "Requirements (PEP 508, such as \"requests>=2\"), written into the PEP 723 header.");

static const struct field requires_python =
    PARAMETER(requires_python, FIELD_TEXT, .flags = FIELD_NULLABLE, .fallback = "null",
              .help = "Version specifiers such as \">=3.11\", written into the PEP 723 header.");

static const struct field overwrite =
    PARAMETER(overwrite, FIELD_FLAG, .fallback = "false",
              .help =
                  "Replace a script that has this name; false: it stays, and written is false.");

const struct field *const save_script_fields[] = {
    &script_name, &source, &dependencies, &requires_python, &overwrite, NULL,
};

const struct field *const list_scripts_fields[] = { NULL };

const char save_script_schema[] =
    "{\"type\":\"object\",\"required\":[\"written\",\"path\",\"message\"],\"properties\":{"
    "\"written\":{\"type\":\"boolean\"},"
    "\"path\":{\"type\":\"string\",\"description\":\"the file, on the host\"},"
    "\"message\":{\"type\":\"string\"}}}";

const char list_scripts_schema[] =
    "{\"type\":\"object\",\"required\":[\"scripts\",\"total\"],\"properties\":{"
    "\"scripts\":{\"type\":\"array\",\"items\":{\"type\":\"object\","
    "\"required\":[\"name\",\"path\",\"docstring\",\"header\"],\"properties\":{"
    "\"name\":{\"type\":\"string\"},"
    "\"path\":{\"type\":\"string\",\"description\":\"the file, on the host\"},"
    "\"docstring\":{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"null\"}]},"
    "\"header\":{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"null\"}],"
    "\"description\":\"the TOML of the PEP 723 header\"}}}},"
    "\"total\":{\"type\":\"integer\",\"minimum\":0}}}";

static struct json_object *text_or_null(const char *text)
{
    return text ? json_object_new_string(text) : NULL;
}

/* --- saving -------------------------------------------------------------------------- */

static int save(const struct services *services, const struct save_call *asked, char **name,
                bool *written, struct error *err)
{
    autostr struct str text = { 0 };
    size_t len = strlen(asked->source);
    const struct header_words words = { asked->dependencies, asked->requires_python };
    if (script_name_check(asked->script_name, name, err) < 0)
        return fail_within(err, "script_name");
    if (script_text_check(asked->source, len, true, err) < 0)
        return fail_within(err, "source");
    int r = header_write(asked->source, len, &words, &text, err);
    if (r == 0)
        r = owner_keep(services->owner, text.len, err);
    return r < 0 ? r
                 : library_save(&services->library, *name, text.data ? text.data : "", text.len,
                                asked->overwrite, written, err);
}

static struct json_object *save_answer(const struct library *library, const char *name,
                                       bool written)
{
    autofree char *path = library_path(library, name);
    autofree char *message =
        written ? xasprintf("Saved as %s; py_run_saved_script runs it.", name)
                : xasprintf("A script %s exists and stays as it is: overwrite is false.", name);
    struct json_object *object = json_object_new_object();
    json_object_object_add(object, "written", json_object_new_boolean(written));
    json_object_object_add(object, "path", json_object_new_string(path));
    json_object_object_add(object, "message", json_object_new_string(message));
    return object;
}

static void log_saved(const struct owner *owner, const char *name)
{
    if (strcmp(owner->name, OWNER_LOCAL) == 0)
        log_event(LOG_INFO, "saved", KV("script", name));
    else
        log_event(LOG_INFO, "saved", KV("script", name), KV("principal", owner->name));
}

void tool_save_script(struct call *call, struct json_object *arguments)
{
    const struct library *library = &call->services->library;
    struct save_call asked = { 0 };
    struct error err = { 0 };
    autofree char *name = NULL;
    bool written = false;
    int r = schema_decode(save_script_fields, arguments, &asked, &err);
    if (r == 0)
        r = save(call->services, &asked, &name, &written, &err);
    schema_done(save_script_fields, &asked);
    if (r < 0) {
        call_answer(call, tool_error(&err));
        return;
    }
    if (written)
        log_saved(call->services->owner, name);
    call_answer(call, tool_result(save_answer(library, name, written), false));
}

/* --- listing --------------------------------------------------------------------------- */

struct json_object *scripts_json(const struct library *library, const struct script_list *list)
{
    struct json_object *scripts = json_object_new_array();
    for (size_t i = 0; i < list->count; i++) {
        const struct saved_script *script = &list->scripts[i];
        autofree char *path = library_path(library, script->name);
        struct json_object *object = json_object_new_object();
        json_object_object_add(object, "name", json_object_new_string(script->name));
        json_object_object_add(object, "path", json_object_new_string(path));
        json_object_object_add(object, "docstring", text_or_null(script->docstring));
        json_object_object_add(object, "header", text_or_null(script->header));
        json_object_array_add(scripts, object);
    }
    struct json_object *object = json_object_new_object();
    json_object_object_add(object, "scripts", scripts);
    json_object_object_add(object, "total", json_object_new_int64((int64_t)list->total));
    return object;
}

void tool_list_scripts(struct call *call, struct json_object *arguments)
{
    const struct library *library = &call->services->library;
    struct script_list list = { 0 };
    struct error err = { 0 };
    int nothing;
    int r = schema_decode(list_scripts_fields, arguments, &nothing, &err);
    if (r == 0)
        r = library_list(library, false, &list, &err);
    if (r < 0) {
        call_answer(call, tool_error(&err));
        return;
    }
    struct json_object *object = scripts_json(library, &list);
    script_list_done(&list);
    call_answer(call, tool_result(object, false));
}
