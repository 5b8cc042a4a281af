/* SPDX-License-Identifier: Apache-2.0 */
/* picture.h - a document becomes a picture: cordon-chart runs in a box under policy `strict`.
 *
 * All calls come from the event loop.
 */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#include <cordon/error.h>

struct event_base;
struct picture_run;

struct picture_order {
    const char *owner;  /* principal */
    const char *format; /* "svg" or "png" */
    bool flame;         /* the document is a profile */
    unsigned scale;     /* of a PNG's pixels */
    const char *tool;   /* on whose behalf, for the audit log */
    const char *text;   /* the document (src/chart/README.md) */
    size_t len;
    size_t most; /* bytes of a picture; a larger one is a failure */
};

/* Called once, from the loop: the picture, or NULL and why there is none. Borrowed. */
typedef void picture_done(void *context, const void *picture, size_t len, const struct error *err);

/* `channel` as run_submit() takes it. */
int picture_draw(struct event_base *base, int channel, const struct picture_order *order,
                 picture_done *done, void *context, struct picture_run **ret,
                 struct error *err) must_check;

/* The document of a result: itself, named after the first line of `title` unless that is NULL. The
 * caller's. */
struct json_object *picture_document(struct json_object *result, const char *title);

/* Ends it; `done` says when that is so. */
void picture_cancel(struct picture_run *run);
