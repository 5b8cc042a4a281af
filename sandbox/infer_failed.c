/* SPDX-License-Identifier: Apache-2.0 */
#include "infer_failed.h"

#include <sha256.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "memo.h"
#include "str.h"

#define MEMORY "not-inferred"

static char *make_key(const struct python *python, char *const *requirements)
{
    autostr struct str text = { 0 };
    str_printf(&text, "%s\n", python->identity);
    for (size_t i = 0; requirements && requirements[i]; i++)
        str_printf(&text, "%s\n", requirements[i]);
    char hash[SHA256_DIGEST_STRING_LENGTH];
    SHA256Data((const uint8_t *)text.data, text.len, hash);
    return xstrdup(hash);
}

/* Restarts of the host are no concern of a wall clock; one that was set back is. */
char *infer_failed_lately(const struct sandbox *sandbox, const struct python *python,
                          char *const *requirements)
{
    automemo struct memo memo = { 0 };
    memo_load(sandbox, MEMORY, &memo);
    autofree char *key = make_key(python, requirements);
    const char *value = memo_get(&memo, key);
    char *reason = NULL;
    long long then = value ? strtoll(value, &reason, 10) : 0, now = (long long)time(NULL);
    if (!value || *reason != ' ' || then > now || now - then > INFER_FAILED_LATELY_S)
        return NULL;
    return xstrdup(reason + 1);
}

void infer_failed(const struct sandbox *sandbox, const struct python *python,
                  char *const *requirements, const char *reason)
{
    automemo struct memo fresh = { 0 };
    char shown[300];
    autofree char *key = make_key(python, requirements);
    autofree char *value =
        xasprintf("%lld %s", (long long)time(NULL), printable(reason, shown, sizeof(shown)));
    memo_put(&fresh, key, value);
    memo_keep(sandbox, MEMORY, &fresh);
}
