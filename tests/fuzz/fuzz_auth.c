/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_auth.c - a value of Authorization, and after the first newline a file of tokens. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "auth/bearer.h"
#include "auth/tokens.h"
#include "config.h"
#include "str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct config *configured(void)
{
    static struct config config;
    static const char text[] = "{\"principals\": {\"ann\": {}, \"bob\": {}, \"*\": {}}}";
    struct error err = { 0 };
    if (!config.source && config_parse("c", text, strlen(text), &config, &err) < 0)
        abort();
    return &config;
}

static void look_at_challenge(const char *why)
{
    autofree char *challenge = bearer_challenge(UNSERVED_INVALID, "https://h/x", SCOPE_RUN, why);
    size_t quotes = 0;
    for (const char *c = challenge; *c; c++) {
        assert(*c >= ' ' && *c <= '~' && *c != '\\');
        quotes += *c == '"';
    }
    assert(quotes == (*why ? 8 : 6));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = memchr(data, '\n', size);
    size_t len = end ? (size_t)(end - data) : size, token_len = 0;
    autofree char *header = xstrndup((const char *)data, len);
    const char *token = NULL;
    struct error err = { 0 };
    struct tokens *tokens = NULL;
    look_at_challenge(header);
    bool shown = bearer_parse(header, &token, &token_len) == BEARER_TOKEN;
    assert(!shown || (token_len > 0 && token + token_len == header + strlen(header)));
    const char *text = end ? (const char *)end + 1 : "";
    size_t text_len = end ? size - len - 1 : 0;
    if (tokens_parse("t", text, text_len, &configured()->principals, &tokens, &err) < 0) {
        assert(!tokens && err.blame == BLAME_HOST && starts_with(err.text, "t: line "));
        return 0;
    }
    const char *name = shown ? tokens_find(tokens, token, token_len) : NULL;
    assert(!name || principal_find(&configured()->principals, name));
    tokens_free(tokens);
    return 0;
}
