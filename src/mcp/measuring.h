/* SPDX-License-Identifier: Apache-2.0 */
/* measuring.h - a job that is a benchmark: one run after the other, and what they say together.
 * Of the output the first run's is the job's. A zeroed struct is of a job that is none.
 */
#pragma once

#include <cordon/measure.h>

#include "run/benchmark.h"
#include "run/result.h"
#include "run/samples.h"

struct job_order;
struct launch;

struct measuring {
    uint64_t interval_ns;  /* between readings; 0: it is not measured */
    unsigned warmup, runs; /* asked for; at least one run */
    unsigned begun;
    struct launch *again; /* what every further run begins as; NULL where there is one */
    int input;            /* the same */
    uint64_t dropped[2];  /* of the first run */
    struct benchmark benchmark;
    struct samples samples; /* of the last run */
    struct measured measured;
};

/* How many runs an order asks for, with those to warm up. */
unsigned measuring_times(const struct job_order *order);

/* Before the order's launch and input are taken. */
int measuring_begin(struct measuring *measuring, const struct job_order *order,
                    struct error *err) must_check;
void measuring_done(struct measuring *measuring);

/* How many runs there are to be, with those to warm up. */
unsigned measuring_total(const struct measuring *measuring);

/* True while the first run goes on. */
bool measuring_first(const struct measuring *measuring);

/* A run has ended. True where another one is to begin: then *launch (launch_init()) and *input
 * are what it needs, the caller's. */
bool measuring_next(struct measuring *measuring, const char *job, const struct outcome *outcome,
                    const uint64_t dropped[2], struct launch *launch, int *input);

/* The parts of a result that are a benchmark's; borrows the measuring, *outcome and *last. */
void measuring_result(const struct measuring *measuring, const struct outcome *outcome,
                      struct benchmark_last *last, struct result_input *input);
