/* SPDX-License-Identifier: Apache-2.0 */
/* host.h - how policies, command lines and boxes write a host.
 *
 *     example.org   example.org:8443   *.example.org   192.0.2.7:80   [2001:db8::7]:443
 *
 * Lower-case after parsing, without the root's dot. An address has only its
 * usual form: 127.1, 0x7f.1 and 2130706433 are neither an address nor a name.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HOST_TEXT_MAX 253 /* of a name (RFC 1035, 2.3.4) */

enum host_kind { HOST_NAMED, HOST_BELOW, HOST_IPV4, HOST_IPV6 };

struct host {
    enum host_kind kind;          /* HOST_BELOW: "*.name" */
    char name[HOST_TEXT_MAX + 1]; /* with the "*.", without brackets */
    uint16_t port;                /* 0: none was given */
};

/* False, and *ret untouched, for anything else. */
bool host_parse(const char *text, size_t len, struct host *ret);

/* "name", "name:port", "[v6]:port": what host_parse() reads. */
#define HOST_PRINT_MAX (HOST_TEXT_MAX + 9)
void host_print(const char *name, uint16_t port, char out[HOST_PRINT_MAX]);
