/* SPDX-License-Identifier: Apache-2.0 */
/* json.c - scanned text to json-c objects, and where in the text a value stands. */
#include "json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "json_string.h"
#include "str.h"

void json_put(struct json_object **slot)
{
    if (*slot)
        json_object_put(*slot);
    *slot = NULL;
}

/* A number at the very end is finished only by a byte behind it. */
static struct json_object *parse(struct json_tokener *tokener, const char *text, size_t len)
{
    struct json_object *object = json_tokener_parse_ex(tokener, text, (int)len);
    if (json_tokener_get_error(tokener) == json_tokener_continue)
        object = json_tokener_parse_ex(tokener, " ", 1);
    return object;
}

enum json_fault json_load(const char *text, size_t len, struct json_object **ret, struct error *err)
{
    enum json_fault bad = json_scan(text, len, err);
    if (bad)
        return bad;
    /* json-c counts the value inside the innermost container as one level more. */
    struct json_tokener *tokener = json_tokener_new_ex(JSON_DEPTH_MAX + 2);
    if (!tokener)
        abort();
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    struct json_object *object = parse(tokener, text, len);
    enum json_tokener_error wrong = json_tokener_get_error(tokener);
    json_tokener_free(tokener);
    if (wrong != json_tokener_success) {
        (void)fail_caller(err, EINVAL, "%s", json_tokener_error_desc(wrong));
        return JSON_MALFORMED;
    }
    *ret = object;
    return JSON_OK;
}

/* --- where a value stands --------------------------------------------------- */

/* These walk text that json_scan() has accepted, yet never past `end`. */

static const char *skip_space(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n'))
        at++;
    return at;
}

static const char *skip_string(const char *at, const char *end)
{
    for (at++; at < end && *at != '"'; at++)
        if (*at == '\\' && at + 1 < end)
            at++;
    return at < end ? at + 1 : end;
}

static const char *skip_value(const char *at, const char *end)
{
    unsigned depth = 0;
    do {
        if (at < end && *at == '"') {
            at = skip_string(at, end);
            continue;
        }
        if (at < end && (*at == '{' || *at == '['))
            depth++;
        if (at < end && (*at == '}' || *at == ']'))
            depth--;
        if (depth == 0 && at < end && !strchr("{}[]", *at)) {
            while (at < end && !strchr(",]} \t\r\n", *at))
                at++;
            return at;
        }
        if (at < end)
            at++;
    } while (depth > 0 && at < end);
    return at;
}

/* At '{': the value of `name`, or NULL. */
static const char *find_key(const char *at, const char *end, const char *name, size_t len)
{
    at = skip_space(at + 1, end);
    while (at < end && *at == '"') {
        const char *quote = at;
        at = skip_string(at, end);
        struct json_string key = { quote + 1, (size_t)(at - quote) - 2 };
        at = skip_space(at, end);
        if (at >= end || *at != ':')
            return NULL;
        at = skip_space(at + 1, end);
        if (json_string_is(key, name, len))
            return at;
        at = skip_space(skip_value(at, end), end);
        if (at < end && *at == ',')
            at = skip_space(at + 1, end);
    }
    return NULL;
}

/* At '[': the element with that number, or NULL. */
static const char *find_element(const char *at, const char *end, unsigned long number)
{
    at = skip_space(at + 1, end);
    for (; number > 0 && at < end && *at != ']'; number--) {
        at = skip_space(skip_value(at, end), end);
        if (at < end && *at == ',')
            at = skip_space(at + 1, end);
    }
    return at < end && *at != ']' ? at : NULL;
}

/* One step of the path; *path moves behind it. */
static const char *take_step(const char *at, const char *end, const char **path)
{
    if (at >= end)
        return NULL;
    if (**path == '[') {
        char *behind;
        unsigned long number = strtoul(*path + 1, &behind, 10);
        if (*at != '[' || *behind != ']')
            return NULL;
        *path = behind + 1;
        return find_element(at, end, number);
    }
    if (**path == '.')
        (*path)++;
    size_t len = strcspn(*path, ".[");
    if (*at != '{')
        return NULL;
    const char *found = find_key(at, end, *path, len);
    *path += len;
    return found;
}

static const char *find_place(const char *text, const char *end, const char *path)
{
    const char *at = skip_space(text, end);
    while (*path && at)
        at = take_step(at, end, &path);
    return at && at < end ? at : NULL;
}

bool json_place_of(const char *text, size_t len, const char *path, size_t *begin, size_t *end)
{
    const char *at = find_place(text, text + len, path);
    if (!at)
        return false;
    *begin = (size_t)(at - text);
    *end = (size_t)(skip_value(at, text + len) - text);
    return true;
}

unsigned json_line_of(const char *text, size_t len, const char *path)
{
    const char *at = find_place(text, text + len, path);
    return at ? line_number(text, len, (size_t)(at - text)) : 0;
}

struct json_object *json_number(double value)
{
    char text[40];
    (void)snprintf(text, sizeof(text), "%.15g", value);
    return json_object_new_double_s(value, text);
}
