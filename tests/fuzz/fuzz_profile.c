/* SPDX-License-Identifier: Apache-2.0 */
/* A profile as a script may have written it. The first byte says in what pieces it comes. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "run/profile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    size_t piece = (size_t)data[0] + 1;
    struct profile *profile = profile_new();
    for (size_t at = 1; at < size; at += piece)
        profile_take(profile, data + at, size - at < piece ? size - at : piece);
    const struct profile_sum sum = profile_sum(profile);
    struct profile_row *rows;
    size_t count = profile_rows(profile, &rows);
    for (size_t i = 0; i < count; i++) {
        assert(rows[i].self_us <= rows[i].total_us && rows[i].total_us <= sum.seconds_us);
        assert(utf8_valid(rows[i].name, strlen(rows[i].name)));
    }
    free(rows);
    autostr struct str text = { 0 };
    profile_print_text(profile, 20, &text);
    profile_print_folded(profile, &text);
    assert(utf8_valid(text.data, text.len));
    json_object_put(profile_json(profile, 20));
    json_object_put(profile_speedscope(profile, "x"));
    json_object_put(profile_flame(profile, "x"));
    profile_free(profile);
    return 0;
}
