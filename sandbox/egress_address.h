/* SPDX-License-Identifier: Apache-2.0 */
/* egress_address.h - where an address leads: out, or back into somebody's own network. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

enum reach {
    REACH_PUBLIC,  /* the Internet */
    REACH_PRIVATE, /* this host, its neighbours, a private network: a policy's "private": true */
    REACH_NEVER,   /* metadata services, multicast, no host at all: only if listed as it is */
};

/* The host's own public addresses, and the networks it is attached to by them. */
#define ATTACHED_MAX 256
struct attached {
    struct {
        unsigned char prefix[16]; /* IPv4 is written v4-mapped */
        unsigned bits;
    } networks[ATTACHED_MAX];
    size_t count;
};

/* False where `name` (host.h) is not an address. */
bool numeric_address(const char *name, struct sockaddr_storage *ret);

/* Reads them (getifaddrs(3)); an address more than there is room for makes it fail. */
int attached_read(struct attached *ret);

/* AF_INET or AF_INET6, the latter with every embedding of the former taken
 * apart. *why is a few words, such as "a loopback address". */
enum reach address_reach(const struct attached *attached, const struct sockaddr *address,
                         const char **why);
