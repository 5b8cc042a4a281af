/* SPDX-License-Identifier: Apache-2.0 */
/* turns.h - who may begin to run now, and in which order the others will.
 *
 * Whoever runs has a place; what costs processors is the beginning. So there are many places, of
 * which a quarter is kept for calls, and few may begin at the same time, unless the host has
 * processors to spare (spare.h). Each principal has a line of its own. Calls go before jobs in the
 * background, which are never passed over for good; among their like, who has the fewest places
 * goes first, and those who have as many take turns.
 *
 * A zeroed `struct turn` has asked for nothing, and may be left at any time.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct event;
struct event_base;
struct spare;

/* Who has a place begins for so long; a bare interpreter has started by then. */
#define TURN_BEGINS_MS 100

/* After so many calls a job in the background goes first. */
#define TURN_CALLS_IN_A_ROW 8

/* While the processors are busy, background jobs beyond those that may begin at once begin so much
 * after one another. */
#define TURN_PATIENCE_MS 250

enum turn_rank {
    TURN_CALL,       /* somebody waits for it */
    TURN_BACKGROUND, /* nobody does */
    TURN_RANKS,
};

struct turn {
    void (*go)(struct turn *turn); /* its turn has come; not from inside its turn_ask() */
    struct line *line;             /* whose it is */
    enum turn_rank rank;
    bool waits, taken, begins;
    uint64_t begun_ns;
    TAILQ_ENTRY(turn) among; /* while it waits: in its line; while it begins: those that do */
};

TAILQ_HEAD(turn_list, turn);

/* Of one principal; it outlives its turns. */
struct line {
    unsigned most, taken; /* of its turns at once */
    unsigned waiting;
    struct turn_list list[TURN_RANKS];
    TAILQ_ENTRY(line) among[TURN_RANKS]; /* the lines in which somebody waits */
};

void line_init(struct line *line, unsigned most);

struct turns_parts {
    struct event_base *base;
    unsigned places;
    unsigned begins;           /* at the same time, however busy the host is */
    const struct spare *spare; /* NULL: what the host has is not known */
    uint64_t (*now)(void);     /* NULL: now_ns(), as it is but for a test */
};

TAILQ_HEAD(line_ring, line);

struct turns {
    struct turns_parts parts;
    unsigned taken, background; /* places; of these */
    unsigned beginning;
    struct turn_list begun; /* the oldest first */
    struct line_ring lines[TURN_RANKS];
    unsigned calls_in_a_row;
    uint64_t background_ns; /* when the last of them began */
    uint64_t looked_ns;     /* at the host, and since then so many more may begin ... */
    unsigned processors;    /* ... on those that nobody used */
    unsigned runs;          /* ... in the memory that was free */
    struct event *look;
    unsigned look_ms; /* until the next one */
    bool going;
};

void turns_init(struct turns *turns, const struct turns_parts *parts);
void turns_done(struct turns *turns); /* a zeroed one is fine */

/* `turn` has its line and rank. True: go ahead now. False: it waits, and `go` will be called. */
bool turn_ask(struct turns *turns, struct turn *turn);

/* It keeps its place and needs no processor for a while. */
void turn_begun(struct turns *turns, struct turn *turn);

/* How many will about have begun when it does, itself with them, if nobody else comes; 0: it does
 * not wait. */
unsigned turn_position(const struct turns *turns, const struct turn *turn);

/* Gives the place back, or stops waiting for one; then the next ones go. */
void turn_leave(struct turns *turns, struct turn *turn);
