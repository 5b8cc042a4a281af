/* SPDX-License-Identifier: Apache-2.0 */
/* wish.h - what processes ask of each other: files wishes/<id>, seen by inotify.
 * Internal to src/job; store.h says what they mean.
 */
#pragma once

#include <stdbool.h>

#include <cordon/error.h>

struct wishes {
    int directory;
    int watch; /* readable when something changed; -1 where the host has no more watches */
};

/* Makes the directory beneath `front` where it is missing and begins to watch it. What fails
 * is -1 in *ret. Changes the working directory for a moment: inotify knows no descriptors. */
void wishes_open(int front, struct wishes *ret);
void wishes_close(struct wishes *wishes);

int wish_make(const struct wishes *wishes, const char *id, struct error *err) must_check;
void wish_remove(const struct wishes *wishes, const char *id);

/* All that came: `id` was wished for, or its wish was taken away (granted). Calls with NULL
 * where the kernel lost some. Without a watch every file that is there counts as new. */
void wishes_read(const struct wishes *wishes,
                 void (*changed)(void *context, const char *id, bool granted), void *context);

/* Those that are there now. */
void wishes_walk(const struct wishes *wishes,
                 void (*changed)(void *context, const char *id, bool granted), void *context);
