/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include <cordon/trace.h>

/* Where each of the four fields begins, and how long it is. */
enum { VERSION_AT = 0, TRACE_AT = 3, PARENT_AT = 36, FLAGS_AT = 53, WHOLE = 55 };
enum { VERSION_LEN = 2, TRACE_LEN = 32, PARENT_LEN = 16, FLAGS_LEN = 2 };

static const char hex[] = "0123456789abcdef"; /* capitals are refused */

static bool is_hex(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!text[i] || !strchr(hex, text[i]))
            return false;
    return true;
}

/* Ids of zeros only mean that there is none. */
static bool is_id(const char *text, size_t len)
{
    size_t zeros = 0;
    while (zeros < len && text[zeros] == '0')
        zeros++;
    return is_hex(text, len) && zeros < len;
}

static bool has_dashes(const char *text)
{
    return text[TRACE_AT - 1] == '-' && text[PARENT_AT - 1] == '-' && text[FLAGS_AT - 1] == '-';
}

/* Version 00 is exactly so long; a newer one may go on behind a dash; ff is none. */
static bool has_length(const char *text, size_t len)
{
    if (memcmp(text, "00", VERSION_LEN) == 0)
        return len == WHOLE;
    return memcmp(text, "ff", VERSION_LEN) != 0 && (len == WHOLE || text[WHOLE] == '-');
}

bool traceparent_read(const char *text, size_t len, char ret[TRACEPARENT_MAX])
{
    ret[0] = '\0';
    if (len < WHOLE || !has_dashes(text) || !is_hex(text + VERSION_AT, VERSION_LEN) ||
        !has_length(text, len) || !is_id(text + TRACE_AT, TRACE_LEN) ||
        !is_id(text + PARENT_AT, PARENT_LEN) || !is_hex(text + FLAGS_AT, FLAGS_LEN))
        return false;
    bool sampled = (strchr(hex, text[FLAGS_AT + 1]) - hex) & 1;
    (void)snprintf(ret, TRACEPARENT_MAX, "00-%.*s-%.*s-0%d", TRACE_LEN, text + TRACE_AT, PARENT_LEN,
                   text + PARENT_AT, sampled);
    return true;
}
