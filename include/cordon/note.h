/* SPDX-License-Identifier: Apache-2.0 */
/* note.h - what a supervisor tells the owner of a job, in order:
 *
 *     PHASE...  STARTED  (SAMPLE | PROGRESS)...  MEASURED  CHANGES...  SPANS  OUTCOME
 *     or only OUTCOME, with SPANS before it
 *
 * SAMPLE is of a launch that is measured (its sample_ms), or was asked for (CONTROL_USAGE);
 * MEASURED is of one that is measured, SPANS of one that is timed.
 *
 * Notes are the whole conversation. The owner answers only over the control
 * pipe (launch.h). They travel over a pipe, each as a 32-bit length in host
 * order and that many bytes of frame; the pipe's end without an OUTCOME means
 * that the supervisor died, which the reader reports as END_FAULT.
 */
#pragma once

#include <stddef.h>

#include <cordon/changes.h>
#include <cordon/launch.h>
#include <cordon/measure.h>
#include <cordon/outcome.h>
#include <cordon/span.h>

#define NOTE_BYTES_MAX (256 * 1024)

/* The phase in which nothing of a run has begun: others have all places where boxes can be. */
#define PHASE_WAITING "waiting for a free slot"

enum note_kind {
    NOTE_PHASE,
    NOTE_STARTED,
    NOTE_SAMPLE,
    NOTE_PROGRESS,
    NOTE_CHANGES,
    NOTE_OUTCOME,
    NOTE_MEASURED,
    NOTE_SPANS,
};

/* More than bytes or rows of anything, and few enough that one more thousandth still shows. */
#define PROGRESS_NUMBER_MAX 1e12

/* What a script said of how far it is; a few times a second at most. */
struct progress_note {
    double current, total; /* from 0 to PROGRESS_NUMBER_MAX; total 0: unknown */
    char message[240];     /* UTF-8, one line, maybe empty */
};

/* One layer as a result shows it: {"seccomp", "on"}, {"limits.cpu", "approximated (...)"}. */
struct layer {
    char *name;
    char *value;
};

/* What is known once the box stands; everything is owned by it. */
struct started {
    struct limits limits; /* in force */
    bool output_end;      /* reaching limits.output ends the run */
    char policy[POLICY_NAME_MAX];
    bool uv;             /* execution_strategy: "uv-run", else "system-python" */
    char *key;           /* of the environment, or NULL */
    bool cached;         /* it existed before this run */
    char *python;        /* "3.12.4", or NULL for a command */
    char **requirements; /* asked for: parameters and header, NULL-ended, or NULL */
    char **installed;    /* "name==version", NULL-ended, or NULL */
    char **hints;        /* lines for the caller: "import of a neighbour ..."; or NULL */
    struct layer *layers;
    size_t layer_count;
    uint64_t queue_ns, prepare_ns, box_ns; /* time of the phases before the payload */
};

struct note {
    enum note_kind kind;
    union {
        char phase[64];         /* "resolving", "installing", "compiling", "building the box" */
        struct started started; /* OUTCOME of a refusal carries no STARTED before it */
        struct sample sample;
        struct progress_note progress;
        struct changes changes; /* one part of the list; the parts are joined in their order */
        struct outcome outcome;
        struct measured measured;
        struct spans spans;
    };
};

void started_done(struct started *started);
void note_done(struct note *note);

/* How many entries from `from` on one note should carry: the whole list may be
 * longer than a note. 0 after the last. */
size_t note_changes_part(const struct changes *changes, size_t from);

/* Encodes with the length in front. *ret is the caller's to free. */
int note_encode(const struct note *note, void **ret, size_t *len, struct error *err) must_check;

/* Decodes one frame without its length. The caller ends *ret with note_done()
 * after success. The bytes come from the supervisor, yet are checked. */
int note_decode(const void *frame, size_t len, struct note *ret, struct error *err) must_check;
