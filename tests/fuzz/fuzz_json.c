/* SPDX-License-Identifier: Apache-2.0 */
/* What the scanner accepts, json-c must parse, and print so that the scanner takes it again. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void find_lines(const char *text, size_t len)
{
    static const char *const paths[] = { "", "a", "[0]", "a.b[1].c", "[1][2]", "a[", "a..", "[x]" };
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
        assert(json_line_of(text, len, paths[i]) <= len + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct error err = { 0 };
    autojson struct json_object *object = NULL;
    enum json_fault fault = json_scan(text, size, &err);
    find_lines(text, size);
    if (fault) {
        assert(err.text[0] && err.blame == BLAME_CALLER);
        assert(json_load(text, size, &object, &err) == fault && !object);
        return 0;
    }
    assert(!err.code);
    assert(json_load(text, size, &object, &err) == JSON_OK);
    size_t len;
    const char *again =
        json_object_to_json_string_length(object,
                                          JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE,
                                          &len);
    assert(json_scan(again, len, &err) == JSON_OK);
    return 0;
}
