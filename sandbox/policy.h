/* SPDX-License-Identifier: Apache-2.0 */
/* policy.h - policy files: find, read, check, print. */
#pragma once

#include <stdio.h>

#include <cordon/policy.h>

#include "sandbox.h"

/* Made for cordon's own errands, wider than a stranger may have, and nobody's to name. */
#define POLICY_OWN "fetch"

/* Finds NAME.json in the policy directories and reads it. An unknown name is
 * BLAME_CALLER and lists those there are. *ret is the caller's, policy_free(). */
int policy_load(const struct sandbox *sandbox, const char *name, struct policy **ret,
                struct error *err) must_check;

/* Reads one file; groups come from the policy directories. */
int policy_read(const struct sandbox *sandbox, const char *path, struct policy **ret,
                struct error *err) must_check;

/* The same two, for a box: with the filter compiled. Where the same text was made
 * ready before it comes from the state, without its system call rules. */
int policy_ready(const struct sandbox *sandbox, const char *name, struct policy **ret,
                 struct error *err) must_check;
int policy_ready_file(const struct sandbox *sandbox, const char *path, struct policy **ret,
                      struct error *err) must_check;

/* Reads the text of every policy and of groups.json into memory, where the
 * functions above then find it. To be called before sandbox_enter(): in a user
 * namespace that maps only us, root's files and a stranger's look alike. What
 * cannot be read stays unknown, and whoever asks for it is told why. */
void policies_remember(const struct sandbox *sandbox);

/* Is there each policy that a principal may name? BLAME_HOST, with whose is not, and those that
 * are. */
int policies_of_principals(const struct sandbox *sandbox, struct error *err) must_check;

/* The same for client_policies and default_policy. */
int policies_of_clients(const struct sandbox *sandbox, struct error *err) must_check;

/* Reads the text of one policy, or of one file that a command line names, and of
 * groups.json, into memory; what cannot be trusted is not kept, and whoever reads it is told why.
 */
void policy_remember(const struct sandbox *sandbox, const char *name);
void policy_remember_file(const struct sandbox *sandbox, const char *path);

/* Parses text that was read from `source` (the fuzzer's entry; touches no file
 * but groups.json). */
int policy_parse(const struct sandbox *sandbox, const char *source, const char *text, size_t len,
                 struct policy **ret, struct error *err) must_check;

/* The system calls of a group such as "@files" (without nested groups), or NULL.
 * The list is NULL-ended and lives as long as the process. */
char *const *policy_group(const struct sandbox *sandbox, const char *name, struct error *err);

/* `cordon-sandbox policy list|show NAME|check FILE`: the exit status. */
int policy_command(const struct sandbox *sandbox, int argc, char *const *argv);
