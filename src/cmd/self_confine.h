/* SPDX-License-Identifier: Apache-2.0 */
/* self_confine.h - the front's own cage, put on before the first byte of a stranger.
 *
 * A captured front can then do what a polite client can, and no more: no
 * program, no process, no new socket, no signal to the gate, no file but those
 * beneath its own part of the state. Order: identity, privileges, Landlock, limits, system
 * calls, because each forbids what the ones before used. A thread that is to live inside is
 * started between Landlock, which a thread inherits, and the limits.
 */
#pragma once

#include <linux/filter.h>
#include <stdbool.h>
#include <sys/types.h>

#include <cordon/error.h>

struct account {
    uid_t uid;
    gid_t gid;
};

/* "name" (looked up in /etc/passwd alone), "UID" or "UID:GID"; NULL: the
 * reserved one, just below the slots (ids.h). 0 only where this root has no id to
 * give away: then the front keeps its own, as an ordinary user's does. */
int account_find(const char *text, struct account *ret, struct error *err) must_check;

/* As root: becomes the account, without groups and capabilities, for good. */
int confine_identity(const struct account *account, struct error *err) must_check;

/* As root, before it becomes the account: `state` is all there is. False where this root may not
 * do that; then Landlock alone closes the rest. */
bool confine_root(int state);

/* Not traceable, no capabilities, no new privileges. */
int confine_privileges(struct error *err) must_check;

/* The resource limits: no core dumps, no further process or thread. */
int confine_resources(struct error *err) must_check;

/* How many descriptors there may be then. */
size_t confine_files_most(void);

/* Everything of the file system is closed but what lies beneath `state`
 * (a directory descriptor; -1: that too). Returns the Landlock ABI, or 0 where the kernel has none.
 */
int confine_files(int state, struct error *err) must_check;

/* Only the calls of self_filter.c from here on, in every thread; any other is EPERM. `listens`:
 * with what takes in those who connect to a listener that is there already. */
int confine_calls(bool listens, struct error *err) must_check;

/* The filter itself, for confine_calls() and its test: how many instructions. */
#define FILTER_LENGTH_MAX 512
unsigned short filter_assemble(bool listens, struct sock_filter out[FILTER_LENGTH_MAX]);

/* False in a build with sanitizers: they need calls and files of their own. */
bool confine_possible(void);
