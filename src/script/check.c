/* SPDX-License-Identifier: Apache-2.0 */
#include "script/check.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include <cordon/launch.h>

#include "pep508.h"
#include "str.h"

#define REQUIREMENT_MAX 1024

static bool is_name_char(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

static bool name_fills(const char *name, size_t len)
{
    if (len == 0 || isdigit((unsigned char)name[0]))
        return false;
    for (size_t i = 0; i < len; i++)
        if (!is_name_char(name[i]))
            return false;
    return true;
}

bool variable_name_valid(const char *name)
{
    return name_fills(name, strlen(name));
}

int variable_check(const char *pair, struct error *err)
{
    char shown[64];
    const char *equals = strchr(pair, '=');
    if (!equals)
        return fail_caller(err, EINVAL, "\"%s\" is not NAME=value",
                           printable(pair, shown, sizeof(shown)));
    autofree char *name = xstrndup(pair, (size_t)(equals - pair));
    if (!variable_name_valid(name))
        return fail_caller(err, EINVAL, "\"%s\" is not a name for a variable",
                           printable(name, shown, sizeof(shown)));
    return 0;
}

int policy_name_check(const char *name, struct error *err)
{
    char shown[64];
    size_t len = strlen(name);
    bool good = len > 0 && len < POLICY_NAME_MAX && islower((unsigned char)name[0]);
    for (size_t i = 0; good && i < len; i++)
        good = islower((unsigned char)name[i]) || isdigit((unsigned char)name[i]) ||
               name[i] == '-' || name[i] == '_';
    if (!good)
        return fail_caller(err, EINVAL, "\"%s\" is not a name of a policy",
                           printable(name, shown, sizeof(shown)));
    return 0;
}

int python_version_check(const char *version, struct error *err)
{
    char shown[64];
    const char *p = version;
    int parts = 0;
    while (parts < 3 && isdigit((unsigned char)*p)) {
        p += strspn(p, "0123456789");
        parts++;
        if (*p != '.')
            break;
        p++;
    }
    if (parts == 0 || *p != '\0' || p[-1] == '.' || strlen(version) > 16)
        return fail_caller(err, EINVAL, "\"%s\" is not a version such as 3.12",
                           printable(version, shown, sizeof(shown)));
    return 0;
}

int requirement_check(const char *text, struct error *err)
{
    char shown[64];
    size_t len = strlen(text);
    bool good = len > 0 && len <= REQUIREMENT_MAX && isalnum((unsigned char)text[0]);
    for (size_t i = 0; good && i < len; i++)
        good = !iscntrl((unsigned char)text[i]);
    /* Paths and addresses are refused by their name, further on. */
    if (!good || (!strpbrk(text, "@/:\\+") && !pep508_shaped(text)))
        return fail_caller(err, EINVAL, "\"%s\" is not a requirement such as requests>=2.31",
                           printable(text, shown, sizeof(shown)));
    return 0;
}

int code_size_check(size_t len, struct error *err)
{
    if (len > SCRIPT_BYTES_MAX)
        return fail_caller(err, EFBIG, "the script has %zu bytes; at most %zu (4 MiB) are taken",
                           len, SCRIPT_BYTES_MAX);
    return 0;
}
