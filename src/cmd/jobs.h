/* SPDX-License-Identifier: Apache-2.0 */
/* jobs.h - what the files of `cordon jobs` share. */
#pragma once

#include "cmd/options.h"
#include "job/output.h"
#include "job/store.h"

#define JOBS_OWNER "local" /* of everything so far */

struct jobs_visit {
    const struct options *options;
    char **words; /* after the verb; owned */
    char *given;  /* the text of FILE, read with the caller's rights; owned */
    size_t given_len;
    int front;
    struct store *store;
    struct outputs *outputs;
};

/* A verb returns 0 or -errno with *err. */
typedef int jobs_verb(struct jobs_visit *visit, struct error *err);
jobs_verb visit_list, visit_show;                        /* visit_show.c */
jobs_verb visit_output, visit_cancel;                    /* jobs_follow.c */
jobs_verb visit_export, visit_import, visit_import_read; /* jobs_file.c */

/* A moment in the reader's own zone; "-" for 0. */
const char *jobs_when(int64_t epoch_ms, char out[32]);

/* A record on standard output, as a page for a person. */
void job_page(struct jobs_visit *visit, const struct record *record);

struct page;
void job_page_output(const struct page *page, struct jobs_visit *visit,
                     const struct record *record);

/* The record that the word `id` means. BLAME_CALLER, ENOENT where there is none. The
 * caller's, record_done(). */
int visit_record(struct jobs_visit *visit, const char *id, struct record *ret,
                 struct error *err) must_check;
