/* SPDX-License-Identifier: Apache-2.0 */
/* report.h - a file that a run is written to once it has ended: opened before it begins, so that
 * nothing runs whose result would have no place.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <cordon/error.h>

struct report {
    const char *option; /* for messages: "--report" */
    const char *path;   /* or NULL: there is none, and everything succeeds; "-": standard output */
    char *workspace;    /* its own */
    int fd;
    bool standard; /* output; its own */
};

struct options;

/* Refuses two outputs of one command line that are one file. Before any is opened. */
int report_distinct(const struct options *options, struct error *err) must_check;

/* `workspace` is the run's, or NULL (named.h). Refuses a script of this command line. */
int report_open(struct report *report, const char *workspace, struct error *err) must_check;

/* All that is in it from now on. Fails too where another file was put there under its name. */
int report_write(const struct report *report, const void *bytes, size_t len,
                 struct error *err) must_check;
void report_close(struct report *report);

/* Of several outputs none keeps another from being written, and each that could not be is told.
 * `r` and `err` are of those so far, `next` and `fresh` of one more: an earlier failure is told
 * here, the last is left in `err` for the caller. Returns what all of it comes to. */
int report_also(int r, struct error *err, int next, const struct error *fresh) must_check;
