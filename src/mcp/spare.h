/* SPDX-License-Identifier: Apache-2.0 */
/* spare.h - what the host has to spare at the moment: processors, memory.
 *
 * Read from files of /proc that are opened once, before a process forgoes to open any. What cannot
 * be read is not in the way: then as many are taken for busy, and as much for free, as can be.
 */
#pragma once

#include <stdint.h>

/* What a run that begins is taken to need until it shows what it does. */
#define SPARE_RUN_BYTES (64ULL << 20)

/* So much stays free, but no more than a part of what there is. */
#define SPARE_FREE_BYTES (256ULL << 20)
#define SPARE_FREE_PART  16

struct spare {
    int load, memory;    /* /proc/loadavg, /proc/meminfo; -1: not there */
    unsigned processors; /* that we may use; at least 1 */
};

/* Those that a mask and a quota of control groups leave to this process; at least 1. */
unsigned spare_count_processors(void);

void spare_open(struct spare *ret);
void spare_close(struct spare *spare); /* a zeroed one with -1s is fine, and so is twice */

/* How many processors nobody uses, ourselves aside. */
unsigned spare_processors(const struct spare *spare);

/* For how many runs that begin there is memory. */
unsigned spare_runs(const struct spare *spare);
