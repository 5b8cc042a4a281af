/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_rpc.c - one line of a client through message, tool and parameters, as far
 * as it goes without a look at the host; and what is answered must be JSON. */
#include <assert.h>
#include <string.h>

#include "json.h"
#include "mcp/product.h"
#include "mcp/rpc.h"
#include "mcp/run_call.h"
#include "str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An id may be an integer that only its sender understands: forbidden, yet JSON. */
static void check_line(char *line)
{
    struct error err;
    assert(json_scan(line, strlen(line), &err) != JSON_MALFORMED);
    assert(!strchr(line, '\n'));
    free(line);
}

static void decode_call(const struct rpc_message *message)
{
    struct json_object *name, *arguments = NULL;
    if (!message->method || strcmp(message->method, "tools/call") != 0 ||
        !json_object_object_get_ex(message->params, "name", &name))
        return;
    const struct tool *tool = offer_tool(&product_offer, json_object_get_string(name));
    if (!tool)
        return;
    if (json_object_object_get_ex(message->params, "arguments", &arguments) &&
        !json_object_is_type(arguments, json_type_object))
        return;
    struct run_call call;
    struct error err = { 0 };
    int r = run_call_decode(tool->fields, arguments, &call, &err);
    if (r < 0) {
        assert(err.blame == BLAME_CALLER && err.text[0]);
        check_line(rpc_error(message->id, RPC_INVALID_PARAMS, err.text));
    } else {
        struct spec spec;
        spec_init(&spec);
        run_call_spec(&call, tool->fields, &spec);
        assert(!spec.code || strlen(spec.code) == spec.code_len);
        spec_done(&spec);
    }
    run_call_done(tool->fields, &call);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct rpc_message message;
    struct error err = { 0 };
    char *id = rpc_find_id(text, size);
    check_line(rpc_error(id, RPC_INVALID_REQUEST, ""));
    int code = rpc_read(text, size, &message, &err);
    if (code)
        check_line(rpc_error(message.id, code, err.text));
    else if (message.id)
        check_line(rpc_result(message.id, json_object_get(message.id_value)));
    if (!code)
        decode_call(&message);
    rpc_done(&message);
    free(id);
    return 0;
}
