/* SPDX-License-Identifier: Apache-2.0 */
/* life.h - the life of a run, as a table. */
#pragma once

enum life { LIFE_RUNNING, LIFE_ASKED, LIFE_KILLED, LIFE_OVER, LIFE_COUNT };

enum life_event {
    EVENT_EXIT,   /* the payload has ended and the box is empty */
    EVENT_LIMIT,  /* a limit is reached */
    EVENT_CANCEL, /* the owner closed the control pipe */
    EVENT_GRACE,  /* the time given after TERM is over */
    EVENT_COUNT,
};

enum life_act { ACT_NOTHING, ACT_TERM, ACT_KILL, ACT_REAP };

struct life_move {
    enum life next;
    enum life_act act;
};

/* Never moves backwards; every state has an answer to every event. */
struct life_move life_step(enum life now, enum life_event event);
