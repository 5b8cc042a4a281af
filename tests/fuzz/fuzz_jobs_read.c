/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever jobs.json says, what comes of it are ended records that can be stored. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/jobs_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = { 0 };
    struct job_file file = { 0 };
    if (job_file_read("jobs.json", (const char *)data, size, &file, &err) < 0) {
        if (err.code == 0 || err.blame != BLAME_CALLER || !err.text[0])
            abort();
        return 0;
    }
    for (size_t i = 0; i < file.count; i++)
        if (!file.records[i].id[0] || strchr(file.records[i].id, '/') ||
            !job_status_ended(file.records[i].status))
            abort();
    job_file_done(&file);
    return 0;
}
