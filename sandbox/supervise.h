/* SPDX-License-Identifier: Apache-2.0 */
/* supervise.h - one box, from its first report to its outcome. */
#pragma once

#include <cordon/note.h>

#include "box.h"
#include "measure.h"
#include "str.h"
#include "terminal.h"
#include "workspace.h"

/* Output that the supervisor itself collects (errands); a job's goes to its owner. */
struct drain {
    int fd; /* read end, or -1 */
    size_t max;
    struct str *into;
};

/* Of a box whose payload waits for what it is to do (standing.h). */
enum ordered {
    ORDERED_NOTHING, /* yet */
    ORDERED_RUN,     /* everything in the supervision is that run's now: off it goes */
    ORDERED_END,     /* the box is not needed any more */
};

struct waiting {
    struct standing *standing;
    int orders; /* where an order comes from; -1 once one has come */
    bool lost;  /* the payload is of no use */
    bool died;  /* because it ended before anybody had asked for that */
    bool taken; /* the payload has its order: without that, nothing of it has run */
    /* The payload waits. */
    void (*ready)(void *context);
    /* Something has come from `orders`. */
    enum ordered (*ordered)(void *context);
    /* Now and then: false: it is to make room. */
    bool (*stays)(void *context);
    /* Sends the order; false: the box is of no use. */
    bool (*send)(void *context);
    void *context;
};

struct supervision {
    struct box *box;
    const struct cgroup *cgroup;
    const struct limits *limits;
    const struct filter *filter;  /* the plain one, for counting denied calls; or NULL */
    const struct notify_ear *ear; /* hears of each of them; or NULL */
    uint64_t grace_ms;
    int control; /* the owner's control pipe (enum control), or -1 */
    int feed;    /* write end of the payload's input, or -1 */
    const void *input;
    size_t input_len;
    struct drain drains[2];
    struct terminal *terminal;         /* the payload has one of its own; or NULL */
    struct workspace_watch *workspace; /* or NULL */
    /* Looks at what else the box may write: true once a limit is reached; *next is brought
     * forward to when to look again. Or NULL. */
    bool (*written)(void *context, pid_t init, uint64_t now, uint64_t *next);
    const char *scratch; /* one of its scratch directories, or NULL */
    /* Called once, when the payload is about to run. */
    void (*started)(void *context);
    struct measure *measure; /* somebody wants to see what the box uses; or NULL */
    /* The same, when the owner asks for it; or NULL. */
    void (*glanced)(void *context, const struct sample *sample);
    /* Called a few times a second at most, with what it says of how far it is; or NULL. */
    void (*progressed)(void *context, const struct progress_note *progress);
    void *context;
    uint64_t started_ns; /* its own: the payload's execve, CLOCK_MONOTONIC; 0: not before the end */
    struct waiting *waiting; /* or NULL */
};

/* Returns when the box is empty; everything it had to say is in *ret. */
void supervise(struct supervision *run, struct outcome *ret);
