/* SPDX-License-Identifier: Apache-2.0 */
/* http_rules.c - what MCP asks of an HTTP request. */
#include "mcp/http_rules.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <strings.h>

#include "base64.h"
#include "json.h"
#include "mcp/admission.h"
#include "mcp/offer.h"
#include "mcp/version.h"
#include "str.h"

#define META_VERSION      "io.modelcontextprotocol/protocolVersion"
#define META_CAPABILITIES "io.modelcontextprotocol/clientCapabilities"

/* --- where from -------------------------------------------------------------------------- */

static bool is_port(const char *text)
{
    size_t len = strlen(text);
    return len > 0 && len <= 5 && strspn(text, "0123456789") == len;
}

/* "localhost", "127.0.0.1:8000", "[::1]". */
static bool names_loopback(const char *host)
{
    static const char *const names[] = { "localhost", "127.0.0.1", "[::1]" };
    for (size_t i = 0; i < COUNT(names); i++) {
        size_t len = strlen(names[i]);
        if (strncasecmp(host, names[i], len) == 0 &&
            (host[len] == '\0' || (host[len] == ':' && is_port(host + len + 1))))
            return true;
    }
    return false;
}

bool rule_host(const char *host, bool local)
{
    return !host || !local || names_loopback(host);
}

bool rule_origin(const char *origin, const char *host, bool local)
{
    static const char *const schemes[] = { "http://", "https://" };
    if (!origin)
        return true;
    for (size_t i = 0; i < COUNT(schemes); i++) {
        size_t len = strlen(schemes[i]);
        if (strncasecmp(origin, schemes[i], len) == 0)
            return local ? names_loopback(origin + len)
                         : host && strcasecmp(origin + len, host) == 0;
    }
    return false;
}

/* --- which types ---------------------------------------------------------------------------- */

static const char *skip_blanks(const char *text)
{
    return text + strspn(text, " \t");
}

static size_t until(const char *text, const char *ends)
{
    size_t len = strcspn(text, ends);
    while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t'))
        len--;
    return len;
}

static bool range_takes(const char *range, size_t len, const char *type)
{
    size_t group = (size_t)(strchr(type, '/') - type) + 1;
    if (len == 3 && memcmp(range, "*/*", 3) == 0)
        return true;
    if (len == group + 1 && range[group] == '*')
        return strncasecmp(range, type, group) == 0;
    return len == strlen(type) && strncasecmp(range, type, len) == 0;
}

/* "q=0", "q=0.000": by no means. */
static bool is_refused(const char *parameters, size_t len)
{
    for (const char *at = parameters; at < parameters + len; at++) {
        at = skip_blanks(at);
        if ((at[0] == 'q' || at[0] == 'Q') && at[1] == '=' && at[2] == '0') {
            size_t zeros = strspn(at + 2, "0.");
            return strchr(",; \t", at[2 + zeros]) != NULL; /* '\0' too */
        }
        at += strcspn(at, ";,");
    }
    return false;
}

bool rule_accepts(const char *accept, const char *type)
{
    for (const char *at = accept; *at;) {
        at = skip_blanks(at);
        size_t whole = strcspn(at, ","), len = until(at, ",;");
        size_t name = strcspn(at, ",;");
        if (range_takes(at, len, type) && !is_refused(at + name, whole - name))
            return true;
        at += whole;
        at += *at == ',';
    }
    return false;
}

bool rule_is_json(const char *content_type)
{
    static const char json[] = "application/json";
    if (!content_type)
        return false;
    const char *at = skip_blanks(content_type);
    return until(at, ";") == strlen(json) && strncasecmp(at, json, strlen(json)) == 0;
}

/* --- values that ASCII cannot say ------------------------------------------------------------- */

static int digit_of(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *found = c ? strchr(digits, c) : NULL;
    return found ? (int)(found - digits) : -1;
}

/* Whatever it makes of odd bytes: only what is written again the same was canonical. */
static char *unpack(const char *text, size_t len, size_t *ret_len)
{
    struct str out = { 0 };
    unsigned bits = 0, value = 0;
    for (size_t i = 0; i < len && digit_of(text[i]) >= 0; i++) {
        value = (value << 6 | (unsigned)digit_of(text[i])) & 0xffff;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            str_putc(&out, (char)(value >> bits & 0xff));
        }
    }
    *ret_len = out.len;
    return str_take(&out);
}

