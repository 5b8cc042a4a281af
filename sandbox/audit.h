/* SPDX-License-Identifier: Apache-2.0 */
/* audit.h - one line per ended run in STATE/gate/audit.log. */
#pragma once

#include <cordon/launch.h>
#include <cordon/outcome.h>

#include "sandbox.h"

/* Who ran what under which policy, how it ended and what it cost. The code is named
 * by its SHA-256; arguments and variables are not written. A log that cannot be
 * written is a warning on standard error: the run is over by then. */
void audit_write(const struct sandbox *sandbox, const struct launch *launch,
                 const struct outcome *outcome);
