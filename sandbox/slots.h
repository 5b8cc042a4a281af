/* SPDX-License-Identifier: Apache-2.0 */
/* slots.h - the outside ids of root's boxes, one to each: shared by all servers and command lines
 * of the host, and waited for where all are taken.
 *
 * A slot is a lock (flock) on SLOT_DIRECTORY/N. Who finds none waits in a line, which is a lock
 * too (SLOT_DIRECTORY/queue): the kernel hands it on in the order they came, and the one who has
 * it looks for a free slot whenever one is closed. Locks go with whoever dies.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <cordon/error.h>

#define SLOT_DIRECTORY "/run/cordon/slots"

/* The number of a slot from 0 to count - 1; *lock holds it, and is the caller's
 * (slot_give_back()). Waits as long as `control` (stop.h; -1: for ever) is not told to end:
 * then ECANCELED. */
int slot_take(uint32_t count, int control, int *lock, struct error *err) must_check;
void slot_give_back(int *lock);

/* For who can do without: -EAGAIN, and no word in *err, where he would have to wait. */
int slot_try(uint32_t count, int *lock, struct error *err) must_check;

/* Does somebody wait? Then who can do without gives his back. */
bool slots_wanted(void);

/* One process waits for one job, itself and for the errands of that job. `told` is called at the
 * beginning of each wait. */
void slots_tell(void (*told)(void *context), void *context);
uint64_t slots_waited_ns(void); /* by this process so far, and by its children as added here: */

/* From when to when (CLOCK_MONOTONIC) a process waited; 0, 0: it did not. */
struct slot_wait {
    uint64_t begun_ns, ended_ns;
};
struct slot_wait slots_last_wait(void);            /* of this process */
void slots_add_wait(const struct slot_wait *wait); /* of a child; what overlaps counts once */
