/* SPDX-License-Identifier: Apache-2.0 */
/* schema.c - a tool's parameters, once. */
#include "mcp/schema.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "str.h"

/* Below it every whole double is one integer. */
#define EXACT_DOUBLE_MAX 9007199254740992.0

/* What a person is shown instead of a type of json-c. */
static const char *const type_names[] = {
    [json_type_null] = "null",        [json_type_boolean] = "a boolean",
    [json_type_double] = "a number",  [json_type_int] = "a number",
    [json_type_object] = "an object", [json_type_array] = "an array",
    [json_type_string] = "a string",
};

static void *member(const struct field *field, void *out)
{
    return (char *)out + field->offset;
}

/* --- decoding, a kind at a time ---------------------------------------------- */

static int wrong_type(const struct field *field, const char *wanted, struct json_object *value,
                      struct error *err)
{
    bool null = field->flags & (FIELD_NULLABLE | FIELD_NULL_TOO);
    return fail_caller(err, EINVAL, "%s must be %s%s, not %s", field->name, wanted,
                       null ? " or null" : "", type_names[json_object_get_type(value)]);
}

/* A text that a kernel, a command line and a person all read the same way. */
static int take_text(const struct field *field, struct json_object *value, const char **ret,
                     struct error *err)
{
    const char *text = json_object_get_string(value);
    size_t len = (size_t)json_object_get_string_len(value);
    size_t most = field->most ? (size_t)field->most : FIELD_TEXT_MAX;
    if (len > most)
        return fail_caller(err, E2BIG, "%s has %zu bytes; at most %zu are allowed", field->name,
                           len, most);
    if (strlen(text) != len)
        return fail_caller(err, EINVAL, "%s holds a NUL character; none is allowed", field->name);
    *ret = text;
    return 0;
}

static int decode_text(const struct field *field, struct json_object *value, void *slot,
                       struct error *err)
{
    if (!json_object_is_type(value, json_type_string))
        return wrong_type(field, "a string", value, err);
    const char *text;
    int r = take_text(field, value, &text, err);
    if (r == 0)
        *(char **)slot = xstrdup(text);
    return r;
}

static int decode_path(const struct field *field, struct json_object *value, void *slot,
                       struct error *err)
{
    if (json_object_is_type(value, json_type_string) && json_object_get_string_len(value) == 0)
        return fail_caller(err, EINVAL, "%s is empty; it must be a path", field->name);
    return decode_text(field, value, slot, err);
}

static int decode_list(const struct field *field, struct json_object *value, void *slot,
                       struct error *err)
{
    if (!json_object_is_type(value, json_type_array))
        return wrong_type(field, "an array of strings", value, err);
    size_t count = json_object_array_length(value);
    char **list = xcalloc(count + 1, sizeof(*list));
    *(char ***)slot = list;
    for (size_t i = 0; i < count; i++) {
        struct json_object *item = json_object_array_get_idx(value, i);
        if (!json_object_is_type(item, json_type_string))
            return fail_caller(err, EINVAL, "%s must be an array of strings; item %zu is %s",
                               field->name, i, type_names[json_object_get_type(item)]);
        const char *text;
        int r = take_text(field, item, &text, err);
        if (r < 0)
            return r;
        list[i] = xstrdup(text);
    }
    return 0;
}

static int decode_map(const struct field *field, struct json_object *value, void *slot,
                      struct error *err)
{
    if (!json_object_is_type(value, json_type_object))
        return wrong_type(field, "an object of strings", value, err);
    char **list = xcalloc((size_t)json_object_object_length(value) + 1, sizeof(*list));
    *(char ***)slot = list;
    json_object_object_foreach(value, name, item)
    {
        char shown[80];
        (void)printable(name, shown, sizeof(shown));
        /* Whether the rest of a name is one is for the launch to say; this much
         * is needed for "NAME=value" to mean what it meant here. */
        if (*name == '\0' || strchr(name, '='))
            return fail_caller(err, EINVAL,
                               "%s: \"%s\" is not a name; letters, digits and _ are allowed",
                               field->name, shown);
        if (!json_object_is_type(item, json_type_string))
            return fail_caller(err, EINVAL, "%s must be an object of strings; %s is %s",
                               field->name, shown, type_names[json_object_get_type(item)]);
        const char *text;
        int r = take_text(field, item, &text, err);
        if (r < 0)
            return r;
        *list++ = xasprintf("%s=%s", name, text);
    }
    return 0;
}

