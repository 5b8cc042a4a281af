/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <strings.h>

#include "mcp/http_rules.h"
#include "mcp/offer.h"
#include "str.h"
#include "unit.h"

static void a_host_and_an_origin_name_this_server(void **state)
{
    (void)state;
    static const struct {
        const char *host, *origin;
        bool local, host_good, origin_good;
    } rows[] = {
        { NULL, NULL, true, true, true },
        { "localhost", NULL, true, true, true },
        { "LOCALHOST:80", "HTTP://LocalHost", true, true, true },
        { "127.0.0.1:65535", "http://127.0.0.1:1", true, true, true },
        { "[::1]", "https://[::1]:443", true, true, true },
        { "127.0.0.2", "http://127.0.0.2", true, false, false },
        { "localhost.", "http://localhost.", true, false, false },
        { "localhost:", "http://localhost:", true, false, false },
        { "localhost:123456", "http://localhost:x", true, false, false },
        { "", "", true, false, false },
        { "localhost/", "http://localhost/", true, false, false },
        { "localhost", "file://localhost", true, true, false },
        { "localhost", "localhost", true, true, false },
        /* Behind a proxy every name may be right, and a page's own server is who it came from. */
        { "mcp.example.org", "https://mcp.example.org", false, true, true },
        { "mcp.example.org", "https://MCP.example.org", false, true, true },
        { "mcp.example.org", "https://example.org", false, true, false },
        { "mcp.example.org:1", "https://mcp.example.org", false, true, false },
        { NULL, "https://mcp.example.org", false, true, false },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (rule_host(rows[i].host, rows[i].local) != rows[i].host_good)
            fail_msg("row %zu: host %s", i, rows[i].host);
        if (rule_origin(rows[i].origin, rows[i].host, rows[i].local) != rows[i].origin_good)
            fail_msg("row %zu: origin %s", i, rows[i].origin);
    }
}

static void accept_lists_types(void **state)
{
    (void)state;
    static const struct {
        const char *accept;
        bool json, events;
    } rows[] = {
        { "", false, false },
        { "application/json, text/event-stream", true, true },
        { " text/event-stream ,application/json ; q=0.1", true, true },
        { "APPLICATION/JSON;q=1;x=y", true, false },
        { "*/*", true, true },
        { "text/*", false, true },
        { "*/*;q=0", false, false },
        { "*/*; q=0.000, text/event-stream", false, true },
        { "*/*;q=0.001", true, true },
        { "application/json;Q=0,text/*;level=1;q=0", false, false },
        { "application/jsonx, text/event-streams", false, false },
        { "application/*x", false, false },
        { ",,,;,", false, false },
        { "application", false, false },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (rule_accepts(rows[i].accept, "application/json") != rows[i].json ||
            rule_accepts(rows[i].accept, "text/event-stream") != rows[i].events)
            fail_msg("\"%s\"", rows[i].accept);
    }
    assert_true(rule_is_json("application/json"));
    assert_true(rule_is_json(" application/JSON ; charset=utf-8"));
    assert_false(rule_is_json("application/json, text/plain"));
    assert_false(rule_is_json("application/json-rpc"));
    assert_false(rule_is_json(""));
    assert_false(rule_is_json(NULL));
}

