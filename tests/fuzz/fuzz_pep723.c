/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "script/pep723.h"
#include "str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    autofree char *toml = NULL;
    struct error err = { 0 };
    if (pep723_find((const char *)data, size, &toml, &err) < 0) {
        assert(!toml && err.blame == BLAME_CALLER);
        return 0;
    }
    if (!toml)
        return 0;
    /* A block is at least one line, and shorter than what it was cut from. */
    size_t len = strlen(toml);
    assert(len > 0 && len < size && toml[len - 1] == '\n');
    assert(memmem(data, size, "# /// script", 12));
    return 0;
}
