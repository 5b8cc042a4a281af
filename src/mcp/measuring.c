/* SPDX-License-Identifier: Apache-2.0 */
#include "mcp/measuring.h"

#include <fcntl.h>
#include <string.h>

#include <cordon/spec.h>

#include "clock.h"
#include "mcp/job.h"
#include "str.h"

unsigned measuring_total(const struct measuring *measuring)
{
    return measuring->warmup + measuring->runs;
}

unsigned measuring_times(const struct job_order *order)
{
    return order->warmup + (order->runs > 0 ? order->runs : 1);
}

int measuring_begin(struct measuring *measuring, const struct job_order *order, struct error *err)
{
    *measuring = (struct measuring){
        .interval_ns = order->launch->counted ? order->launch->sample_ms * NS_PER_MS : 0,
        .warmup = order->warmup,
        .runs = order->runs > 0 ? order->runs : 1,
        .input = -1,
    };
    if (measuring->interval_ns == 0 || measuring_total(measuring) < 2)
        return 0;
    measuring->again = xcalloc(1, sizeof(*measuring->again));
    int r = launch_again(order->launch, measuring->again, err);
    if (r == 0 && order->input >= 0) {
        measuring->input = fcntl(order->input, F_DUPFD_CLOEXEC, 3);
        if (measuring->input < 0)
            r = fail_host(err, "dup");
    }
    if (r < 0)
        measuring_done(measuring);
    return r;
}

void measuring_done(struct measuring *measuring)
{
    if (measuring->again) {
        launch_done(measuring->again);
        own_close(&measuring->input);
    }
    free(measuring->again);
    samples_done(&measuring->samples);
    benchmark_done(&measuring->benchmark);
    *measuring = (struct measuring){ .input = -1 };
}

bool measuring_first(const struct measuring *measuring)
{
    return measuring->begun == 0;
}

/* The same text from its beginning: nobody reads it any more. */
static bool input_again(const struct measuring *measuring, int *ret)
{
    *ret = -1;
    if (measuring->input < 0)
        return true;
    *ret = fcntl(measuring->input, F_DUPFD_CLOEXEC, 3);
    return *ret >= 0 && lseek(*ret, 0, SEEK_SET) == 0;
}

bool measuring_next(struct measuring *measuring, const char *job, const struct outcome *outcome,
                    const uint64_t dropped[2], struct launch *launch, int *input)
{
    struct error ignored;
    bool well = outcome->end == END_EXITED && outcome->code == 0;
    if (measuring_first(measuring))
        memcpy(measuring->dropped, dropped, sizeof(measuring->dropped));
    if (measuring->interval_ns == 0)
        return false;
    if (measuring->begun++ >= measuring->warmup || !well)
        benchmark_take(&measuring->benchmark, outcome);
    if (!well || measuring->begun >= measuring_total(measuring))
        return false;
    samples_done(&measuring->samples);
    if (!input_again(measuring, input) || launch_again(measuring->again, launch, &ignored) < 0) {
        own_close(input);
        *input = -1;
        launch_done(launch);
        return false;
    }
    memcpy(launch->job, job, sizeof(launch->job)); /* they are one job */
    return true;
}

void measuring_result(const struct measuring *measuring, const struct outcome *outcome,
                      struct benchmark_last *last, struct result_input *input)
{
    *last = (struct benchmark_last){ .samples = &measuring->samples,
                                     .outcome = outcome,
                                     .measured = &measuring->measured,
                                     .interval_ns = measuring->interval_ns,
                                     .samples_room = REPLY_SAMPLES_ROOM };
    if (measuring->benchmark.count == 0)
        return;
    input->benchmark = &measuring->benchmark;
    input->last = last;
}
