/* SPDX-License-Identifier: Apache-2.0 */
/* self.h - the file of cordon-sandbox. A `cordon run` forks to be it, and there /proc/self/exe is
 * another program. */
#pragma once

#include <cordon/error.h>

/* Its path, for stat(2) or open(2) by who can still walk to it; in a mount namespace that was left
 * it may lead nowhere. Lives as long as the process. */
const char *self_path(void);

/* The file itself, for what lies beside it or has to be mounted. *ret is the caller's. */
int self_find(char **ret, struct error *err) must_check;
