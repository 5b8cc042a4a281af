/* SPDX-License-Identifier: Apache-2.0 */
/* gate.h - takes orders from a front, or the one order of a command line. */
#pragma once

#include "sandbox.h"

#define GATE_FD 3 /* the seqpacket socket both programs are started with */

/* Serves until the front is gone; one supervisor (a fork) per launch. The exit status. */
int gate_serve(const struct sandbox *sandbox);

/* Takes one launch, enters the mount namespace (sandbox_enter()) and sees the launch
 * through in this process. The exit status. */
int gate_run_one(const struct sandbox *sandbox);

/* The same for `cordon env make`: the environment is made, and nothing runs. */
int gate_prepare_one(const struct sandbox *sandbox);

/* Takes one launch and ends it as a fault: this process could not begin. The exit status. */
int gate_refuse_one(const struct sandbox *sandbox, const struct error *why);

/* Writes down the end of the run whose names (launch_names()) come over the socket, if any do:
 * its supervisor died and could not. */
void gate_audit_death(const struct sandbox *sandbox);
