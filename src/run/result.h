/* SPDX-License-Identifier: Apache-2.0 */
/* result.h - the result object of the contract's section 3: one shape for
 * `--json`, `--report` and every run tool.
 */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include <cordon/note.h>

#include "run/benchmark.h"
#include "run/capture.h"
#include "run/raise.h"

/* A reply holds the object twice: as itself and as the text of a content block. */
#define REPLY_BYTES_MAX ((size_t)128 * 1024)

/* Around the two copies of an object: id, content block, member names. */
#define REPLY_ENVELOPE_BYTES ((size_t)4 * 1024)

/* Of it, what a change list may take: a hundred files, and room for the output is left. */
#define REPLY_CHANGES_ROOM ((size_t)24 * 1024)

/* And readings of a benchmark: SAMPLES_MAX of one process. */
#define REPLY_SAMPLES_ROOM ((size_t)48 * 1024)

/* Everything is borrowed for the call. */
struct result_input {
    const char *job;
    const struct started *started; /* NULL where no box stood */
    const struct outcome *outcome;
    const struct capture *output[2]; /* stdout, stderr */
    uint64_t dropped[2];             /* bytes over limits.output */
    const struct changes *changes;   /* or NULL where nothing is known */
    size_t changes_room;             /* what they may cost (capture_cost); SIZE_MAX: all of them */
    const struct benchmark *benchmark; /* or NULL */
    const struct benchmark_last *last; /* of its runs; where there is a benchmark */
    uint64_t elapsed_ns;               /* since the request arrived */
    const char *policy;                /* what was asked for, where `started` cannot say it */
    bool use_uv;                       /* the same */
    enum asker asker;
    const char *rest; /* address of the whole output, or NULL where it is not kept */
};

/* The object, the caller's (json_object_put). */
struct json_object *result_build(const struct result_input *input);

/* What an object costs in a reply that holds it twice (capture_cost). */
size_t result_cost(struct json_object *object);

/* "completed" "failed" "cancelled": a job record's values. */
const char *result_status(const struct outcome *outcome);

/* {"wall_seconds": 300, ...}, null where there is no limit; the caller's. */
struct json_object *limits_json(const struct limits *limits);

/* "wall limit of 3 s reached", "cancelled", the outcome's own error, ...; NULL
 * where the script ended by itself. The caller's. */
char *result_sentence(const struct outcome *outcome, const struct limits *limits);

/* The one form in which it is written. Borrowed from the object. */
const char *result_text(struct json_object *object, size_t *len);