static void a_value_is_plain_or_canonical_base64(void **state)
{
    (void)state;
    static const struct {
        const char *value, *text; /* NULL: malformed */
    } rows[] = {
        { "plain", "plain" },
        { "", "" },
        { "=?base64?", "=?base64?" }, /* not in the form */
        { "=?base64?=", "=?base64?=" },
        { "=?base64?"
          "?=",
          "" },
        { "=?base64?SGVsbG8=?=", "Hello" },
        { "=?base64?8J+Zgg==?=", "\xf0\x9f\x99\x82" },
        { "=?base64?SGVsbG8?=", NULL },  /* without its padding */
        { "=?base64?SGVsbG9=?=", NULL }, /* bits that say nothing are not zero */
        { "=?base64?SGVs bG8=?=", NULL },
        { "=?base64?SGVsbG8==?=", NULL },
        { "=?base64?"
          "?!"
          "?=",
          NULL },
        { "=?base64?/w==?=", NULL }, /* no UTF-8 */
        { "=?base64?YQBi?=", NULL }, /* a NUL */
        { "=?BASE64?SGVsbG8=?=", "=?BASE64?SGVsbG8=?=" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        autofree char *text = rule_decode(rows[i].value);
        if (!text != !rows[i].text || (text && strcmp(text, rows[i].text) != 0))
            fail_msg("\"%s\" is \"%s\"", rows[i].value, text);
    }
}

/* --- headers against the body --------------------------------------------------------------- */

static const struct tool tools[] = {
    { .name = "t",
      .input_schema = "{\"type\":\"object\",\"properties\":{"
                      "\"text\":{\"type\":\"string\",\"x-mcp-header\":\"Text\"},"
                      "\"number\":{\"type\":\"integer\",\"x-mcp-header\":\"Number\"},"
                      "\"truth\":{\"type\":\"boolean\",\"x-mcp-header\":\"Truth\"},"
                      "\"plain\":{\"type\":\"string\"},"
                      "\"deep\":{\"type\":\"object\",\"properties\":{"
                      "\"in\":{\"type\":\"string\",\"x-mcp-header\":\"In\"}}}}}" },
};
static const struct offer offer = { .tools = tools, .tool_count = COUNT(tools) };

/* "Name: value" lines; one header per line. */
static const char *find(void *context, const char *name, unsigned *count)
{
    static char value[256];
    size_t len = strlen(name);
    *count = 0;
    for (const char *line = context; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        if (strncasecmp(line, name, len) != 0 || line[len] != ':')
            continue;
        if ((*count)++ == 0) {
            const char *at = line + len + 2;
            (void)memcpy(value, at, strcspn(at, "\n"));
            value[strcspn(at, "\n")] = '\0';
        }
    }
    return *count ? value : NULL;
}

#define META                                                                 \
    "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\"," \
    "\"io.modelcontextprotocol/clientCapabilities\":{}}"
#define VERSION "MCP-Protocol-Version: 2026-07-28\n"
#define CALL    VERSION "Mcp-Method: tools/call\nMcp-Name: t\n"
#define BODY(arguments)                                                         \
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{" META \
    ",\"name\":\"t\",\"arguments\":{" arguments "}}}"

static int compare(const char *headers, const char *body)
{
    autofree char *copy = xstrdup(headers); /* for a context that is not const */
    struct rpc_message message;
    struct error err = { 0 };
    const struct rule_headers rules = { .find = find, .context = copy, .offer = &offer };
    int code = rpc_read(body, strlen(body), &message, &err);
    assert_int_equal(code, 0);
    code = rule_compare(&rules, &message, &err);
    if (code)
        assert_true(err.text[0] != '\0');
    rpc_done(&message);
    return code;
}

static void headers_and_body_say_the_same(void **state)
{
    (void)state;
    static const struct {
        const char *headers, *body;
        int code;
    } rows[] = {
        { CALL, BODY(""), 0 },
        { "mcp-protocol-version: 2026-07-28\nMCP-METHOD: tools/call\nmcp-name: t\n", BODY(""), 0 },
        { VERSION "Mcp-Method: tools/call\n", BODY(""), RPC_HEADER_MISMATCH },
        { VERSION "Mcp-Name: t\n", BODY(""), RPC_HEADER_MISMATCH },
        { "Mcp-Method: tools/call\nMcp-Name: t\n", BODY(""), RPC_HEADER_MISMATCH },
        { VERSION CALL, BODY(""), RPC_HEADER_MISMATCH },
        { CALL "Mcp-Name: t\n", BODY(""), RPC_HEADER_MISMATCH },
        { VERSION "Mcp-Method: Tools/call\nMcp-Name: t\n", BODY(""), RPC_HEADER_MISMATCH },
        { VERSION "Mcp-Method: tools/call\nMcp-Name: T\n", BODY(""), RPC_HEADER_MISMATCH },
        /* declared by the tool */
        { CALL "Mcp-Param-Text: a\n", BODY("\"text\":\"a\""), 0 },
        { CALL "mcp-param-TEXT: =?base64?YQ==?=\n", BODY("\"text\":\"a\""), 0 },
        { CALL, BODY("\"text\":\"a\""), RPC_HEADER_MISMATCH },
        { CALL "Mcp-Param-Text: b\n", BODY("\"text\":\"a\""), RPC_HEADER_MISMATCH },
        { CALL "Mcp-Param-Text: a\nMcp-Param-Text: a\n", BODY("\"text\":\"a\""),
          RPC_HEADER_MISMATCH },
        { CALL "Mcp-Param-Text: a\n", BODY(""), RPC_HEADER_MISMATCH },
        { CALL "Mcp-Param-Text: null\n", BODY("\"text\":null"), RPC_HEADER_MISMATCH },
        { CALL, BODY("\"text\":null"), 0 },
        { CALL, BODY("\"text\":[1]"), 0 }, /* the tool will say it */
        { CALL "Mcp-Param-Number: 42\n", BODY("\"number\":42"), 0 },
        { CALL "Mcp-Param-Number: 42.0\n", BODY("\"number\":42"), 0 },
        { CALL "Mcp-Param-Number: 42\n", BODY("\"number\":42.0"), 0 },
        { CALL "Mcp-Param-Number: 42.5\n", BODY("\"number\":42"), RPC_HEADER_MISMATCH },
        { CALL "Mcp-Param-Number: 4.2e1\n", BODY("\"number\":42"), RPC_HEADER_MISMATCH },
        { CALL "Mcp-Param-Number: +42\n", BODY("\"number\":42"), RPC_HEADER_MISMATCH },
        { CALL "Mcp-Param-Number: 0x2a\n", BODY("\"number\":42"), RPC_HEADER_MISMATCH },
        { CALL "Mcp-Param-Number: \n", BODY("\"number\":0"), RPC_HEADER_MISMATCH },
        { CALL "Mcp-Param-Number: 99999999999999999999\n", BODY("\"number\":9223372036854775807"),
          RPC_HEADER_MISMATCH },
        { CALL "Mcp-Param-Truth: true\n", BODY("\"truth\":true"), 0 },
        { CALL "Mcp-Param-Truth: 1\n", BODY("\"truth\":true"), RPC_HEADER_MISMATCH },
        { CALL "Mcp-Param-In: x\n", BODY("\"deep\":{\"in\":\"x\"}"), 0 },
        { CALL, BODY("\"deep\":{\"in\":\"x\"}"), RPC_HEADER_MISMATCH },
        { CALL, BODY("\"deep\":3"), 0 },
        { CALL "Mcp-Param-Plain: x\nMcp-Param-Other: y\n", BODY("\"plain\":\"z\""), 0 },
        /* which parameter is the name */
        { VERSION "Mcp-Method: resources/read\nMcp-Name: a://b\n",
          "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"resources/read\",\"params\":{" META
          ",\"uri\":\"a://b\"}}",
          0 },
        { VERSION "Mcp-Method: tasks/get\nMcp-Name: other\n",
          "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tasks/get\",\"params\":{" META
          ",\"taskId\":\"one\"}}",
          RPC_HEADER_MISMATCH },
        { VERSION "Mcp-Method: tools/list\n",
          "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"params\":{" META
          ",\"name\":\"whatever\"}}",
          0 },
        /* what the body has wrong by itself is told as that */
        { "", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}", 0 },
        { "", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"x\",\"params\":{\"_meta\":3}}", 0 },
        /* notifications */
        { VERSION, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/x\"}", 0 },
        { "", "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/x\"}", RPC_UNSUPPORTED_VERSION },
        { "MCP-Protocol-Version: 1\n", "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/x\"}",
          RPC_UNSUPPORTED_VERSION },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        int code = compare(rows[i].headers, rows[i].body);
        if (code != rows[i].code)
            fail_msg("%d and not %d: %s%s", code, rows[i].code, rows[i].headers, rows[i].body);
    }
}

static void codes_have_statuses(void **state)
{
    (void)state;
    static const struct {
        int code, modern, legacy;
    } rows[] = {
        { 0, 200, 200 },      { -32700, 400, 400 }, { -32600, 400, 400 }, { -32601, 404, 200 },
        { -32602, 400, 200 }, { -32603, 200, 200 }, { -32020, 400, 400 }, { -32021, 400, 400 },
        { -32022, 400, 400 }, { -32002, 200, 200 },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(rule_status(rows[i].code, true), rows[i].modern);
        assert_int_equal(rule_status(rows[i].code, false), rows[i].legacy);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_host_and_an_origin_name_this_server),
    cmocka_unit_test(accept_lists_types),
    cmocka_unit_test(a_value_is_plain_or_canonical_base64),
    cmocka_unit_test(headers_and_body_say_the_same),
    cmocka_unit_test(codes_have_statuses),
};

UNIT_MAIN(tests)
