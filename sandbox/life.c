/* SPDX-License-Identifier: Apache-2.0 */
/* life.c - the table of a run's life. */
#include "life.h"

static const struct life_move moves[LIFE_COUNT][EVENT_COUNT] = {
    [LIFE_RUNNING] = {
        [EVENT_EXIT]   = { LIFE_OVER,    ACT_REAP },
        [EVENT_LIMIT]  = { LIFE_KILLED,  ACT_KILL },
        [EVENT_CANCEL] = { LIFE_ASKED,   ACT_TERM },
        [EVENT_GRACE]  = { LIFE_RUNNING, ACT_NOTHING },
    },
    [LIFE_ASKED] = {
        [EVENT_EXIT]   = { LIFE_OVER,    ACT_REAP },
        [EVENT_LIMIT]  = { LIFE_KILLED,  ACT_KILL },
        [EVENT_CANCEL] = { LIFE_ASKED,   ACT_NOTHING },
        [EVENT_GRACE]  = { LIFE_KILLED,  ACT_KILL },
    },
    [LIFE_KILLED] = {
        [EVENT_EXIT]   = { LIFE_OVER,    ACT_REAP },
        [EVENT_LIMIT]  = { LIFE_KILLED,  ACT_NOTHING },
        [EVENT_CANCEL] = { LIFE_KILLED,  ACT_NOTHING },
        [EVENT_GRACE]  = { LIFE_KILLED,  ACT_NOTHING },
    },
    [LIFE_OVER] = {
        [EVENT_EXIT]   = { LIFE_OVER,    ACT_NOTHING },
        [EVENT_LIMIT]  = { LIFE_OVER,    ACT_NOTHING },
        [EVENT_CANCEL] = { LIFE_OVER,    ACT_NOTHING },
        [EVENT_GRACE]  = { LIFE_OVER,    ACT_NOTHING },
    },
};

struct life_move life_step(enum life now, enum life_event event)
{
    return moves[now][event];
}
