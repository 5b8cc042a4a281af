/* SPDX-License-Identifier: Apache-2.0 */
/* tidy.h - what a server does for the store behind its event loop: the operator's bounds,
 * the dead, and the checkpoint, which waits for the disk.
 *
 * A thread of its own with a connection of its own: nothing is shared but a flag. It is
 * started before a cage closes (inside there are no new threads) and opens the store only
 * when it is first woken.
 */
#pragma once

#include "job/store.h"

struct tidy;

/* `front` is borrowed for the call. */
int tidy_start(int front, const struct bounds *bounds, struct tidy **ret,
               struct error *err) must_check;

/* There is something to do; soon, and once for many calls. NULL is fine. */
void tidy_wake(struct tidy *tidy);

/* Waits for what is being done, but not for a disk that does not answer. NULL is fine. */
void tidy_stop(struct tidy *tidy);
