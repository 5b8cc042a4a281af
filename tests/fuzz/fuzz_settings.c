/* SPDX-License-Identifier: Apache-2.0 */
/* A client's settings: what is put into them is there, all else is there still, and once is enough.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "cmd/mcp_config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t skip_blanks(const char *text, size_t len, size_t at)
{
    while (at < len && strchr(" \t\r\n", text[at]))
        at++;
    return at;
}

/* Is each byte of `text` in `whole`, in its order? Of blanks a bracket may have lost some. */
static bool is_within(const struct str *whole, const char *text, size_t len)
{
    size_t at = skip_blanks(text, len, 0);
    for (size_t i = 0; i < whole->len && at < len; i++)
        if (whole->data[i] == text[at])
            at = skip_blanks(text, len, at + 1);
    return at == len;
}

static void check(mcp_put *put, const char *text, size_t len)
{
    char word[] = "serve", name[] = "A", value[] = "\"\\\x01\xC3\xA9";
    char *args[] = { word, value, NULL }, *env[] = { name, value, NULL };
    const struct mcp_entry entry = { .section = "s",
                                     .name = "n",
                                     .kind = { "type", "stdio" },
                                     .command = value,
                                     .args = args,
                                     .env = env,
                                     .asked = true };
    autostr struct str once = { 0 }, twice = { 0 };
    struct error err = { 0 };
    str_add(&once, text, len);
    if (put(&once, &entry, &err) < 0) {
        assert(err.blame == BLAME_CALLER && err.text[0]);
        return;
    }
    str_add(&twice, once.data, once.len);
    assert(put(&twice, &entry, &err) == 0);
    assert(twice.len == once.len && memcmp(twice.data, once.data, once.len) == 0);
    /* Only an entry that was there may have lost anything. */
    if (!memmem(text, len, "n", 1) && !memmem(text, len, "\\", 1))
        assert(is_within(&once, text, len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    if (memchr(text, '\0', size))
        return 0;
    check(mcp_put_json, text, size);
    check(mcp_put_toml, text, size);
    return 0;
}
