/* SPDX-License-Identifier: Apache-2.0 */
/* ids.c - which ids root may give away here. */
#include "ids.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "fd.h"

#define MAP_BYTES_MAX 65536

/* Above what a range usually ends with (nobody, 65534) nothing is taken. */
#define TAIL 16

uint32_t ids_first_in(const char *map, uint32_t preferred, uint32_t count)
{
    uint64_t best = 0, best_length = 0;
    for (const char *line = map; line && *line; line = strchr(line, '\n')) {
        unsigned long long inside, outside, length;
        line += *line == '\n';
        if (sscanf(line, "%llu %llu %llu", &inside, &outside, &length) != 3)
            break;
        if (inside < preferred && inside + length >= (uint64_t)preferred + count)
            return preferred;
        if (length > best_length) {
            best = inside;
            best_length = length;
        }
    }
    /* The first half stays for the accounts of the container itself. */
    return best_length >= 2 * ((uint64_t)count + TAIL)
               ? (uint32_t)(best + best_length - TAIL - count)
               : 0;
}

uint32_t ids_first(uint32_t preferred, uint32_t count)
{
    autofree char *users = NULL, *groups = NULL;
    struct error ignored;
    if (file_read(AT_FDCWD, "/proc/self/uid_map", MAP_BYTES_MAX, &users, NULL, &ignored) < 0 ||
        file_read(AT_FDCWD, "/proc/self/gid_map", MAP_BYTES_MAX, &groups, NULL, &ignored) < 0)
        return preferred;
    uint32_t first = ids_first_in(users, preferred, count);
    return first && ids_first_in(groups, first, count) == first ? first : 0;
}
