/* SPDX-License-Identifier: Apache-2.0 */
/* jobs_read.h - jobs.json as it is read: records by their id, a list of them, or either under
 * "jobs". Members it does not know are passed over, since nobody ever wrote down which there
 * are; what it cannot make sense of is refused with its line and path.
 */
#pragma once

#include "job/store.h"

struct job_file {
    struct record *records; /* all ended: nobody runs them any more */
    char **texts[2];        /* of each record its output, where the result has it; or NULL */
    size_t count, room;
};

/* `source` is the name shown in front of a fault. BLAME_CALLER. */
int job_file_read(const char *source, const char *text, size_t len, struct job_file *ret,
                  struct error *err) must_check;
void job_file_done(struct job_file *file);
