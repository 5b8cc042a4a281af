/* SPDX-License-Identifier: Apache-2.0 */
#include <json-c/json.h>
#include <string.h>

#include "mcp/capability.h"
#include "str.h"
#include "unit.h"

static char *kept(const char *text)
{
    struct json_object *declared = json_tokener_parse(text);
    struct json_object *ret = capabilities_kept(declared);
    json_object_put(declared);
    char *shown = xstrdup(json_object_to_json_string_ext(ret, JSON_C_TO_STRING_PLAIN |
                                                                  JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(ret);
    return shown;
}

static void names_are_kept_and_nothing_beneath_their_parts(void **state)
{
    (void)state;
    static const struct {
        const char *declared, *kept;
    } rows[] = {
        { "{}", "{}" },
        { "{\"sampling\":{},\"roots\":{\"listChanged\":true}}",
          "{\"sampling\":{},\"roots\":{\"listChanged\":true}}" },
        { "{\"elicitation\":{\"url\":{\"a\":[1,2]},\"form\":null}}",
          "{\"elicitation\":{\"url\":true,\"form\":true}}" },
        { "{\"sampling\":null,\"x\":[[],[]],\"y\":0}", "{\"x\":true,\"y\":true}" },
        { "{\"extensions\":{\"io.modelcontextprotocol/tasks\":{}}}",
          "{\"extensions\":{\"io.modelcontextprotocol/tasks\":true}}" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        autofree char *text = kept(rows[i].declared);
        assert_string_equal(text, rows[i].kept);
    }
    assert_null(capabilities_kept(NULL));
}

static void whoever_declares_thousands_is_kept_small(void **state)
{
    (void)state;
    autostr struct str text = { 0 };
    str_puts(&text, "{\"experimental\":{");
    for (int i = 0; i < 5000; i++)
        str_printf(&text, "\"%d\":[{},{},{}],", i);
    str_puts(&text, "\"last\":0},\"");
    for (int i = 0; i < 100000; i++)
        str_putc(&text, 'a');
    str_puts(&text, "\":{}}");
    autofree char *shown = kept(text.data);
    assert_true(strlen(shown) < 2000);
    assert_non_null(strstr(shown, "\"126\":true}}"));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(names_are_kept_and_nothing_beneath_their_parts),
    cmocka_unit_test(whoever_declares_thousands_is_kept_small),
};

UNIT_MAIN(tests)
