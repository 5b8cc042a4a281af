/* SPDX-License-Identifier: Apache-2.0 */
/* picture.h - the picture of a benchmark's result, as a content block beside its text.
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

/* `title` may be NULL. The picture has the room that the result (borrowed) leaves in a reply. */
int picture_begin(const struct services *services, struct json_object *result, const char *title,
                  picture_ready *ready, void *context, struct picture **ret,
                  struct error *err) must_check;

/* It is not wanted any more; `ready` says when it is gone, maybe from inside this call. */
void picture_stop(struct picture *picture);