char *rule_decode(const char *value)
{
    static const char begin[] = "=?base64?", end[] = "?=";
    size_t len = strlen(value), around = strlen(begin) + strlen(end);
    if (len < around || !starts_with(value, begin) || !ends_with(value, end))
        return xstrdup(value);
    const char *inner = value + strlen(begin);
    size_t out_len;
    autofree char *text = unpack(inner, len - around, &out_len);
    autofree char *again = base64(text, out_len);
    bool good = strlen(again) == len - around && memcmp(again, inner, len - around) == 0 &&
                strlen(text) == out_len && utf8_valid(text, out_len);
    return good ? TAKE(&text) : NULL;
}

/* --- statuses --------------------------------------------------------------------------------- */

int rule_status(int code, bool modern)
{
    switch (code) {
    case RPC_PARSE_ERROR:
    case RPC_INVALID_REQUEST:
        return 400;
    case ADMISSION_SCOPE:
    case ADMISSION_RATE:
        return code;
    case RPC_METHOD_NOT_FOUND:
        return modern ? 404 : 200;
    case RPC_INVALID_PARAMS:
    case RPC_HEADER_MISMATCH:
    case RPC_MISSING_CAPABILITY:
    case RPC_UNSUPPORTED_VERSION:
        return modern || code != RPC_INVALID_PARAMS ? 400 : 200;
    default:
        return 200;
    }
}

/* --- headers against the body ----------------------------------------------------------------- */

static int mismatch(struct error *err, const char *name, const char *what)
{
    (void)fail_caller(err, EINVAL, "header %s %s", name, what);
    return RPC_HEADER_MISMATCH;
}

/* The header is there once and says this text. */
static int compare_text(const struct rule_headers *headers, const char *name,
                        struct json_object *wanted, struct error *err)
{
    unsigned count;
    const char *value = headers->find(headers->context, name, &count);
    if (count == 0)
        return mismatch(err, name, "is missing");
    if (count > 1)
        return mismatch(err, name, "is there more than once");
    autofree char *text = rule_decode(value);
    if (!text)
        return mismatch(err, name, "is no valid base64 of UTF-8");
    if (strlen(text) != (size_t)json_object_get_string_len(wanted) ||
        strcmp(text, json_object_get_string(wanted)) != 0)
        return mismatch(err, name, "does not say what the body says");
    return 0;
}

/* As a client writes a value that is no text: as JSON does, but 42.0 is 42 too. */
static bool says_number(const char *text, struct json_object *value)
{
    char *end = NULL;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    bool plain = errno == 0 && end != text && (*text == '-' || (*text >= '0' && *text <= '9'));
    if (plain && *end == '.' && end[1] == '0')
        end += 1 + strspn(end + 1, "0");
    if (!plain || *end)
        return false;
    if (json_object_is_type(value, json_type_double))
        return json_object_get_double(value) == (double)number;
    return json_object_get_int64(value) == number;
}

static int compare_value(const struct rule_headers *headers, const char *name,
                         struct json_object *value, struct error *err)
{
    unsigned count;
    const char *found = headers->find(headers->context, name, &count);
    if (!value) /* null counts as absent */
        return count == 0 ? 0 : mismatch(err, name, "is there, and its argument is not");
    if (json_object_is_type(value, json_type_string))
        return compare_text(headers, name, value, err);
    bool truth = json_object_is_type(value, json_type_boolean);
    bool number = json_object_is_type(value, json_type_int) ||
                  (json_object_is_type(value, json_type_double) &&
                   json_object_get_double(value) == trunc(json_object_get_double(value)));
    if (!truth && !number) /* no header can say it; what is wrong with it the tool will say */
        return count == 0 ? 0 : mismatch(err, name, "does not say what the body says");
    if (count != 1)
        return mismatch(err, name, count ? "is there more than once" : "is missing");
    autofree char *text = rule_decode(found);
    if (text && (truth ? strcmp(text, json_object_get_boolean(value) ? "true" : "false") == 0
                       : says_number(text, value)))
        return 0;
    return mismatch(err, name, text ? "does not say what the body says" : "is no valid base64");
}

/* Deeper than any schema of an offer; a schema is ours, arguments are not. */
#define SCHEMA_DEPTH_MAX 8

