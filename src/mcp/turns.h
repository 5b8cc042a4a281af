/* SPDX-License-Identifier: Apache-2.0 */
/* turns.h - only so many runs at once; the others wait in the order they came.
 *
 * A zeroed `struct turn` has asked for nothing, and may be left at any time.
 */
#pragma once

#include <stdbool.h>

struct turn {
    void (*go)(struct turn *turn); /* its turn has come; not from inside turn_ask() */
    struct turn *next, **link;     /* while it waits */
    bool taken;
};

struct turns {
    unsigned most, taken;
    struct turn *first, **end;
};

void turns_init(struct turns *turns, unsigned most);

/* True: go ahead now. False: it waits, and `go` will be called. */
bool turn_ask(struct turns *turns, struct turn *turn);

/* How many are before it and itself, of those that wait; 0: it does not wait. */
unsigned turn_position(const struct turns *turns, const struct turn *turn);

/* Gives the turn back, or stops waiting for it; then the next one goes. */
void turn_leave(struct turns *turns, struct turn *turn);
