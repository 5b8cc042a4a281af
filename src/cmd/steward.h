/* SPDX-License-Identifier: Apache-2.0 */
/* steward.h - `cordon serve` on a socket: one server after the other, and no client is refused.
 *
 * The process that was started is the steward. It holds the socket, reads nothing that comes
 * through it, and starts the server that does: this program once more. At HUP, where the program or
 * what it was configured with is another than when that one began, it starts the next, and once
 * that one serves tells the one before to retire: it takes in nobody more, ends the runs that it
 * has, and goes. One that cannot begin changes nothing. Servers end with their steward, and it with
 * them.
 */
#pragma once

#include <stdbool.h>

#include <cordon/error.h>

#include "cmd/options.h"
#include "config.h"

/* Until all of its servers have ended. Takes the listener; `config` is what the address was read
 * from. The exit status. */
int steward_serve(const struct options *options, const struct config *config, int listener);

/* --- the other side: what a server of a steward has ------------------------------------------- */

/* One byte each, down and up a stream socket. */
enum steward_word {
    STEWARD_RETIRE = 'q',
    STEWARD_RELOAD = 'h', /* tokens and keys */
    STEWARD_SERVES = 's', /* from the server */
};

struct steward_link {
    int listener, control; /* -1 both: there is no steward; the end of `control` is his death */
};

/* Did a steward start us? To be asked first of all, as it is said by the environment. */
int steward_find(struct steward_link *ret, struct error *err) must_check;
