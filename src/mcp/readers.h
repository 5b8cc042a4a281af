/* SPDX-License-Identifier: Apache-2.0 */
/* readers.h - where each who asks stopped reading the output of jobs.
 *
 * By who it is, not by conversation: in the modern era there are none.
 */
#pragma once

#include <stdint.h>

/* Of how many jobs that is remembered; what was longest not read is forgotten. */
#define READERS_MAX 512

struct readers;

struct position {
    uint64_t at[2]; /* bytes of standard output, of standard error */
};

struct readers *readers_new(void);
void readers_free(struct readers *readers); /* NULL is fine */

/* The beginning where it is not known. Valid until the next call. */
struct position *readers_at(struct readers *readers, const char *owner, const char *id);
