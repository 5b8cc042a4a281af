/* SPDX-License-Identifier: Apache-2.0 */
/* keeper.h - a supervisor ahead of its order: its box stands, and its interpreter waits.
 *
 * It is a fork of the gate that has taken the straight line of job.h for a template, a launch
 * without an owner's pipes, as far as that goes. Then a real launch comes, with its descriptors,
 * and the whole line is taken again for that: admitted, written down, prepared, decided anew; of
 * the template nothing is believed. Where everything that shapes a box has come out the same, the
 * launch moves into the box that stands; else it gets a fresh one, and is told why. Either way the
 * box is used once.
 *
 * Between gate and keeper is a seqpacket socket: launch frames down, as a front sends them, and
 * words up. Its end means that nothing will come.
 */
#pragma once

#include <cordon/launch.h>

#include "sandbox.h"

enum keeper_word {
    KEEPER_READY = 'r', /* then: what keeper_ready() says */
    KEEPER_GONE = 'g',  /* its box is gone, and why; it takes a launch all the same */
};

#define KEEPER_WORD_MAX ((size_t)32 * 1024)

/* READY as bytes after the word, and back. */
struct keeper_ready {
    char *own; /* modules of the interpreter's own, with a space between them */
    uint64_t memory_bytes;
    bool stays; /* it takes one launch after the other, and is ready again after each */
};

int keeper_ready_decode(const void *bytes, size_t len, struct keeper_ready *ret,
                        struct error *err) must_check;
void keeper_ready_done(struct keeper_ready *ready);

/* The whole life of the process. Takes the template, whose only descriptor is FD_SCRIPT: that a
 * script comes with the order. */
void keeper_run(const struct sandbox *sandbox, struct launch *template, int orders);
