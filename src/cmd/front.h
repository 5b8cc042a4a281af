/* SPDX-License-Identifier: Apache-2.0 */
/* front.h - STATE/front, the front's part of the state, as root its account's. */
#pragma once

#include <cordon/error.h>

#include "cmd/options.h"
#include "cmd/self_confine.h"
#include "config.h"

/* Makes it where it is missing, and gives it to `account` (uid 0: ours). Returns its
 * descriptor, the caller's; *path is where it lies, the caller's, also where only the last
 * step failed (a full disk). Another user's is refused. */
int front_open(const struct options *options, const struct config *config,
               const struct account *account, char **path, struct error *err) must_check;

/* The same with the operator's configuration, for his commands. */
int front_find(const struct options *options, char **path, struct error *err) must_check;

/* For the operator's commands. A captured front may have put there what it liked: links,
 * other people's files. So root touches nothing in it but with its owner's file-system ids,
 * from here until front_leave(), which is for what follows, such as a box. Never fails for
 * anybody else. */
int front_enter(int front, struct error *err) must_check;
void front_leave(void);

/* The same for good, and more: becomes its owner, with nothing else of the host left to open. */
int front_become(int front, struct error *err) must_check;
