/* SPDX-License-Identifier: Apache-2.0 */
/* keeper_inside.h - what the two kinds of keeper share: one box that waits for its order, and an
 * interpreter that forks one box after the other. For keeper*.c alone.
 */
#pragma once

#include "branching.h"
#include "job_inside.h"
#include "keeper.h"
#include "standing.h"

/* A file of the host as it was when the box was made: what is there now must be the same. */
struct seen_file {
    dev_t device;
    ino_t inode;
};

struct keeper {
    const struct sandbox *sandbox;
    int orders;
    struct job stand; /* the template's */
    struct job job;   /* the order's */
    struct launch launch;
    struct seen_file workspace_file;
    struct str seen; /* struct seen_file[]: of everything else that the box has of the host */
    char *guarded;   /* what is protected in the workspace, as chain_print() has it */
    struct standing standing;
    struct waiting waiting;
    struct supervision run;
    struct box box;
    struct limits limits; /* what its supervision looks at: those of whoever is in it */
    struct workspace_watch workspace;
    pid_t payload;
    bool ordered;       /* a launch has come */
    bool moved;         /* and has the box */
    struct error error; /* of the order, before that */
    char *why;          /* it has not: the reason */
    bool stays;         /* its interpreter forks, and it takes order after order */
    char *lesser;       /* it should and cannot: the reason, or NULL */
};

/* To the gate. */
void keeper_say(const struct keeper *keeper, enum keeper_word word, const void *bytes, size_t len);
void keeper_say_ready(void *context);

/* What the host has of what the box sees; then: NULL, or what of the order's box is another than
 * of the one that stands. */
void keeper_look_at_files(struct keeper *keeper);
const char *keeper_difference(const struct keeper *keeper);

/* 1: a launch has come; 0: none will. */
int keeper_receive(struct keeper *keeper);

/* True: an order has come, or there will be none; false: the box is gone, or its slot is wanted.
 * `also`: another process that it needs; or -1. */
bool keeper_await(const struct keeper *keeper, int also);

/* Modules to load ahead. */
void keeper_choose_preload(struct job *job);

/* Something has come from its gate: an order, with everything that is decided of it, or the end. */
enum ordered keeper_take_order(struct keeper *keeper);

/* keeper_command.c: a template that is ready, of a command. Returns when its box has been used, or
 * will not be; an error: no order has come, and none can be taken any more. */
int keeper_command(struct keeper *keeper, struct outcome *outcome, struct error *err) must_check;

/* keeper_branch.c: a template that is ready, whose policy says fork. Returns with the keeper's end,
 * or, before it has told that it is ready, with the reason why it cannot: then nothing stands. */
int keeper_branch(struct keeper *keeper, struct error *err) must_check;
