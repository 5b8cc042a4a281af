/* SPDX-License-Identifier: Apache-2.0 */
/* curve.h - samples made into what a panel of so many pixels can show. */
#pragma once

#include "chart/document.h"

/* The samples worth a point each in `columns` columns of the time from 0 to `end`: all of them,
 * or where there are too many the highest of every column. `ret` has room for all. How many. */
size_t curve_peaks(const struct measured *run, double end, size_t columns, size_t *ret);

/* What each process has of the memory at a sample, `series` numbers: the named ones, then the
 * others together. Who has what is told less often than the sum: between two such samples it
 * changes evenly, before the first nothing is known, and after the last it stays as it was. */
void curve_shares(const struct measured *run, size_t sample, size_t series, double *ret);

/* How much CPU time was spent per second, in equal stretches of time. */
struct cpu_bins {
    size_t count;
    double width;  /* seconds */
    double *whole; /* [count] */
    double *each;  /* [count * series]: the named processes, then the others together */
    double most;   /* of `whole` */
};

/* `total`: all that was spent until `end`, or NAN. */
void cpu_bins_make(const struct measured *run, double end, double total, size_t series,
                   struct cpu_bins *ret);
void cpu_bins_done(struct cpu_bins *bins);
