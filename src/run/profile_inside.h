/* SPDX-License-Identifier: Apache-2.0 */
/* profile_inside.h - what profile.c keeps, for profile_print.c. */
#pragma once

#include "run/profile.h"

struct profile_function {
    char *name, *file; /* UTF-8 without anything that steers */
    uint32_t line;
    uint32_t next; /* with the same hash; 0: none */
};

/* A call path. Node 0 is the root of all, before any thread; a parent comes before its children. */
struct profile_node {
    uint32_t parent, function;
    uint32_t next; /* with the same hash; 0: none */
    uint64_t self_us, samples;
};

#define PROFILE_BUCKETS 16384

struct profile {
    struct profile_function *functions; /* [0] is nobody's */
    struct profile_node *nodes;
    size_t function_count, node_count;
    uint32_t function_buckets[PROFILE_BUCKETS], node_buckets[PROFILE_BUCKETS];
    uint64_t seed;
    uint64_t bytes, lost, bad_lines, cells;
    char line[PROFILE_LINE_MAX + 1];
    size_t line_len;
    bool too_long; /* the rest of this line is left out */
    bool ended;    /* the interpreter came to its own end */
};
