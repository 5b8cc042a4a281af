/* SPDX-License-Identifier: Apache-2.0 */
/* audit.h - the audit log: who ran what, under which policy, and what came of it.
 *
 * One line per run that was asked for, also of one that was refused or came to a fault. It is
 * the trusted side that writes it: a captured front can neither read nor change it.
 */
#pragma once

#include "audit_line.h"
#include "sandbox.h"

/* The SHA-256 of a script, which travelled with the launch or, in place, lies beneath the
 * directory `workspace` (or -1). What is there a moment before the run: nothing else keeps an
 * owner of the directory from changing it. "" where there is none, or it cannot be read. */
void audit_hash(const struct launch *launch, const char *directory, int workspace,
                char ret[SHA256_DIGEST_STRING_LENGTH]);

/* Where the configuration says "required": a line before the run, of the event "start". A
 * failure is BLAME_HOST, and then nothing may run. */
int audit_start(const struct sandbox *sandbox, struct audit_entry *entry,
                struct error *err) must_check;

/* The line of the end. A log that cannot be written is a warning: the run is over by then. */
void audit_end(const struct sandbox *sandbox, struct audit_entry *entry);

/* The same of a launch that never became a job of its own, or whose supervisor died. */
void audit_unrun(const struct sandbox *sandbox, const struct launch *launch,
                 const struct outcome *outcome);
