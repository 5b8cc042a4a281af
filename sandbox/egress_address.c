/* SPDX-License-Identifier: Apache-2.0 */
/* egress_address.c - the ranges of the address registries, as a table.
 *
 * Sources: IANA's special-purpose registries for IPv4 and IPv6 (RFC 6890), and
 * the metadata services of the large clouds. Documentation ranges are not in
 * it: they lead nowhere, and test networks are made of them.
 */
#include "egress_address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>

#include <cordon/own.h>

struct range {
    unsigned char prefix[16];
    unsigned bits;
    enum reach reach;
    const char *why;
};

/* clang-format off: a table is read by its columns. The first row that holds decides. */
static const struct range ranges4[] = {
    { { 169, 254, 169, 254 }, 32, REACH_NEVER, "a cloud's metadata service" },
    { { 169, 254, 170, 2 }, 32, REACH_NEVER, "a cloud's metadata service" },
    { { 100, 100, 100, 200 }, 32, REACH_NEVER, "a cloud's metadata service" },
    { { 192, 0, 0, 192 }, 32, REACH_NEVER, "a cloud's metadata service" },
    { { 168, 63, 129, 16 }, 32, REACH_NEVER, "a cloud's metadata service" },
    { { 0 }, 8, REACH_NEVER, "an unspecified address" },
    { { 10 }, 8, REACH_PRIVATE, "a private address" },
    { { 100, 64 }, 10, REACH_PRIVATE, "an address behind a provider's NAT" },
    { { 127 }, 8, REACH_PRIVATE, "a loopback address" },
    { { 169, 254 }, 16, REACH_PRIVATE, "a link-local address" },
    { { 172, 16 }, 12, REACH_PRIVATE, "a private address" },
    { { 192, 0, 0 }, 24, REACH_PRIVATE, "an address for protocols" },
    { { 192, 88, 99 }, 24, REACH_PRIVATE, "an address for protocols" },
    { { 192, 168 }, 16, REACH_PRIVATE, "a private address" },
    { { 198, 18 }, 15, REACH_PRIVATE, "an address for measurements" },
    { { 224 }, 4, REACH_NEVER, "a multicast address" },
    { { 240 }, 4, REACH_NEVER, "a reserved address" },
};

static const struct range ranges6[] = {
    { { 0xfd, 0x00, 0x0e, 0xc2, [14] = 0x02, 0x54 },
      128,
      REACH_NEVER,
      "a cloud's metadata service" },
    { { 0xfd, 0x20, 0x00, 0xce, [14] = 0x02, 0x54 },
      128,
      REACH_NEVER,
      "a cloud's metadata service" },
    { { 0 }, 128, REACH_NEVER, "an unspecified address" },
    { { [15] = 1 }, 128, REACH_PRIVATE, "a loopback address" },
    { { 0xfc }, 7, REACH_PRIVATE, "a private address" },
    { { 0xfe, 0x80 }, 10, REACH_PRIVATE, "a link-local address" },
    { { 0xfe, 0xc0 }, 10, REACH_PRIVATE, "a site-local address" },
    { { 0xff }, 8, REACH_NEVER, "a multicast address" },
    { { 0x00, 0x64, 0xff, 0x9b, 0x00, 0x01 }, 48, REACH_PRIVATE, "an address of a local NAT64" },
    { { 0x20, 0x01, 0x00, 0x00 }, 32, REACH_PRIVATE, "a Teredo address" },
    { { 0x20, 0x01 }, 23, REACH_PRIVATE, "an address for protocols" },
    { { 0x20 }, 3, REACH_PUBLIC, NULL },
    { { 0 }, 0, REACH_NEVER, "a reserved address" },
};

/* An IPv4 address in an IPv6 one: what the former may not reach, the latter may not. */
static const struct embedding {
    unsigned char prefix[16];
    unsigned bits, at;
} embeddings[] = {
    { { [10] = 0xff, 0xff }, 96, 12 },      /* v4-mapped */
    { { [8] = 0xff, 0xff }, 96, 12 },       /* v4-translated (SIIT) */
    { { 0x00, 0x64, 0xff, 0x9b }, 96, 12 }, /* NAT64 */
    { { 0x20, 0x02 }, 16, 2 },              /* 6to4 */
};
/* clang-format on */

static bool prefix_equal(const unsigned char *address, const unsigned char *prefix, unsigned bits)
{
    unsigned whole = bits / 8, rest = bits % 8;
    unsigned mask = rest ? (0xffU << (8 - rest)) & 0xffU : 0;
    return memcmp(address, prefix, whole) == 0 &&
           (rest == 0 || ((address[whole] ^ prefix[whole]) & mask) == 0);
}

static enum reach range_find(const struct range *ranges, size_t count, const unsigned char *address,
                             const char **why)
{
    for (size_t i = 0; i < count; i++) {
        if (!prefix_equal(address, ranges[i].prefix, ranges[i].bits))
            continue;
        *why = ranges[i].why;
        return ranges[i].reach;
    }
    return REACH_PUBLIC;
}

/* ISATAP puts it behind 0000:5efe or 0200:5efe, under any prefix. */
static bool is_isatap(const unsigned char *address)
{
    static const unsigned char marks[][4] = { { 0, 0, 0x5e, 0xfe }, { 2, 0, 0x5e, 0xfe } };
    return memcmp(address + 8, marks[0], 4) == 0 || memcmp(address + 8, marks[1], 4) == 0;
}

