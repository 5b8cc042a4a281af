/* SPDX-License-Identifier: Apache-2.0 */
/* job.h - one launch, from admission to its outcome: the whole of a supervisor's life. */
#pragma once

#include <cordon/launch.h>

#include "notify.h"
#include "sandbox.h"

/* Does everything the launch asks for and writes the notes, ending with exactly one
 * OUTCOME. Takes the launch (launch_done() is called). */
void job_run(const struct sandbox *sandbox, struct launch *launch);

/* Only makes the environment: ends where the box would begin. What is inferred from imports
 * must be there too, or it has failed. */
void job_prepare(const struct sandbox *sandbox, struct launch *launch);

/* As job_run(), and `ear` hears of every denied system call. */
void job_run_heard(const struct sandbox *sandbox, struct launch *launch,
                   const struct notify_ear *ear);

/* Reads the policies that the launch may need. To be called before sandbox_enter(), where it
 * can still be seen whose files they are. */
void job_remember(const struct sandbox *sandbox, const struct launch *launch);

/* Tells the owner of a launch, and the audit log, that it was not taken; takes the launch too. */
void job_refuse(const struct sandbox *sandbox, struct launch *launch, const struct error *err);
