/* SPDX-License-Identifier: Apache-2.0 */
/* turns.c - places, lines, and who goes next. */
#include "mcp/turns.h"

#include <event2/event.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "mcp/spare.h"

/* Of the places, so many are for calls alone. */
#define KEPT_FOR_CALLS 4

/* The host is looked at again after so long, and less and less often while that changes nothing. */
#define LOOK_MS      5
#define LOOK_MOST_MS 80

/* --- who waits --------------------------------------------------------------------------- */

void line_init(struct line *line, unsigned most)
{
    *line = (struct line){ .most = most ? most : 1 };
    for (int rank = 0; rank < TURN_RANKS; rank++)
        TAILQ_INIT(&line->list[rank]);
}

static void stand(struct turns *turns, struct turn *turn)
{
    struct line *line = turn->line;
    if (TAILQ_EMPTY(&line->list[turn->rank]))
        TAILQ_INSERT_TAIL(&turns->lines[turn->rank], line, among[turn->rank]);
    TAILQ_INSERT_TAIL(&line->list[turn->rank], turn, among);
    line->waiting++;
    turn->waits = true;
}

static void stand_no_more(struct turns *turns, struct turn *turn)
{
    struct line *line = turn->line;
    TAILQ_REMOVE(&line->list[turn->rank], turn, among);
    if (TAILQ_EMPTY(&line->list[turn->rank]))
        TAILQ_REMOVE(&turns->lines[turn->rank], line, among[turn->rank]);
    line->waiting--;
    turn->waits = false;
}

/* The others have theirs before it is this line's turn again. */
static void to_the_end(struct turns *turns, struct line *line, enum turn_rank rank)
{
    if (TAILQ_EMPTY(&line->list[rank]))
        return;
    TAILQ_REMOVE(&turns->lines[rank], line, among[rank]);
    TAILQ_INSERT_TAIL(&turns->lines[rank], line, among[rank]);
}

static bool anybody_waits(const struct turns *turns)
{
    for (int rank = 0; rank < TURN_RANKS; rank++)
        if (!TAILQ_EMPTY(&turns->lines[rank]))
            return true;
    return false;
}

/* --- what there is for them ---------------------------------------------------------------- */

static void look(struct turns *turns, uint64_t now)
{
    const struct spare *spare = turns->parts.spare;
    if (!spare || turns->taken == 0 || now - turns->looked_ns < LOOK_MS * NS_PER_MS)
        return;
    unsigned runs = spare_runs(spare); /* those that begin have not taken theirs yet */
    turns->looked_ns = now;
    turns->processors = spare_processors(spare);
    turns->runs = runs > turns->beginning ? runs - turns->beginning : 0;
}

static void let_begun(struct turns *turns, uint64_t now)
{
    struct turn *oldest;
    while ((oldest = TAILQ_FIRST(&turns->begun)) &&
           now - oldest->begun_ns >= TURN_BEGINS_MS * NS_PER_MS)
        turn_begun(turns, oldest);
}

static unsigned background_places(const struct turns *turns)
{
    return turns->parts.places - turns->parts.places / KEPT_FOR_CALLS;
}

static bool has_place(const struct turns *turns, enum turn_rank rank)
{
    return turns->taken < turns->parts.places &&
           (rank == TURN_CALL || turns->background < background_places(turns));
}

static bool has_processor(const struct turns *turns, enum turn_rank rank, uint64_t now)
{
    if (turns->processors > 0)
        return true;
    if (turns->beginning >= turns->parts.begins)
        return false;
    return rank == TURN_CALL || turns->background < turns->parts.begins ||
           now - turns->background_ns >= TURN_PATIENCE_MS * NS_PER_MS;
}

/* Who runs alone always may: it is not us then who need the memory. */
static bool may_begin(const struct turns *turns, enum turn_rank rank, uint64_t now)
{
    return has_place(turns, rank) && has_processor(turns, rank, now) &&
           (turns->runs > 0 || turns->taken == 0);
}

/* --- who goes next ----------------------------------------------------------------------- */

static struct turn *first_of(const struct turns *turns, enum turn_rank rank)
{
    struct line *best = NULL;
    for (struct line *line = TAILQ_FIRST(&turns->lines[rank]); line;
         line = TAILQ_NEXT(line, among[rank]))
        if (line->taken < line->most && (!best || line->taken < best->taken))
            best = line;
    return best ? TAILQ_FIRST(&best->list[rank]) : NULL;
}

static struct turn *next(struct turns *turns)
{
    uint64_t now = turns->parts.now();
    let_begun(turns, now);
    look(turns, now);
    struct turn *call = first_of(turns, TURN_CALL), *job = first_of(turns, TURN_BACKGROUND);
    if (job && (!call || turns->calls_in_a_row >= TURN_CALLS_IN_A_ROW) &&
        may_begin(turns, TURN_BACKGROUND, now))
        return job;
    return call && may_begin(turns, TURN_CALL, now) ? call : NULL;
}

