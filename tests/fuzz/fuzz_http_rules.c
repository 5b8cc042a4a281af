/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_http_rules.c - headers and a message as somebody sends them, through what MCP asks of both.
 *
 * Lines "Name: value", an empty line, and the message. */
#include <assert.h>
#include <string.h>
#include <strings.h>

#include "base64.h"
#include "mcp/call.h"
#include "mcp/http_rules.h"
#include "mcp/offer.h"
#include "str.h"

#define HEADERS_MAX 32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct header {
    char *name, *value;
};

struct headers {
    struct header each[HEADERS_MAX];
    size_t count;
};

static void handle(struct call *call, struct json_object *arguments)
{
    (void)call;
    (void)arguments;
}

static const struct tool tools[] = {
    { .name = "t",
      .input_schema = "{\"type\":\"object\",\"properties\":{"
                      "\"a\":{\"type\":\"string\",\"x-mcp-header\":\"A\"},"
                      "\"b\":{\"type\":\"integer\",\"x-mcp-header\":\"B\"},"
                      "\"c\":{\"type\":\"boolean\",\"x-mcp-header\":\"C\"},"
                      "\"d\":{\"type\":\"object\",\"properties\":{"
                      "\"e\":{\"type\":\"number\",\"x-mcp-header\":\"E\"}}}}}",
      .handle = handle },
};
static const struct offer offer = { .name = "fuzz", .tools = tools, .tool_count = COUNT(tools) };

static const char *find(void *context, const char *name, unsigned *count)
{
    const struct headers *headers = context;
    const char *found = NULL;
    *count = 0;
    for (size_t i = 0; i < headers->count; i++)
        if (strcasecmp(headers->each[i].name, name) == 0 && (*count)++ == 0)
            found = headers->each[i].value;
    return found;
}

static const char *first(struct headers *headers, const char *name)
{
    unsigned count;
    return find(headers, name, &count);
}

/* Reads them as far as there are some; returns where the message begins. */
static const char *read_headers(const char *text, const char *end, struct headers *headers)
{
    while (text < end && headers->count < HEADERS_MAX) {
        const char *line = memchr(text, '\n', (size_t)(end - text));
        const char *over = line ? line : end;
        const char *colon = memchr(text, ':', (size_t)(over - text));
        const char *next = line ? line + 1 : end;
        if (!colon)
            return next;
        const char *value = colon + 1;
        while (value < over && *value == ' ')
            value++;
        struct header *header = &headers->each[headers->count++];
        header->name = xstrndup(text, (size_t)(colon - text));
        header->value = xstrndup(value, (size_t)(over - value));
        text = next;
    }
    return text;
}

/* What is let in where only this machine may ask can be nobody else's name. */
static void check_names(struct headers *headers)
{
    const char *host = first(headers, "Host"), *origin = first(headers, "Origin");
    if (host && rule_host(host, true))
        assert(strpbrk(host, "/@?#\\ ") == NULL);
    if (origin && rule_origin(origin, host, true)) {
        const char *name = strstr(origin, "//") + 2;
        assert(strncasecmp(name, "localhost", 9) == 0 || starts_with(name, "127.0.0.1") ||
               starts_with(name, "[::1]"));
        assert(strpbrk(name, "/@?#\\ ") == NULL);
    }
    assert(rule_host(host, false));
    (void)rule_origin(origin, host, false);
}

static void check_values(const struct headers *headers)
{
    for (size_t i = 0; i < headers->count; i++) {
        const char *value = headers->each[i].value;
        autofree char *text = rule_decode(value);
        assert(!text || starts_with(value, "=?base64?") || strcmp(text, value) == 0);
        (void)rule_accepts(value, "text/event-stream");
        (void)rule_is_json(value);
        autofree char *coded = base64(value, strlen(value));
        autofree char *whole = xasprintf("=?base64?%s?=", coded);
        autofree char *again = rule_decode(whole);
        assert(utf8_valid(value, strlen(value)) ? again && strcmp(again, value) == 0 : !again);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct headers headers = { .count = 0 };
    const char *text = (const char *)data, *end = text + size;
    text = read_headers(text, end, &headers);
    check_names(&headers);
    check_values(&headers);
    struct rpc_message message;
    struct error err = { 0 };
    const struct rule_headers rules = { .find = find, .context = &headers, .offer = &offer };
    if (rpc_read(text, (size_t)(end - text), &message, &err) == 0) {
        int code = rule_compare(&rules, &message, &err);
        assert(code == 0 || (code < 0 && err.text[0]));
        assert(rule_status(code, true) >= 200);
        code = rule_legacy(&message, &err);
        assert(code == 0 || (code < 0 && err.text[0]));
    }
    rpc_done(&message);
    for (size_t i = 0; i < headers.count; i++) {
        free(headers.each[i].name);
        free(headers.each[i].value);
    }
    return 0;
}