static int decode_flag(const struct field *field, struct json_object *value, void *slot,
                       struct error *err)
{
    if (!json_object_is_type(value, json_type_boolean))
        return wrong_type(field, "true or false", value, err);
    *(bool *)slot = json_object_get_boolean(value);
    return 0;
}

static int decode_integer(const struct field *field, struct json_object *value, void *slot,
                          struct error *err)
{
    int64_t number;
    if (json_object_is_type(value, json_type_int)) {
        number = json_object_get_int64(value);
    } else if (json_object_is_type(value, json_type_double)) {
        /* 3.0 is an integer to JSON Schema; 3.5 and 1e30 are not one of ours. */
        double real = json_object_get_double(value);
        bool small = real > -EXACT_DOUBLE_MAX && real < EXACT_DOUBLE_MAX;
        number = small ? (int64_t)real : 0;
        if (!small || (double)number < real || (double)number > real)
            return fail_caller(err, EINVAL, "%s must be a whole number, not %g", field->name, real);
    } else {
        return wrong_type(field, "a whole number", value, err);
    }
    if (number < field->least || number > field->most)
        return fail_caller(err, ERANGE, "%s must be from %" PRId64 " to %" PRId64 ", not %" PRId64,
                           field->name, field->least, field->most, number);
    *(int64_t *)slot = number;
    return 0;
}

static int decode_number(const struct field *field, struct json_object *value, void *slot,
                         struct error *err)
{
    if (!json_object_is_type(value, json_type_int) && !json_object_is_type(value, json_type_double))
        return wrong_type(field, "a number", value, err);
    double number = json_object_get_double(value);
    if (field->highest > 0 && !(number >= field->lowest && number <= field->highest))
        return fail_caller(err, ERANGE, "%s must be from %g to %g, not %g", field->name,
                           field->lowest, field->highest, number);
    if (!(number > 0 && number <= FIELD_NUMBER_MAX))
        return fail_caller(err, ERANGE, "%s must be more than 0 and at most %.0f, not %g",
                           field->name, FIELD_NUMBER_MAX, number);
    *(double *)slot = number;
    return 0;
}

static void no_pointer(void *slot)
{
    *(void **)slot = NULL;
}

static void no_flag(void *slot)
{
    *(bool *)slot = false;
}

static void no_integer(void *slot)
{
    *(int64_t *)slot = FIELD_NO_NUMBER;
}

static void no_number(void *slot)
{
    *(double *)slot = FIELD_NO_NUMBER;
}

static void drop_text(void *slot)
{
    free(*(char **)slot);
    no_pointer(slot);
}

static void drop_list(void *slot)
{
    list_free(*(char ***)slot);
    no_pointer(slot);
}

static const struct kind {
    const char *type, *format, *items, *values; /* for the schema */
    int (*decode)(const struct field *field, struct json_object *value, void *slot,
                  struct error *err);
    void (*none)(void *slot);
    void (*drop)(void *slot);
} kinds[] = {
    [FIELD_TEXT] = { "string", NULL, NULL, NULL, decode_text, no_pointer, drop_text },
    [FIELD_PATH] = { "string", "path", NULL, NULL, decode_path, no_pointer, drop_text },
    [FIELD_LIST] = { "array", NULL, "string", NULL, decode_list, no_pointer, drop_list },
    [FIELD_MAP] = { "object", NULL, NULL, "string", decode_map, no_pointer, drop_list },
    [FIELD_FLAG] = { "boolean", NULL, NULL, NULL, decode_flag, no_flag, no_flag },
    [FIELD_INTEGER] = { "integer", NULL, NULL, NULL, decode_integer, no_integer, no_integer },
    [FIELD_NUMBER] = { "number", NULL, NULL, NULL, decode_number, no_number, no_number },
};

/* --- decoding a call ----------------------------------------------------------- */

