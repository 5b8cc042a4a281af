/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "script/check.h"
#include "script/dotenv.h"
#include "str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    autolist char **list = NULL;
    struct error err = { 0 };
    if (dotenv_parse((const char *)data, size, &list, &err) < 0) {
        assert(!list && err.blame == BLAME_CALLER && err.text[0]);
        return 0;
    }
    for (char **pair = list; pair && *pair; pair++) {
        assert(variable_check(*pair, &err) == 0);
        assert(strlen(strchr(*pair, '=') + 1) <= DOTENV_VALUE_MAX);
    }
    return 0;
}
