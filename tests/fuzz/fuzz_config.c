/* SPDX-License-Identifier: Apache-2.0 */
/* A configuration is refused with a line that names it, or is complete. */
#include <assert.h>
#include <stdint.h>

#include "config.h"
#include "str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config config = { 0 };
    struct error err = { 0 };
    if (config_parse("fuzz.json", (const char *)data, size, &config, &err) < 0) {
        assert(starts_with(err.text, "fuzz.json: line "));
        return 0;
    }
    assert(config.default_policy && config.client_policies);
    assert((uint64_t)config.slot_first + config.slot_count - 1 <= INT32_MAX);
    config_done(&config);
    return 0;
}
