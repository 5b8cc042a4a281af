/* SPDX-License-Identifier: Apache-2.0 */
/* rpc.c - one line of JSON-RPC 2.0, in and out. */
#include "rpc.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "json.h"
#include "str.h"

#define WRITE_FLAGS (JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)

/* --- the id, from raw text ---------------------------------------------------
 *
 * json-c saturates big integers and rewrites strings; an id must come back
 * exactly. So the top object is walked here, also where the line was cut. The
 * walk trusts nothing: it only finds where a value may begin and end, and what
 * it finds is scanned as JSON of its own before it is used. */

struct walk {
    const char *at, *end;
};

static void skip_space(struct walk *walk)
{
    while (walk->at < walk->end && *walk->at && strchr(" \t\r\n", *walk->at))
        walk->at++;
}

static bool take(struct walk *walk, char c)
{
    skip_space(walk);
    if (walk->at >= walk->end || *walk->at != c)
        return false;
    walk->at++;
    return true;
}

/* Stands on an opening quote; false where the string does not end. */
static bool skip_string(struct walk *walk)
{
    for (walk->at++; walk->at < walk->end; walk->at++) {
        if (*walk->at == '"') {
            walk->at++;
            return true;
        }
        if (*walk->at == '\\')
            walk->at++;
    }
    return false;
}

/* Any value; false where it does not end. */
static bool skip_value(struct walk *walk)
{
    size_t depth = 0;
    for (skip_space(walk); walk->at < walk->end;) {
        char c = *walk->at;
        if (c == '"') {
            if (!skip_string(walk))
                return false;
        } else if (depth == 0 && (c == ',' || c == '}' || c == ']')) {
            return true;
        } else {
            depth += c == '{' || c == '[';
            depth -= c == '}' || c == ']';
            walk->at++;
        }
    }
    return false;
}

static bool is_integer(const char *text, size_t len)
{
    if (len > 0 && *text == '-') {
        text++;
        len--;
    }
    if (len == 0 || (*text == '0' && len > 1))
        return false;
    for (size_t i = 0; i < len; i++)
        if (text[i] < '0' || text[i] > '9')
            return false;
    return true;
}

static bool usable_id(const char *text, size_t len)
{
    if (len == 0 || len > RPC_ID_MAX)
        return false;
    if (*text != '"')
        return is_integer(text, len);
    struct error ignored;
    return json_scan(text, len, &ignored) == JSON_OK;
}

char *rpc_find_id(const char *text, size_t len)
{
    struct walk walk = { text, text + len };
    autofree char *id = NULL;
    bool seen = false;
    if (!take(&walk, '{'))
        return NULL;
    do {
        skip_space(&walk);
        const char *name = walk.at;
        if (name >= walk.end || *name != '"' || !skip_string(&walk))
            break;
        bool is_id = walk.at - name == 4 && memcmp(name, "\"id\"", 4) == 0;
        if (!take(&walk, ':'))
            break;
        skip_space(&walk);
        const char *value = walk.at;
        if (!skip_value(&walk))
            break;
        if (!is_id)
            continue;
        if (seen) /* two ids: neither is the one */
            return NULL;
        seen = true;
        const char *last = walk.at;
        while (last > value && strchr(" \t\r\n", last[-1]))
            last--;
        if (usable_id(value, (size_t)(last - value)))
            id = xstrndup(value, (size_t)(last - value));
    } while (take(&walk, ','));
    return TAKE(&id);
}

/* --- in ---------------------------------------------------------------------- */

static int refuse(struct error *err, int code, const char *text)
{
    (void)fail_caller(err, EBADMSG, "%s", text);
    return code;
}

static int read_id(const char *text, size_t len, struct rpc_message *ret, struct error *err)
{
    if (!json_object_object_get_ex(ret->root, "id", &ret->id_value))
        return 0;
    ret->id = rpc_find_id(text, len);
    if (!ret->id)
        return refuse(err, RPC_INVALID_REQUEST,
                      "id must be a string or an integer of at most 1024 bytes");
    return 0;
}

/* Its id is one of ours, not theirs: to echo it could end a request of theirs. */
static int read_response(struct rpc_message *ret, struct error *err)
{
    bool answer = json_object_object_get_ex(ret->root, "result", &ret->result);
    bool failure = json_object_object_get_ex(ret->root, "error", &ret->failure);
    if (!answer && !failure)
        return refuse(err, RPC_INVALID_REQUEST, "method is missing");
    free(TAKE(&ret->id));
    if (answer == failure || !ret->id_value ||
        !json_object_is_type(answer ? ret->result : ret->failure, json_type_object))
        return refuse(err, RPC_INVALID_REQUEST,
                      "a response has an id and either a result or an error, which is an object");
    return 0;
}

static int read_members(struct rpc_message *ret, struct error *err)
{
    struct json_object *version, *method;
    if (!json_object_object_get_ex(ret->root, "jsonrpc", &version) ||
        !json_object_is_type(version, json_type_string) ||
        strcmp(json_object_get_string(version), "2.0") != 0)
        return refuse(err, RPC_INVALID_REQUEST, "jsonrpc must be \"2.0\"");

    if (!json_object_object_get_ex(ret->root, "method", &method))
        return read_response(ret, err);
    const char *name = json_object_get_string(method);
    if (!json_object_is_type(method, json_type_string) ||
        strlen(name) != (size_t)json_object_get_string_len(method))
        return refuse(err, RPC_INVALID_REQUEST, "method must be a string");
    ret->method = name;

    if (json_object_object_get_ex(ret->root, "params", &ret->params) &&
        !json_object_is_type(ret->params, json_type_object))
        return refuse(err, RPC_INVALID_PARAMS, "params must be an object");
    return 0;
}

