/* SPDX-License-Identifier: Apache-2.0 */
#include "pep508.h"

#include <ctype.h>
#include <string.h>

static const char *past_blanks(const char *at)
{
    return at + strspn(at, " \t");
}

/* The first character behind the name, or NULL where none begins. */
static const char *past_name(const char *at)
{
    if (!isalnum((unsigned char)*at))
        return NULL;
    while (isalnum((unsigned char)*at) || (*at && strchr("._-", *at)))
        at++;
    return at;
}

bool pep508_shaped(const char *text)
{
    const char *at = past_name(past_blanks(text));
    if (!at)
        return false;
    at = past_blanks(at);
    if (*at == '[') {
        at += strcspn(at, "]");
        if (!*at)
            return false;
        at = past_blanks(at + 1);
    }
    return !*at || strchr("(<>=!~;@", *at);
}
