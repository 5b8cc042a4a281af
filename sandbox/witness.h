/* SPDX-License-Identifier: Apache-2.0 */
/* witness.h - inside a box: try what each layer denies, and say what happened.
 *
 * Started as `cordon-sandbox witness BAIT...` in a throw-away box, so that a layer
 * is said to be on because it held, not because it was asked for.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

/* What the supervisor lays out on the host's side for the witness to reach for. */
struct bait {
    pid_t pid;              /* a process of the host */
    uint16_t port;          /* a listener on the host's 127.0.0.1 */
    int key;                /* a System V shared memory segment of the host */
    uint64_t boottime_s;    /* CLOCK_BOOTTIME of the host */
    uint64_t pid_namespace; /* what the host's numbers of processes belong to; 0: not known */
};

#define BAIT_COUNT 5 /* words on the command line, in the order of the struct */

/* Prints one line per layer: "NAME ok" or "NAME REASON". The exit status. */
int witness_main(int argc, char *const *argv);
