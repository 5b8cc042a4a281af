/* SPDX-License-Identifier: Apache-2.0 */
/* profile.h - where a script's time went, from what its interpreter wrote (profile_program.h).
 *
 * All of it is a stranger's: the sampler runs in the script's own process, and what comes over
 * the pipe may be anything. Lines that make no sense are counted and left out; names are cut,
 * what steers a terminal is replaced, and neither functions nor stacks can be more than fit.
 */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "str.h"

#define PROFILE_FUNCTIONS_MAX 20000
#define PROFILE_NODES_MAX     20000
#define PROFILE_DEPTH_MAX     256
/* Of the frames of all stacks together: they are written out one by one. */
#define PROFILE_CELLS_MAX 400000
#define PROFILE_LINE_MAX  4096
/* After so much nothing more is taken in; more than an hour of a script writes. */
#define PROFILE_BYTES_MAX ((uint64_t)256 * 1024 * 1024)

struct profile;

struct profile *profile_new(void);
void profile_free(struct profile *profile); /* NULL is fine */

/* The next bytes of the pipe; a line may end in a later call. */
void profile_take(struct profile *profile, const void *bytes, size_t len);

/* Nothing was sampled. */
bool profile_empty(const struct profile *profile);

/* It goes to the interpreter's own end: nobody killed or replaced it, or closed the pipe. */
bool profile_ended(const struct profile *profile);

/* One function, with everything that was called from it in `total`. */
struct profile_row {
    const char *name, *file; /* UTF-8, nothing that steers a terminal; borrowed */
    uint32_t line;           /* 0: it has none, as a built-in */
    uint64_t self_us, total_us;
};

/* The functions by their own time, most first; *ret is the caller's (free). */
size_t profile_rows(const struct profile *profile, struct profile_row **ret);

/* "busy (main.py:12)", "encode (json/encoder.py:183)", "sleep (built-in)" */
void profile_row_print(const struct profile_row *row, struct str *out);

struct profile_sum {
    uint64_t seconds_us; /* of all threads together */
    uint64_t samples, lost;
    unsigned threads;
};
struct profile_sum profile_sum(const struct profile *profile);

/* The shapes of a profile. Text is for people: the most expensive functions, `rows` of them. */
void profile_print_text(const struct profile *profile, size_t rows, struct str *out);
/* "thread;function (file:line);... MICROSECONDS", a line per stack: what flame graph tools read. */
void profile_print_folded(const struct profile *profile, struct str *out);

/* {"seconds", "samples", "lost", "threads", "functions": [{"name", "file", "line",
 * "self_seconds", "total_seconds", "share"}]}, `rows` of them; the caller's. */
struct json_object *profile_json(const struct profile *profile, size_t rows);
/* The file format of speedscope; the caller's. */
struct json_object *profile_speedscope(const struct profile *profile, const char *name);
/* What cordon-chart --flame draws (src/chart/README.md); the caller's. */
struct json_object *profile_flame(const struct profile *profile, const char *label);
