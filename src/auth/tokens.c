/* SPDX-License-Identifier: Apache-2.0 */
/* tokens.c - bearer tokens of which only hashes are kept. */
#include "auth/tokens.h"

#include <errno.h>
#include <sha2.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "str.h"

struct token {
    unsigned char hash[SHA256_DIGEST_LENGTH];
    char principal[OWNER_MAX];
};

struct tokens {
    struct token *list;
    size_t count;
};

/* --- lines --------------------------------------------------------------------------- */

static int digit_of(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c) : NULL;
    return at ? (int)(at - digits) : -1;
}

static bool hash_read(const char *text, size_t len, unsigned char *ret)
{
    if (len != 2 * SHA256_DIGEST_LENGTH)
        return false;
    for (size_t i = 0; i < SHA256_DIGEST_LENGTH; i++) {
        int high = digit_of(text[2 * i]), low = digit_of(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        ret[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}

struct place {
    const char *source;
    unsigned line;
};

static int wrong(const struct place *place, const char *what, struct error *err)
{
    return fail_host_as(err, EINVAL, "%s: line %u: %s", place->source, place->line, what);
}

static const char blanks[] = " \t";

/* The next word of a line; empty at its end. */
static size_t word_at(const char **at, const char *end)
{
    while (*at < end && strchr(blanks, **at))
        (*at)++;
    size_t len = 0;
    while (*at + len < end && !strchr(blanks, (*at)[len]))
        len++;
    return len;
}

static int take_hash(struct tokens *tokens, const struct place *place, struct token *token,
                     const char *word, size_t len, struct error *err)
{
    unsigned char empty[SHA256_DIGEST_LENGTH];
    SHA2_CTX context;
    SHA256Init(&context);
    SHA256Final(empty, &context);
    if (!hash_read(word, len, token->hash))
        return wrong(place,
                     "after the principal the SHA-256 of the token is wanted, 64 hexadecimal "
                     "digits; what stands there is not shown, as it may be the token itself",
                     err);
    if (memcmp(empty, token->hash, sizeof(empty)) == 0)
        return wrong(place, "this is the SHA-256 of nothing, and no token's", err);
    for (size_t i = 0; i < tokens->count; i++)
        if (memcmp(tokens->list[i].hash, token->hash, sizeof(token->hash)) == 0)
            return wrong(place, "the same token stands in a line above", err);
    return 0;
}

/* The word may be a token in the wrong column: shown is only what a name could be, and no token. */
static int unknown(const struct place *place, const char *word, const struct principals *known,
                   struct error *err)
{
    autostr struct str names = { 0 };
    for (size_t i = 0; i < known->count; i++)
        str_printf(&names, "%s%s", i ? ", " : "", known->list[i].name);
    bool shown = principal_name_valid(word) && strlen(word) < TOKEN_LEAST;
    return fail_host_as(err, EINVAL,
                        "%s: line %u: a line begins with the name of one of the configuration's "
                        "principals, and %s is none; there are: %s",
                        place->source, place->line, shown ? word : "this word",
                        names.len ? names.data : "none but local");
}

static int take_line(struct tokens *tokens, const struct place *place, const char *at,
                     const char *end, const struct principals *known, struct error *err)
{
    struct token token = { 0 };
    size_t len = word_at(&at, end);
    if (len == 0 || *at == '#')
        return 0;
    if (len >= sizeof(token.principal))
        return wrong(place, "no principal has so long a name", err);
    memcpy(token.principal, at, len);
    if (!principal_name_valid(token.principal) || !principal_find(known, token.principal))
        return unknown(place, token.principal, known, err);
    at += len;
    len = word_at(&at, end);
    int r = take_hash(tokens, place, &token, at, len, err);
    if (r < 0)
        return r;
    tokens->list = xrealloc(tokens->list, (tokens->count + 1) * sizeof(token));
    tokens->list[tokens->count++] = token;
    return 0;
}

int tokens_parse(const char *source, const char *text, size_t len, const struct principals *known,
                 struct tokens **ret, struct error *err)
{
    struct tokens *tokens = xcalloc(1, sizeof(*tokens));
    struct place place = { .source = source };
    const char *end = text + len;
    int r = 0;
    while (r == 0 && text < end) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        const char *line_end = stop ? stop : end;
        place.line++;
        r = memchr(text, '\0', (size_t)(line_end - text))
                ? wrong(&place, "a byte 0, which no text has", err)
                : take_line(tokens, &place, text,
                            line_end > text && line_end[-1] == '\r' ? line_end - 1 : line_end,
                            known, err);
        text = stop ? stop + 1 : end;
    }
    if (r < 0) {
        tokens_free(tokens);
        return r;
    }
    *ret = tokens;
    return 0;
}

void tokens_free(struct tokens *tokens)
{
    if (!tokens)
        return;
    if (tokens->list)
        explicit_bzero(tokens->list, tokens->count * sizeof(*tokens->list));
    free(tokens->list);
    free(tokens);
}

size_t tokens_count(const struct tokens *tokens)
{
    return tokens->count;
}

/* --- comparing --------------------------------------------------------------------------- */

/* 1 or 0, without a branch on what is compared. */
static unsigned same(const unsigned char *a, const unsigned char *b, size_t len)
{
    volatile unsigned differs = 0;
    for (size_t i = 0; i < len; i++)
        differs |= (unsigned)(a[i] ^ b[i]);
    return 1U & ((differs - 1U) >> 8);
}

const char *tokens_find(const struct tokens *tokens, const char *token, size_t len)
{
    unsigned char hash[SHA256_DIGEST_LENGTH];
    SHA2_CTX context;
    size_t found = 0; /* one more than the index */
    if (!tokens || len < TOKEN_LEAST || len > TOKEN_MOST)
        return NULL;
    SHA256Init(&context);
    SHA256Update(&context, (const uint8_t *)token, len);
    SHA256Final(hash, &context);
    for (size_t i = 0; i < tokens->count; i++)
        found |= (i + 1) & (0 - (size_t)same(hash, tokens->list[i].hash, sizeof(hash)));
    explicit_bzero(&context, sizeof(context));
    return found ? tokens->list[found - 1].principal : NULL;
}
