/* SPDX-License-Identifier: Apache-2.0 */
/* gate_take.h - a frame with its descriptors becomes a launch. Every byte may be hostile. */
#pragma once

#include <cordon/launch.h>

/* Takes the descriptors: those that are the launch's are in it, launch_done() either way, and the
 * others are closed. Each is of the kind that it has to be. */
int gate_take_launch(const void *frame, size_t len, int *fds, size_t count, struct launch *ret,
                     struct error *err) must_check;

/* The next one from a seqpacket socket: 1; 0 at its end. *ret is launch_done()'s either way. */
int gate_receive(int sock, struct launch *ret, struct error *err) must_check;

/* Those of a launch, borrowed, in the order in which they travel; how many. */
size_t gate_descriptors(const struct launch *launch, int ret[FD_COUNT]);
