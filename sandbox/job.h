/* SPDX-License-Identifier: Apache-2.0 */
/* job.h - one launch, from admission to its outcome: the whole of a supervisor's life. */
#pragma once

#include <cordon/launch.h>

#include "sandbox.h"

/* Does everything the launch asks for and writes the notes, ending with exactly one
 * OUTCOME. Takes the launch (launch_done() is called). */
void job_run(const struct sandbox *sandbox, struct launch *launch);

/* Reads the policies that the launch may need. To be called before sandbox_enter(), where it
 * can still be seen whose files they are. */
void job_remember(const struct sandbox *sandbox, const struct launch *launch);

/* Tells the owner of a launch that it was not taken; takes the launch too. */
void job_refuse(struct launch *launch, const struct error *err);
