/* SPDX-License-Identifier: Apache-2.0 */
/* hatch.h - a running server of the same user and state, which may take a run (<cordon/hatch.h>).
 */
#pragma once

#include <stdbool.h>

#include <cordon/spec.h>

#include "cmd/options.h"

/* One connection. */
struct call {
    int channel; /* -1: none, and the box is made here */
    int dir;     /* where its socket lies */
    char name[32];
};

#define CALL_NONE ((struct call){ .channel = -1, .dir = -1 })

/* Looks for a server that would take the run, and asks it. What speaks against it is logged; none
 * of it is an error. */
void call_open(struct call *call, const struct options *options, const struct spec *spec);
void call_close(struct call *call);

/* After an end that nobody told of: did the server take it? If not it has run nowhere. */
bool call_taken(const struct call *call);

/* Has the server gone that took it? Then nobody clears up but us. */
bool call_server_gone(const struct call *call);
