/* SPDX-License-Identifier: Apache-2.0 */
#include <json-c/json.h>
#include <stdio.h>

#include "mcp/rpc.h"
#include "str.h"
#include "unit.h"

/* What one line comes to: its code, and the id an answer would carry. */
static const struct row {
    const char *line;
    int code;
    const char *id; /* NULL: none */
} rows[] = {
    { "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}", 0, "1" },
    { "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}", 0, NULL },
    { " {\"method\" : \"ping\" , \"id\" : \"a\\u00e9\\\"\" , \"jsonrpc\":\"2.0\"}\r", 0,
      "\"a\\u00e9\\\"\"" },
    { "{\"jsonrpc\":\"2.0\",\"id\":-9223372036854775808,\"method\":\"ping\"}", 0,
      "-9223372036854775808" },
    { "{\"jsonrpc\":\"2.0\",\"params\":{\"id\":7},\"id\":8,\"method\":\"ping\"}", 0, "8" },
    /* not JSON */
    { "", RPC_PARSE_ERROR, NULL },
    { "hello", RPC_PARSE_ERROR, NULL },
    { "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"", RPC_PARSE_ERROR, NULL },
    { "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"pi\xff\"}", RPC_PARSE_ERROR, NULL },
    { "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"x\":NaN}", RPC_PARSE_ERROR, NULL },
    { "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}{}", RPC_PARSE_ERROR, NULL },
    /* JSON that is no message */
    { "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}]", RPC_BATCH, NULL },
    { "7", RPC_INVALID_REQUEST, NULL },
    { "{}", RPC_INVALID_REQUEST, NULL },
    { "{\"id\":1,\"method\":\"ping\"}", RPC_INVALID_REQUEST, "1" },
    { "{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"ping\"}", RPC_INVALID_REQUEST, "1" },
    { "{\"jsonrpc\":\"2.0\",\"id\":1}", RPC_INVALID_REQUEST, "1" },
    { "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":5}", RPC_INVALID_REQUEST, "1" },
    { "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\\u0000b\"}", RPC_INVALID_REQUEST, "1" },
    { "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":[]}", RPC_INVALID_PARAMS, "1" },
    /* ids that cannot be echoed, or are none */
    { "{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"ping\"}", RPC_INVALID_REQUEST, NULL },
    { "{\"jsonrpc\":\"2.0\",\"id\":1.0,\"method\":\"ping\"}", RPC_INVALID_REQUEST, NULL },
    { "{\"jsonrpc\":\"2.0\",\"id\":1e3,\"method\":\"ping\"}", RPC_INVALID_REQUEST, NULL },
    { "{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"ping\"}", RPC_INVALID_REQUEST, NULL },
    { "{\"jsonrpc\":\"2.0\",\"id\":[1],\"method\":\"ping\"}", RPC_INVALID_REQUEST, NULL },
    { "{\"jsonrpc\":\"2.0\",\"id\":true,\"method\":\"ping\"}", RPC_INVALID_REQUEST, NULL },
    { "{\"jsonrpc\":\"2.0\",\"id\":1,\"id\":2,\"method\":\"ping\"}", RPC_INVALID_REQUEST, NULL },
    { "{\"jsonrpc\":\"2.0\",\"id\":99999999999999999999999,\"method\":\"ping\"}",
      RPC_INVALID_REQUEST, "99999999999999999999999" },
    /* an answer to nothing: its id is not theirs */
    { "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}", 0, NULL },
    { "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":5}", RPC_INVALID_REQUEST, NULL },
    { "{\"jsonrpc\":\"2.0\",\"result\":{}}", RPC_INVALID_REQUEST, NULL },
    { "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{},\"error\":{}}", RPC_INVALID_REQUEST, NULL },
    { "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":1,\"message\":\"x\"}}", 0, NULL },
};

static void every_line_has_its_code_and_its_id(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct rpc_message message;
        struct error err = { 0 };
        int code = rpc_read(rows[i].line, strlen(rows[i].line), &message, &err);
        bool same = rows[i].id ? message.id && strcmp(message.id, rows[i].id) == 0 : !message.id;
        if (code != rows[i].code || !same)
            fail_msg("%s: code %d (%s), id %s", rows[i].line, code, err.text, message.id);
        if (code < 0)
            assert_true(err.text[0] != '\0');
        rpc_done(&message);
    }
}

