/* SPDX-License-Identifier: Apache-2.0 */
/* picture.h - the picture of a benchmark's result, as a content block.
 *
 * It waits for a turn like any run, but not long: without it the result is complete all the same.
 */
#pragma once

#include <json-c/json.h>

#include <cordon/error.h>

struct picture;
struct services;

/* Called once, from the loop: the block (taken), or NULL and why there is none. */
typedef void picture_ready(void *context, struct json_object *block, const struct error *err);

/* All borrowed. */
struct picture_wish {
    struct json_object *result; /* of the benchmark */
    const char *title;          /* or NULL */
    size_t beside;              /* bytes of the reply that are something else */
};
int picture_begin(const struct services *services, const struct picture_wish *wish,
                  picture_ready *ready, void *context, struct picture **ret,
                  struct error *err) must_check;

/* It is not wanted any more; `ready` says when it is gone, maybe from inside this call. */
void picture_stop(struct picture *picture);
