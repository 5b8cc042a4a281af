/* SPDX-License-Identifier: Apache-2.0 */
/* recording.h - a run of the command line as a job: `--job`.
 *
 * We are its keeper: others see it, read its output, and may ask for its end. The store is
 * shared with a front, so root touches it with its owner's ids (front.h).
 */
#pragma once

#include <json-c/json.h>

#include <cordon/note.h>

#include "cmd/options.h"
#include "job/store.h"

struct event_base;
struct recording;

struct recording_of {
    const char *job, *tool, *label, *policy;
    struct event_base *base;
    void (*wished)(void *context); /* somebody wants it to end */
    void *context;
};

/* What a job of -c is called: the beginning of its code. The caller's. */
char *recording_label_of_code(const char *code);

/* Nothing has run yet: a store that cannot be used is a failure. */
int recording_begin(const struct options *options, const struct recording_of *of,
                    struct recording **ret, struct error *err) must_check;

/* NULL is fine in all of these. What cannot be kept is said once, and the run goes on. */
void recording_note(struct recording *recording, const struct note *note);
void recording_output(struct recording *recording, int stream, const void *bytes, size_t len);

/* Writes its end and closes everything. `result` is borrowed, `sentence` may be NULL. */
void recording_end(struct recording *recording, const char *status, const char *sentence,
                   struct json_object *result);
