/* SPDX-License-Identifier: Apache-2.0 */
/* kept.h - what of a live job lies in the state directory: its record, its output.
 *
 * Most jobs end within milliseconds, and nobody knows their id before. So a job is written
 * down when it has run for KEPT_AFTER_MS, has written more than a capture holds, somebody is
 * about to be told its id, or it has ended: whichever is first. What was told is never lost,
 * and a short job costs one write of each kind.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "job/output.h"
#include "job/store.h"
#include "run/capture.h"

#define KEPT_AFTER_MS 200

/* The same while it waits for its turn, which takes no more than that where all goes well. */
#define KEPT_QUEUED_MS 1000

/* Between two writes of a job's progress: more often nobody looks. */
#define KEPT_PROGRESS_MS 400

struct owed;

struct kept {
    struct store *store; /* NULL: nothing is kept, and nobody is told an id */
    struct owed *owed;   /* takes ends that cannot be written now */
    struct outputs *outputs;
    struct output_writer *writer;
    bool begun;       /* its record is in the store */
    bool told;        /* that something could not be kept */
    bool behind;      /* the store does not know its last progress */
    uint64_t next_ns; /* not before this its progress is written again */
};

/* Writes down what there is, unless that was done. `output` is all there has been. */
int kept_begin(struct kept *kept, const struct record *record, const struct capture output[2],
               struct error *err) must_check;

/* The same, and a failure goes to the log: the run goes on, and so does the server. */
void kept_try(struct kept *kept, const struct record *record, const struct capture output[2]);

/* The rest does nothing before kept_begin(). Failures go to the log, the first of each job. */
void kept_started(struct kept *kept, const struct record *record);

/* Not more often than a few times a second. True: it was too early, call again in
 * KEPT_PROGRESS_MS. */
bool kept_progress(struct kept *kept, const struct record *record);

void kept_output(struct kept *kept, const struct record *record, int stream, const void *bytes,
                 size_t len);

/* Is all of its output readable by its id? */
bool kept_whole(const struct kept *kept);

/* So little output is shown whole, whatever it is: it need not be kept before it is shown. */
#define KEPT_SHOWN_BYTES ((size_t)4 * 1024)

/* The record has its end; where it was never begun it is written all at once, `output` is
 * all there was then. What cannot be written is taken, to be tried again, and *record is
 * empty. Afterwards *kept is done. */
void kept_end(struct kept *kept, struct record *record, const struct capture output[2]);
void kept_done(struct kept *kept);
