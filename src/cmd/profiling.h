/* SPDX-License-Identifier: Apache-2.0 */
/* profiling.h - --profile FILE: the run is sampled, and what came of it is written down.
 *
 * The name says in which shape: .svg and .png (a flame graph), .txt (the most expensive functions),
 * .json (speedscope), .folded (a line per stack). Without a name everything here succeeds and does
 * nothing.
 */
#pragma once

#include <json-c/json.h>

#include <cordon/launch.h>

#include "cmd/chart.h"
#include "cmd/options.h"
#include "cmd/report.h"
#include "run/profile.h"

struct event;
struct event_base;

struct profiling {
    const struct options *options;
    const struct shape *shape; /* NULL: no profile is wanted */
    struct report file;        /* of a text */
    struct chart_file picture; /* or of a flame graph */
    struct profile *profile;
    struct event *event;
    int fd; /* of the pipe; -1: not under way */
};

#define PROFILING_NONE                                                \
    (struct profiling)                                                \
    {                                                                 \
        .fd = -1, .file = { .fd = -1 }, .picture = {.directory = -1 } \
    }

/* Before anything runs. `workspace` is the run's, or NULL (named.h). */
int profiling_open(struct profiling *profiling, const struct options *options,
                   const char *workspace, struct error *err) must_check;

/* Makes the pipe that the launch takes along. A profile begun before is forgotten. */
int profiling_begin(struct profiling *profiling, struct event_base *base, struct launch *launch,
                    struct error *err) must_check;

/* The run is over: what is still in the pipe. Before the event loop is freed. */
void profiling_end(struct profiling *profiling);

/* As `profile` into a result; where nothing was sampled, nothing. */
void profiling_add(const struct profiling *profiling, struct json_object *result);

/* The most expensive functions, for standard output after a benchmark. */
void profiling_print(const struct profiling *profiling);

/* "profile: 1.20 s, most of it in f (main.py:3), 64 %"; whether it ended early: the caller's.
 * NULL: nothing. */
char *profiling_sentence(const struct profiling *profiling);

/* The file. `label` names the script. */
int profiling_write(struct profiling *profiling, const char *label, struct error *err) must_check;
void profiling_close(struct profiling *profiling);
