/* SPDX-License-Identifier: Apache-2.0 */
/* The source, and before its first NUL, where there is one, a requirement to add. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "script/header.h"
#include "script/pep723.h"
#include "script/prologue.h"
#include "str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every byte of the source is there, in its order, around what was put in. */
static void assert_grown(const char *source, size_t len, const struct str *out)
{
    size_t head = 0, tail = 0;
    while (head < len && head < out->len && source[head] == out->data[head])
        head++;
    while (tail < len - head && source[len - 1 - tail] == out->data[out->len - 1 - tail])
        tail++;
    assert(out->len >= len);
    /* A header that was there may get a blank behind a '#', and one that ended without a line
     * end gets one: then only the lines tell. */
    assert(head + tail == len || memmem(source, len, "# /// script", 12));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *source = (const char *)data;
    const char *zero = memchr(data, '\0', size);
    autofree char *requirement = xstrndup(source, zero ? (size_t)(zero - source) : 0);
    size_t len = size;
    if (zero) {
        len -= (size_t)(zero + 1 - source);
        source = zero + 1;
    }
    char *const dependencies[] = { zero ? requirement : (char[]){ "requests>=2" }, NULL };
    const struct header_words words = { dependencies, ">=3.9" };
    autostr struct str out = { 0 }, again = { 0 };
    struct error err = { 0 };
    if (header_write(source, len, &words, &out, &err) < 0) {
        assert(err.blame == BLAME_CALLER && !out.data);
        return 0;
    }
    autofree char *toml = NULL;
    assert(pep723_find(out.data, out.len, &toml, &err) == 0 && toml);
    assert_grown(source, len, &out);
    /* What must stay first is still there, and what is written once stays. */
    struct prologue before, after;
    prologue_read(source, len, &before);
    prologue_read(out.data, out.len, &after);
    assert(before.mark == after.mark && strcmp(before.encoding, after.encoding) == 0);
    assert(header_write(out.data, out.len, &words, &again, &err) == 0);
    assert(again.len == out.len && memcmp(again.data, out.data, out.len) == 0);
    return 0;
}