/* Every property with "x-mcp-header", reached by `properties` alone. */
static int compare_properties(const struct rule_headers *headers, struct json_object *schema,
                              struct json_object *arguments, unsigned depth, struct error *err)
{
    struct json_object *properties;
    if (depth > SCHEMA_DEPTH_MAX || !json_object_object_get_ex(schema, "properties", &properties) ||
        !json_object_is_type(properties, json_type_object))
        return 0;
    json_object_object_foreach(properties, name, property)
    {
        struct json_object *header, *value = NULL;
        if (json_object_is_type(arguments, json_type_object))
            (void)json_object_object_get_ex(arguments, name, &value);
        int code = 0;
        if (json_object_object_get_ex(property, "x-mcp-header", &header)) {
            autofree char *full = xasprintf("Mcp-Param-%s", json_object_get_string(header));
            code = compare_value(headers, full, value, err);
        }
        if (!code && json_object_is_type(property, json_type_object))
            code = compare_properties(headers, property, value, depth + 1, err);
        if (code)
            return code;
    }
    return 0;
}

static int compare_arguments(const struct rule_headers *headers, struct json_object *params,
                             struct error *err)
{
    struct json_object *name, *arguments = NULL;
    struct error ignored;
    if (!headers->offer || !json_object_object_get_ex(params, "name", &name) ||
        !json_object_is_type(name, json_type_string))
        return 0;
    const struct tool *tool = offer_tool(headers->offer, json_object_get_string(name));
    if (!tool || !tool->input_schema || !strstr(tool->input_schema, "\"x-mcp-header\""))
        return 0;
    autojson struct json_object *schema = NULL;
    if (json_load(tool->input_schema, strlen(tool->input_schema), &schema, &ignored) != JSON_OK)
        return 0;
    (void)json_object_object_get_ex(params, "arguments", &arguments);
    return compare_properties(headers, schema, arguments, 0, err);
}

/* Which parameter Mcp-Name repeats. */
static const char *name_parameter(const char *method)
{
    static const struct {
        const char *method, *parameter;
    } rows[] = {
        { "tools/call", "name" },  { "prompts/get", "name" },    { "resources/read", "uri" },
        { "tasks/get", "taskId" }, { "tasks/update", "taskId" }, { "tasks/cancel", "taskId" },
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        if (strcmp(rows[i].method, method) == 0)
            return rows[i].parameter;
    return NULL;
}

static struct json_object *meta_of(const struct rpc_message *message, const char *name)
{
    struct json_object *meta, *value = NULL;
    if (json_object_object_get_ex(message->params, "_meta", &meta) &&
        json_object_is_type(meta, json_type_object))
        (void)json_object_object_get_ex(meta, name, &value);
    return value;
}

/* A notification: of which version is all that is asked of its headers. */
static int compare_version(const struct rule_headers *headers, struct error *err)
{
    unsigned count;
    const char *version = headers->find(headers->context, HEADER_VERSION, &count);
    if (count > 1)
        return mismatch(err, HEADER_VERSION, "is there more than once");
    if (version && version_find(version, ERA_MODERN))
        return 0;
    (void)fail_caller(err, EINVAL, "this protocol version is not spoken here");
    return RPC_UNSUPPORTED_VERSION;
}

int rule_compare(const struct rule_headers *headers, const struct rpc_message *message,
                 struct error *err)
{
    struct json_object *version = meta_of(message, META_VERSION), *value;
    if (!message->method)
        return 0;
    if (!message->id)
        return compare_version(headers, err);
    if (!json_object_is_type(version, json_type_string) || !meta_of(message, META_CAPABILITIES))
        return 0; /* -32602, as without any headers */
    int code = compare_text(headers, HEADER_VERSION, version, err);
    if (code)
        return code;
    autojson struct json_object *method = json_object_new_string(message->method);
    code = compare_text(headers, "Mcp-Method", method, err);
    const char *parameter = name_parameter(message->method);
    if (!code && parameter && json_object_object_get_ex(message->params, parameter, &value) &&
        json_object_is_type(value, json_type_string))
        code = compare_text(headers, "Mcp-Name", value, err);
    if (!code && strcmp(message->method, "tools/call") == 0)
        code = compare_arguments(headers, message->params, err);
    return code;
}

int rule_legacy(const struct rpc_message *message, struct error *err)
{
    if (!message->method || !meta_of(message, META_VERSION))
        return 0;
    return mismatch(err, HEADER_VERSION, "does not say the version that the body says");
}
