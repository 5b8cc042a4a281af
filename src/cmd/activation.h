/* SPDX-License-Identifier: Apache-2.0 */
/* activation.h - a socket that whoever started us listens on already: sd_listen_fds(3), by the
 * variables alone. systemd keeps it open from one server to the next, so that no client is refused.
 */
#pragma once

#include <cordon/error.h>

/* *listener is the one that was passed, the caller's, close-on-exec and not blocking; -1: none was.
 * The variables are forgotten, so that no program of ours takes them for its own. More than one, or
 * something that is no listening socket: BLAME_HOST. */
int activation_take(int *listener, struct error *err) must_check;
