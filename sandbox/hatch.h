/* SPDX-License-Identifier: Apache-2.0 */
/* hatch.h - a gate's second socket: command lines of the same user hand in their runs.
 *
 * The wire is in <cordon/hatch.h>. Who is let in could do all of it without us: a process of our
 * own user that is in no box and has given up nothing (admits()). Its launches are admitted like
 * a front's. A front cannot come here: its cage has no call that connects.
 */
#pragma once

#include <poll.h>
#include <stdbool.h>

#include "sandbox.h"

/* Callers that have knocked and not handed in anything yet; more push out the oldest. */
#define HATCH_CALLERS 8
#define HATCH_POLLS   (1 + HATCH_CALLERS)

struct hatch_caller {
    int fd; /* -1: none */
    bool welcome;
};

/* A launch came; takes the descriptors. What is taken is said with hatch_taken(); the connection
 * is closed after it either way. */
typedef void hatch_launch(void *context, int caller, size_t len, int *fds, size_t count);

struct hatch {
    const struct sandbox *sandbox;
    int listener; /* -1: there is none, and the gate serves its front alone */
    char name[24];
    struct hatch_caller callers[HATCH_CALLERS]; /* the oldest first */
    unsigned char *frame;                       /* LAUNCH_FRAME_MAX, the gate's own */
    bool (*has_room)(void *context);
    hatch_launch *launched;
    void *context;
};

/* What this process may do, to compare its callers with; to be called as it was started. The
 * caller's. */
char *hatch_rights(void);

/* Listens in STATE/gate. Where that cannot be it is logged, and nobody comes. */
void hatch_open(struct hatch *hatch);
void hatch_close(struct hatch *hatch);

/* In a fork of the gate: else somebody could knock whom nobody hears when the gate has gone. */
void hatch_leave(struct hatch *hatch);

/* What to wait for; the number of entries. hatch_serve() gets the same entries back. */
size_t hatch_watch(const struct hatch *hatch, struct pollfd polls[HATCH_POLLS]);
void hatch_serve(struct hatch *hatch, const struct pollfd *polls, size_t count);

/* Tells a caller that from here on its run is ours; false: it has gone, and must not run. */
bool hatch_taken(int caller);