static int decode_field(const struct field *field, struct json_object *value, void *out,
                        struct error *err)
{
    const struct kind *kind = &kinds[field->kind];
    if (!value && field->flags & (FIELD_NULLABLE | FIELD_NULL_TOO)) {
        kind->none(member(field, out));
        return 0;
    }
    return kind->decode(field, value, member(field, out), err);
}

static struct json_object *fallback(const struct field *field)
{
    return field->fallback ? json_tokener_parse(field->fallback) : NULL;
}

static int decode_absent(const struct field *field, void *out, struct error *err)
{
    if (field->flags & FIELD_REQUIRED)
        return fail_caller(err, EINVAL, "%s is required: %s", field->name, field->help);
    struct json_object *value = fallback(field);
    int r = decode_field(field, value, out, err);
    json_object_put(value);
    return r;
}

static int check_known(const struct field *const *fields, struct json_object *arguments,
                       struct error *err)
{
    json_object_object_foreach(arguments, name, value)
    {
        (void)value;
        const struct field *const *field = fields;
        while (*field && strcmp((*field)->name, name) != 0)
            field++;
        if (*field)
            continue;
        autostr struct str names = { 0 };
        for (field = fields; *field; field++)
            str_printf(&names, "%s%s", names.len ? ", " : "", (*field)->name);
        char shown[80];
        return fail_caller(err, EINVAL, "unknown parameter %s; there are: %s",
                           printable(name, shown, sizeof(shown)), names.len ? names.data : "none");
    }
    return 0;
}

int schema_decode(const struct field *const *fields, struct json_object *arguments, void *out,
                  struct error *err)
{
    for (const struct field *const *field = fields; *field; field++)
        kinds[(*field)->kind].none(member(*field, out));
    int r = arguments ? check_known(fields, arguments, err) : 0;
    for (; r == 0 && *fields; fields++) {
        struct json_object *value;
        bool given = arguments && json_object_object_get_ex(arguments, (*fields)->name, &value);
        r = given ? decode_field(*fields, value, out, err) : decode_absent(*fields, out, err);
    }
    return r;
}

void schema_done(const struct field *const *fields, void *out)
{
    for (; *fields; fields++)
        kinds[(*fields)->kind].drop(member(*fields, out));
}

/* --- printing ------------------------------------------------------------------ */

static void add_text(struct json_object *object, const char *name, const char *text)
{
    if (text)
        json_object_object_add(object, name, json_object_new_string(text));
}

static struct json_object *type_only(const char *type)
{
    struct json_object *schema = json_object_new_object();
    add_text(schema, "type", type);
    return schema;
}

static struct json_object *print_kind(const struct field *field)
{
    const struct kind *kind = &kinds[field->kind];
    struct json_object *schema = type_only(kind->type);
    add_text(schema, "format", kind->format);
    if (kind->items)
        json_object_object_add(schema, "items", type_only(kind->items));
    if (kind->values)
        json_object_object_add(schema, "additionalProperties", type_only(kind->values));
    return schema;
}

static struct json_object *print_field(const struct field *field)
{
    struct json_object *schema = print_kind(field);
    if (field->flags & FIELD_NULLABLE) {
        struct json_object *choice = json_object_new_array();
        json_object_array_add(choice, schema);
        json_object_array_add(choice, type_only("null"));
        schema = json_object_new_object();
        json_object_object_add(schema, "anyOf", choice);
    }
    if (!(field->flags & FIELD_REQUIRED))
        json_object_object_add(schema, "default", fallback(field));
    add_text(schema, "description", field->help);
    return schema;
}

struct json_object *schema_print(const struct field *const *fields)
{
    struct json_object *schema = type_only("object");
    struct json_object *properties = json_object_new_object();
    struct json_object *required = json_object_new_array();
    for (; *fields; fields++) {
        json_object_object_add(properties, (*fields)->name, print_field(*fields));
        if ((*fields)->flags & FIELD_REQUIRED)
            json_object_array_add(required, json_object_new_string((*fields)->name));
    }
    json_object_object_add(schema, "properties", properties);
    if (json_object_array_length(required) > 0)
        json_object_object_add(schema, "required", required);
    else
        json_object_put(required);
    json_object_object_add(schema, "additionalProperties", json_object_new_boolean(0));
    return schema;
}