int rpc_read(const char *text, size_t len, struct rpc_message *ret, struct error *err)
{
    *ret = (struct rpc_message){ .bytes = len };
    switch (json_load(text, len, &ret->root, err)) {
    case JSON_OK:
        break;
    case JSON_FORBIDDEN:
        ret->id = rpc_find_id(text, len);
        return RPC_INVALID_REQUEST;
    case JSON_MALFORMED:
        return RPC_PARSE_ERROR;
    }
    if (json_object_is_type(ret->root, json_type_array))
        return RPC_BATCH;
    if (!json_object_is_type(ret->root, json_type_object))
        return refuse(err, RPC_INVALID_REQUEST, "a message must be an object");
    int code = read_id(text, len, ret, err);
    return code ? code : read_members(ret, err);
}

int rpc_read_part(struct json_object *part, struct rpc_message *ret, struct error *err)
{
    *ret = (struct rpc_message){ .root = json_object_get(part) };
    if (!json_object_is_type(part, json_type_object))
        return refuse(err, RPC_INVALID_REQUEST, "a message must be an object");
    /* Written anew: in an array a text of its own would have to be found first. */
    const char *text = json_object_to_json_string_length(part, WRITE_FLAGS, &ret->bytes);
    int code = read_id(text, ret->bytes, ret, err);
    return code ? code : read_members(ret, err);
}

void rpc_done(struct rpc_message *message)
{
    json_object_put(message->root);
    free(message->id);
    *message = (struct rpc_message){ 0 };
}

/* --- out --------------------------------------------------------------------- */

/* The length of the valid character at `text`, or 0. */
static size_t character(const char *text, size_t left)
{
    for (size_t n = 1; n <= 4 && n <= left; n++)
        if (utf8_valid(text, n))
            return n;
    return 0;
}

struct json_object *rpc_text(const char *text)
{
    size_t len = strlen(text);
    if (utf8_valid(text, len))
        return json_object_new_string_len(text, (int)len);
    autostr struct str clean = { 0 };
    for (size_t n; len > 0; text += n, len -= n) {
        n = character(text, len);
        str_puts(&clean, n ? "" : "\xef\xbf\xbd");
        str_add(&clean, text, n);
        n = n ? n : 1;
    }
    return json_object_new_string_len(clean.data, (int)clean.len);
}

static char *reply(const char *id, const char *member, struct json_object *value)
{
    struct str line = { 0 };
    size_t len;
    const char *text = json_object_to_json_string_length(value, WRITE_FLAGS, &len);
    str_puts(&line, "{\"jsonrpc\":\"2.0\",");
    if (id)
        str_printf(&line, "\"id\":%s,", id);
    str_printf(&line, "\"%s\":", member);
    str_add(&line, text, len);
    str_putc(&line, '}');
    json_object_put(value);
    return str_take(&line);
}

char *rpc_result(const char *id, struct json_object *result)
{
    return reply(id, "result", result);
}

char *rpc_result_text(const char *id, const char *result)
{
    return xasprintf("{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":%s}", id, result);
}

char *rpc_text_of(struct json_object *value)
{
    return xstrdup(json_object_to_json_string_ext(value, WRITE_FLAGS));
}

char *rpc_error(const char *id, int code, const char *text)
{
    return rpc_error_with(id, code, text, NULL);
}

char *rpc_error_with(const char *id, int code, const char *text, struct json_object *data)
{
    struct json_object *error = json_object_new_object();
    json_object_object_add(error, "code", json_object_new_int(code));
    json_object_object_add(error, "message", rpc_text(text));
    if (data)
        json_object_object_add(error, "data", data);
    return reply(id, "error", error);
}

char *rpc_request(const char *id, const char *method, struct json_object *params)
{
    struct json_object *object = json_object_new_object();
    json_object_object_add(object, "jsonrpc", json_object_new_string("2.0"));
    json_object_object_add(object, "id", json_object_new_string(id));
    json_object_object_add(object, "method", json_object_new_string(method));
    if (params)
        json_object_object_add(object, "params", json_object_get(params));
    char *line = xstrdup(json_object_to_json_string_ext(object, WRITE_FLAGS));
    json_object_put(object);
    return line;
}

char *rpc_notification(const char *method, struct json_object *params)
{
    struct str line = { 0 };
    size_t len;
    const char *text = json_object_to_json_string_length(params, WRITE_FLAGS, &len);
    str_printf(&line, "{\"jsonrpc\":\"2.0\",\"method\":\"%s\",\"params\":", method);
    str_add(&line, text, len);
    str_putc(&line, '}');
    json_object_put(params);
    return str_take(&line);
}

/* --- where a failure goes ---------------------------------------------------- */

enum end blame_end(enum blame blame)
{
    return end_of_failure(blame, false);
}

enum rpc_code blame_code(enum blame blame)
{
    return blame_end(blame) == END_REFUSED ? RPC_INVALID_PARAMS : RPC_INTERNAL_ERROR;
}
