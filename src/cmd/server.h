/* SPDX-License-Identifier: Apache-2.0 */
/* server.h - one server, from a fresh process to a caged front, and its end. */
#pragma once

#include "cmd/options.h"
#include "cmd/steward.h"

/* Serves what its steward has given it, or where there is none standard input and output. The exit
 * status. */
int server_run(struct options *options, const struct steward_link *steward);
