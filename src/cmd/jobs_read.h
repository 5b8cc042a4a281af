/* SPDX-License-Identifier: Apache-2.0 */
/* jobs_read.h - jobs.json as it is read: records by their id, a list of them, or either under
 * "jobs". Members it does not know are passed over, since nobody ever wrote down which there
 * are; what it cannot make sense of is refused with its line and path. An id is what
 * job_id_valid() takes; a time lies between 1970 and tomorrow (clocks differ), so that no record
 * stays the newest for ever.
 */
#pragma once

#include "job/store.h"

/* What a record's result shows of its output, any bytes; NULL where it shows none. */
struct job_texts {
    char *text[2];
    size_t len[2];
};

struct job_file {
    struct record *records;  /* all ended: nobody runs them any more */
    struct job_texts *texts; /* of each record */
    size_t count, room;
};

/* `source` is the name shown in front of a fault. BLAME_CALLER. */
int job_file_read(const char *source, const char *text, size_t len, struct job_file *ret,
                  struct error *err) must_check;
void job_file_done(struct job_file *file);