static void take(struct turns *turns, struct turn *turn)
{
    struct line *line = turn->line;
    bool background = turn->rank == TURN_BACKGROUND;
    stand_no_more(turns, turn);
    to_the_end(turns, line, turn->rank);
    turn->taken = turn->begins = true;
    turn->begun_ns = turns->parts.now();
    TAILQ_INSERT_TAIL(&turns->begun, turn, among);
    turns->processors -= turns->processors > 0;
    turns->runs -= turns->runs > 0;
    turns->beginning++;
    turns->taken++;
    line->taken++;
    turns->background += background;
    turns->calls_in_a_row = background ? 0 : turns->calls_in_a_row + 1;
    if (background)
        turns->background_ns = turn->begun_ns;
}

/* Where a place is what is missing, somebody gives one back; the host's state nobody tells us. */
static void look_later(struct turns *turns)
{
    struct event *event = turns->look;
    bool could = false;
    for (int rank = 0; rank < TURN_RANKS; rank++)
        could = could ||
                (has_place(turns, (enum turn_rank)rank) && first_of(turns, (enum turn_rank)rank));
    if (!could || evtimer_pending(event, NULL))
        return;
    const struct timeval wait = { .tv_usec = (suseconds_t)turns->look_ms * 1000 };
    if (evtimer_add(event, &wait) < 0)
        abort(); /* out of memory */
}

static void go(struct turns *turns)
{
    struct turn *turn;
    if (turns->going) /* who went has left already: the loop below goes on */
        return;
    turns->going = true;
    while (anybody_waits(turns) && (turn = next(turns))) {
        turns->look_ms = LOOK_MS;
        take(turns, turn);
        turn->go(turn);
    }
    turns->going = false;
    look_later(turns);
}

static void on_look(evutil_socket_t fd, short what, void *context)
{
    struct turns *turns = context;
    (void)fd;
    (void)what;
    if (turns->look_ms < LOOK_MOST_MS)
        turns->look_ms *= 2;
    go(turns);
}

/* --- from outside ------------------------------------------------------------------------ */

void turns_init(struct turns *turns, const struct turns_parts *parts)
{
    *turns = (struct turns){ .parts = *parts, .runs = UINT_MAX, .look_ms = LOOK_MS };
    if (turns->parts.places == 0)
        turns->parts.places = 1;
    if (turns->parts.begins == 0)
        turns->parts.begins = 1;
    if (!turns->parts.now)
        turns->parts.now = now_ns;
    TAILQ_INIT(&turns->begun);
    for (int rank = 0; rank < TURN_RANKS; rank++)
        TAILQ_INIT(&turns->lines[rank]);
    turns->look = evtimer_new(parts->base, on_look, turns);
    if (!turns->look)
        abort(); /* out of memory */
}

void turns_done(struct turns *turns)
{
    if (turns->look)
        event_free(turns->look);
    turns->look = NULL;
}

bool turn_ask(struct turns *turns, struct turn *turn)
{
    stand(turns, turn);
    if (!turns->going && next(turns) == turn) {
        take(turns, turn);
        return true;
    }
    look_later(turns);
    return false;
}

void turn_begun(struct turns *turns, struct turn *turn)
{
    if (!turn->begins)
        return;
    turn->begins = false;
    TAILQ_REMOVE(&turns->begun, turn, among);
    turns->beginning--;
}

/* Those before it in its line; of each other line as many as will have had a turn; and all calls,
 * before what is in the background. */
unsigned turn_position(const struct turns *turns, const struct turn *turn)
{
    const enum turn_rank rank = turn->rank;
    unsigned before = 0, position = 1;
    const struct line *line;
    const struct turn *at;
    bool later = false;
    if (!turn->waits)
        return 0;
    for (at = TAILQ_FIRST(&turn->line->list[rank]); at != turn; at = TAILQ_NEXT(at, among))
        before++;
    for (line = TAILQ_FIRST(&turns->lines[rank]); line; line = TAILQ_NEXT(line, among[rank])) {
        bool own = line == turn->line;
        unsigned rounds = own ? before : before + !later;
        later = later || own;
        for (at = TAILQ_FIRST(&line->list[rank]); at && rounds > 0; at = TAILQ_NEXT(at, among)) {
            position++;
            rounds--;
        }
    }
    line = rank == TURN_BACKGROUND ? TAILQ_FIRST(&turns->lines[TURN_CALL]) : NULL;
    for (; line; line = TAILQ_NEXT(line, among[TURN_CALL]))
        for (at = TAILQ_FIRST(&line->list[TURN_CALL]); at; at = TAILQ_NEXT(at, among))
            position++;
    return position;
}

void turn_leave(struct turns *turns, struct turn *turn)
{
    if (turn->waits)
        stand_no_more(turns, turn);
    turn_begun(turns, turn);
    if (turn->taken) {
        turn->taken = false;
        turns->taken--;
        turn->line->taken--;
        turns->background -= turn->rank == TURN_BACKGROUND;
    }
    if (anybody_waits(turns))
        go(turns);
}