static const unsigned char *embedded(const unsigned char *address)
{
    for (size_t i = 0; i < COUNT(embeddings); i++)
        if (prefix_equal(address, embeddings[i].prefix, embeddings[i].bits))
            return address + embeddings[i].at;
    return is_isatap(address) ? address + 12 : NULL;
}

static void to_mapped(const unsigned char *address4, unsigned char out[16])
{
    memset(out, 0, 10);
    out[10] = out[11] = 0xff;
    memcpy(out + 12, address4, 4);
}

static bool is_attached(const struct attached *attached, const unsigned char *address)
{
    for (size_t i = 0; i < attached->count; i++)
        if (prefix_equal(address, attached->networks[i].prefix, attached->networks[i].bits))
            return true;
    return false;
}

static enum reach worse(enum reach a, enum reach b)
{
    return a > b ? a : b;
}

static enum reach reach4(const struct attached *attached, const unsigned char *address,
                         const char **why)
{
    unsigned char mapped[16];
    to_mapped(address, mapped);
    enum reach reach = range_find(ranges4, COUNT(ranges4), address, why);
    if (reach == REACH_PUBLIC && is_attached(attached, mapped)) {
        *why = "an address of this host or of its own network";
        return REACH_PRIVATE;
    }
    return reach;
}

static enum reach reach6(const struct attached *attached, const unsigned char *address,
                         const char **why)
{
    const unsigned char *inner = embedded(address);
    bool only_inner = inner && (prefix_equal(address, embeddings[0].prefix, embeddings[0].bits) ||
                                prefix_equal(address, embeddings[1].prefix, embeddings[1].bits) ||
                                prefix_equal(address, embeddings[2].prefix, embeddings[2].bits));
    const char *why_inner = NULL;
    enum reach of_inner = inner ? reach4(attached, inner, &why_inner) : REACH_PUBLIC;
    /* Where the prefix has no meaning of its own, what is inside decides alone. */
    enum reach reach =
        only_inner ? REACH_PUBLIC : range_find(ranges6, COUNT(ranges6), address, why);
    if (reach == REACH_PUBLIC && is_attached(attached, address)) {
        *why = "an address of this host or of its own network";
        reach = REACH_PRIVATE;
    }
    if (of_inner > reach)
        *why = why_inner;
    return worse(reach, of_inner);
}

enum reach address_reach(const struct attached *attached, const struct sockaddr *address,
                         const char **why)
{
    *why = "not an Internet address";
    if (address->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, address, sizeof(in));
        return reach4(attached, (const unsigned char *)&in.sin_addr, why);
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 in;
        memcpy(&in, address, sizeof(in));
        return reach6(attached, in.sin6_addr.s6_addr, why);
    }
    return REACH_NEVER;
}

bool numeric_address(const char *name, struct sockaddr_storage *ret)
{
    struct sockaddr_storage address = { 0 };
    struct sockaddr_in *in = (struct sockaddr_in *)(void *)&address;
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)(void *)&address;
    if (inet_pton(AF_INET, name, &in->sin_addr) == 1)
        address.ss_family = AF_INET;
    else if (inet_pton(AF_INET6, name, &in6->sin6_addr) == 1)
        address.ss_family = AF_INET6;
    else
        return false;
    *ret = address;
    return true;
}

/* --- this host ------------------------------------------------------------------ */

/* Shorter ones are tunnels that take everything: they make no neighbour of it. */
#define NETWORK_BITS_MIN 8

static unsigned mask_bits(const unsigned char *mask, size_t len)
{
    unsigned bits = 0;
    for (size_t i = 0; i < len; i++)
        bits += (unsigned)__builtin_popcount(mask[i]);
    return bits;
}

static bool attached_add(struct attached *to, const unsigned char address[16], unsigned bits)
{
    if (to->count == ATTACHED_MAX)
        return false;
    memcpy(to->networks[to->count].prefix, address, 16);
    to->networks[to->count++].bits = bits;
    return true;
}

static bool interface_add(struct attached *to, const struct ifaddrs *interface)
{
    static const struct attached none;
    unsigned char address[16];
    unsigned bits = 0, offset = 0;
    const struct sockaddr *at = interface->ifa_addr, *mask = interface->ifa_netmask;
    const char *why;
    /* The table knows the others already; a node of a cluster has thousands of them. */
    if (!at || address_reach(&none, at, &why) != REACH_PUBLIC)
        return true;
    if (at->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, at, sizeof(in));
        to_mapped((const unsigned char *)&in.sin_addr, address);
        offset = 96;
        if (mask) {
            memcpy(&in, mask, sizeof(in));
            bits = mask_bits((const unsigned char *)&in.sin_addr, 4);
        }
    } else if (at->sa_family == AF_INET6) {
        struct sockaddr_in6 in;
        memcpy(&in, at, sizeof(in));
        memcpy(address, in.sin6_addr.s6_addr, 16);
        if (mask) {
            memcpy(&in, mask, sizeof(in));
            bits = mask_bits(in.sin6_addr.s6_addr, 16);
        }
    }
    return attached_add(to, address, 128) &&
           (bits < NETWORK_BITS_MIN || attached_add(to, address, offset + bits));
}

int attached_read(struct attached *ret)
{
    struct ifaddrs *all = NULL;
    *ret = (struct attached){ 0 };
    if (getifaddrs(&all) < 0)
        return -errno;
    bool fits = true;
    for (const struct ifaddrs *at = all; at && fits; at = at->ifa_next)
        fits = interface_add(ret, at);
    freeifaddrs(all);
    return fits ? 0 : -E2BIG;
}
