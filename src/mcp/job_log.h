/* SPDX-License-Identifier: Apache-2.0 */
/* job_log.h - the lines that a job leaves in the server's log. */
#pragma once

#include <cordon/outcome.h>

#include "job/store.h"

void job_log_started(const struct record *record);
void job_log_ended(const struct record *record, const struct outcome *outcome);
