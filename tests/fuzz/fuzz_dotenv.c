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
    autolist char **list = NULL, **again = NULL;
    char *const given[] = { (char[]){ "A=${B}" }, (char[]){ "NAME=" }, NULL };
    struct error err = { 0 };
    if (dotenv_parse((const char *)data, size, given, &list, &err) < 0) {
        assert(!list && err.blame == BLAME_CALLER &&
               starts_with(err.text, size > DOTENV_BYTES_MAX ? "more" : "line "));
        return 0;
    }
    for (char **pair = list; pair && *pair; pair++) {
        assert(variable_check(*pair, &err) == 0);
        assert(strlen(strchr(*pair, '=') + 1) <= DOTENV_VALUE_MAX);
        for (char **other = list; other < pair; other++)
            assert(strncmp(*other, *pair, strcspn(*pair, "=") + 1) != 0);
    }
    /* What is given changes values, never names. */
    assert(dotenv_parse((const char *)data, size, NULL, &again, &err) < 0 ||
           list_len(again) == list_len(list));
    return 0;
}
