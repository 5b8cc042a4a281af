/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include "script/imports.h"
#include "str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Few names, each once, each a word that stands in the source. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    autolist char **found = imports_find((const char *)data, size);
    size_t count = list_len(found);
    assert(count <= IMPORTS_MAX);
    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(found[i]);
        assert(len > 0 && len <= IMPORT_NAME_MAX);
        size_t top = strcspn(found[i], "."); /* dots may have spaces around them */
        assert(memmem(data, size, found[i], top));
        for (size_t k = 0; k < len; k++)
            assert(isalnum((unsigned char)found[i][k]) || found[i][k] == '_' || found[i][k] == '.');
        for (size_t k = 0; k < i && count < 40; k++)
            assert(strcmp(found[i], found[k]) != 0);
    }
    return 0;
}