static void a_cut_line_shows_the_id_it_has(void **state)
{
    (void)state;
    static const struct {
        const char *head, *id;
    } heads[] = {
        { "{\"jsonrpc\":\"2.0\",\"id\":42,\"method\":\"tools/call\",\"params\":{\"x\":\"aaaa",
          "42" },
        { "{\"id\":\"q\",\"params\":{\"x\":\"aaaa", "\"q\"" },
        { "{\"params\":{\"x\":\"aaaa", NULL },
        { "{\"params\":{\"id\":3,\"x\":\"aa\\\"", NULL },
        { "{\"id\":4", NULL }, /* it may go on */
        { "{\"id\":\"\xff\",\"x\":\"", NULL },
        { "[{\"id\":5,", NULL },
        { "\"id\":5,", NULL },
        { "{\"id\":01,\"x\":", NULL },
        { "{\"id\":-,\"x\":", NULL },
    };
    for (size_t i = 0; i < COUNT(heads); i++) {
        autofree char *id = rpc_find_id(heads[i].head, strlen(heads[i].head));
        if (heads[i].id)
            assert_string_equal(id, heads[i].id);
        else
            assert_null(id);
    }
}

static void an_id_is_not_kept_at_any_length(void **state)
{
    (void)state;
    for (size_t len = RPC_ID_MAX; len <= RPC_ID_MAX + 1; len++) {
        autostr struct str line = { 0 };
        str_puts(&line, "{\"jsonrpc\":\"2.0\",\"method\":\"ping\",\"id\":\"");
        for (size_t i = 2; i < len; i++)
            str_putc(&line, 'x');
        str_puts(&line, "\"}");
        struct rpc_message message;
        struct error err = { 0 };
        int code = rpc_read(line.data, line.len, &message, &err);
        assert_int_equal(code, len > RPC_ID_MAX ? RPC_INVALID_REQUEST : 0);
        assert_int_equal(message.id != NULL, len <= RPC_ID_MAX);
        rpc_done(&message);
    }
}

static void an_answer_is_one_line_with_the_very_id(void **state)
{
    (void)state;
    struct json_object *result = json_object_new_object();
    json_object_object_add(result, "text", json_object_new_string("a\nb/\"\xe2\x80\xa8"));
    autofree char *line = rpc_result("\"\\u0061\"", result);
    assert_string_equal(line, "{\"jsonrpc\":\"2.0\",\"id\":\"\\u0061\",\"result\":{\"text\":"
                              "\"a\\nb/\\\"\xe2\x80\xa8\"}}");
    autofree char *error = rpc_error(NULL, RPC_PARSE_ERROR, "cut \xc3");
    assert_string_equal(error, "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32700,\"message\":"
                               "\"cut \xef\xbf\xbd\"}}");
}

static void whose_move_it_is_decides_where_a_failure_goes(void **state)
{
    (void)state;
    assert_int_equal(blame_end(BLAME_CALLER), END_REFUSED);
    assert_int_equal(blame_end(BLAME_POLICY), END_REFUSED);
    assert_int_equal(blame_end(BLAME_HOST), END_FAULT);
    assert_int_equal(blame_code(BLAME_CALLER), RPC_INVALID_PARAMS);
    assert_int_equal(blame_code(BLAME_HOST), RPC_INTERNAL_ERROR);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_line_has_its_code_and_its_id),
    cmocka_unit_test(a_cut_line_shows_the_id_it_has),
    cmocka_unit_test(an_id_is_not_kept_at_any_length),
    cmocka_unit_test(an_answer_is_one_line_with_the_very_id),
    cmocka_unit_test(whose_move_it_is_decides_where_a_failure_goes),
};

UNIT_MAIN(tests)
