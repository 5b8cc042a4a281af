/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_oauth.c - a JWT, and after the first newline a JSON Web Key Set that replaces ours. Whoever
 * fuzzes has not our key: no token of theirs is good, unless the key is theirs too. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "oauth/verify.h"
#include "str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char ours[] = "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"e1\","
                           "\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\","
                           "\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\"}]}";

static struct verifier *verifier_of(void)
{
    static char *both[] = { (char *)(uintptr_t) "RS256", (char *)(uintptr_t) "ES256", NULL };
    struct verifier *verifier = NULL;
    struct error err = { 0 };
    if (verifier_new("https://as.example", "https://h/mcp", both, &verifier, &err) < 0 ||
        verifier_keys(verifier, ours, strlen(ours), &err) != 1)
        abort();
    return verifier;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = memchr(data, '\n', size);
    size_t len = end ? (size_t)(end - data) : size;
    struct verifier *verifier = verifier_of();
    struct verified verified = { 0 };
    struct error err = { 0 };
    int r = verifier_check(verifier, (const char *)data, len, 1800000000, &verified, &err);
    assert(r < 0 && err.blame == BLAME_CALLER && !verified.subject && !verified.scopes);
    if (end && verifier_keys(verifier, (const char *)end + 1, size - len - 1, &err) < 0)
        assert(err.blame == BLAME_HOST);
    else if (end &&
             verifier_check(verifier, (const char *)data, len, 1800000000, &verified, &err) == 0)
        verified_done(&verified);
    verifier_free(verifier);
    return 0;
}
