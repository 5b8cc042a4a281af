/* SPDX-License-Identifier: Apache-2.0 */
/* chart.h - a picture in a file: opened before anything is measured, put there whole or not. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <cordon/error.h>

#include "cmd/options.h"

struct chart_file {
    const char *option; /* for messages: "--chart" */
    const char *path;   /* NULL: there is none, and everything succeeds */
    bool flame;         /* of a profile */
    int directory;      /* its own; -1 until it is open */
};

/* `workspace` is the run's, canonical, or NULL (named.h). Refuses a name that is neither .svg nor
 * .png, a directory in which nothing can be made, and a cordon that was built without cordon-chart.
 */
int chart_open(struct chart_file *chart, const char *workspace, struct error *err) must_check;

/* Draws the document (src/chart/README.md), in a box of its own. */
int chart_write(const struct chart_file *chart, const struct options *options, const char *text,
                size_t len, struct error *err) must_check;
void chart_close(struct chart_file *chart);
