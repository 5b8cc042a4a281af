/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "script/docstring.h"
#include "str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    autofree char *text = docstring_find((const char *)data, size);
    if (!text)
        return 0;
    size_t len = strlen(text);
    assert(utf8_valid(text, len) && !strchr(text, '\t'));
    /* Without empty lines at both ends. */
    assert(len == 0 || (text[0] != '\n' && text[len - 1] != '\n'));
    return 0;
}
