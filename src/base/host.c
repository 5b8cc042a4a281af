/* SPDX-License-Identifier: Apache-2.0 */
/* host.c - hosts as they are written. */
#include "host.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool label_valid(const char *label, size_t len)
{
    if (len == 0 || len > 63 || label[0] == '-' || label[len - 1] == '-')
        return false;
    for (size_t i = 0; i < len; i++)
        if (!(label[i] >= 'a' && label[i] <= 'z') && !is_digit(label[i]) && label[i] != '-' &&
            label[i] != '_')
            return false;
    return true;
}

/* A resolver may take 1.2, 0x7f.1 or 017700000001 for an address (WHATWG URL,
 * "ends in a number"). */
static bool is_number(const char *label)
{
    return strspn(label, "0123456789") == strlen(label) || strncmp(label, "0x", 2) == 0;
}

static bool labels_valid(const char *name, size_t *count)
{
    const char *last = name;
    for (*count = 1;; (*count)++) {
        size_t len = strcspn(last, ".");
        if (!label_valid(last, len))
            return false;
        if (!last[len])
            break;
        last += len + 1;
    }
    return !is_number(last);
}

static bool port_parse(const char *text, uint16_t *ret)
{
    size_t len = strlen(text);
    if (len == 0 || len > 5 || strspn(text, "0123456789") != len || *text == '0')
        return false;
    unsigned long port = strtoul(text, NULL, 10);
    if (port > UINT16_MAX)
        return false;
    *ret = (uint16_t)port;
    return true;
}

/* "[v6]" or "[v6]:port", in one spelling whatever the caller's. */
static bool bracketed(char *text, struct host *host)
{
    struct in6_addr address;
    char *end = strchr(text, ']');
    if (!end || (end[1] && (end[1] != ':' || !port_parse(end + 2, &host->port))))
        return false;
    *end = '\0';
    host->kind = HOST_IPV6;
    return inet_pton(AF_INET6, text + 1, &address) == 1 &&
           inet_ntop(AF_INET6, &address, host->name, sizeof(host->name));
}

static bool named(char *text, struct host *host)
{
    char *colon = strchr(text, ':');
    if (colon) {
        *colon = '\0';
        if (!port_parse(colon + 1, &host->port))
            return false;
    }
    struct in_addr address;
    if (inet_pton(AF_INET, text, &address) == 1) {
        host->kind = HOST_IPV4;
        return inet_ntop(AF_INET, &address, host->name, sizeof(host->name));
    }
    size_t len = strlen(text), labels = 0;
    if (len > 1 && text[len - 1] == '.')
        text[--len] = '\0';
    bool below = strncmp(text, "*.", 2) == 0;
    host->kind = below ? HOST_BELOW : HOST_NAMED;
    if (len > HOST_TEXT_MAX || !labels_valid(below ? text + 2 : text, &labels))
        return false;
    memcpy(host->name, text, len + 1);
    return !below || labels >= 2; /* "*.com" is everybody */
}

bool host_parse(const char *text, size_t len, struct host *ret)
{
    char copy[HOST_PRINT_MAX + 1];
    struct host host = { 0 };
    if (len >= sizeof(copy) || memchr(text, '\0', len))
        return false;
    for (size_t i = 0; i < len; i++)
        copy[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] + ('a' - 'A') : text[i]);
    copy[len] = '\0';
    if (!(*copy == '[' ? bracketed(copy, &host) : named(copy, &host)))
        return false;
    *ret = host;
    return true;
}

void host_print(const char *name, uint16_t port, char out[HOST_PRINT_MAX])
{
    bool v6 = strchr(name, ':') != NULL;
    int len = snprintf(out, HOST_PRINT_MAX, "%s%.*s%s", v6 ? "[" : "", HOST_TEXT_MAX, name,
                       v6 ? "]" : "");
    if (port && len > 0)
        (void)snprintf(out + len, (size_t)(HOST_PRINT_MAX - len), ":%u", port);
}
