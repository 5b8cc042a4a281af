/* SPDX-License-Identifier: Apache-2.0 */
#include "chart/curve.h"

#include <math.h>
#include <stdlib.h>

#include "chart/processes.h"
#include "str.h"

size_t curve_peaks(const struct measured *run, double end, size_t columns, size_t *ret)
{
    size_t count = 0;
    long last = -1;
    bool all = run->sample_count <= 2 * columns;
    for (size_t i = 0; i < run->sample_count; i++) {
        const struct sample *sample = &run->samples[i];
        if (isnan(sample->memory_mb))
            continue;
        long column = (long)(sample->time_seconds / end * (double)columns);
        if (all || column != last)
            ret[count++] = i;
        else if (sample->memory_mb > run->samples[ret[count - 1]].memory_mb)
            ret[count - 1] = i;
        last = column;
    }
    return count;
}

static void add_shares(const struct measured *run, size_t sample, size_t series, double part,
                       double *ret)
{
    const struct sample *from = &run->samples[sample];
    for (size_t i = 0; i < from->each_count; i++) {
        size_t which = process_index(run, from->each[i].pid);
        if (which < series)
            ret[which] += part * from->each[i].memory_mb;
    }
}

void curve_shares(const struct measured *run, size_t sample, size_t series, double *ret)
{
    if (series == 0)
        return;
    size_t before = sample, after = sample;
    while (before > 0 && run->samples[before].each_count == 0)
        before--;
    while (after + 1 < run->sample_count && run->samples[after].each_count == 0)
        after++;
    if (run->samples[before].each_count == 0)
        return;
    if (run->samples[after].each_count == 0)
        after = before;
    double from = run->samples[before].time_seconds, to = run->samples[after].time_seconds;
    double now = run->samples[sample].time_seconds;
    double part = before < after ? (now - from) / (to - from) : 0;
    add_shares(run, before, series, 1 - part, ret);
    if (part > 0)
        add_shares(run, after, series, part, ret);
}

/* --- CPU time ----------------------------------------------------------------------------- */

/* What was spent until each of some moments; between two of them it grows evenly. */
struct spent {
    double *time, *sum;
    size_t count, room;
};

static void spent_begin(struct spent *spent, size_t room)
{
    spent->time = xcalloc(room + 1, sizeof(*spent->time));
    spent->sum = xcalloc(room + 1, sizeof(*spent->sum));
    spent->room = room + 1;
    spent->count = 1; /* nothing at the start */
}

static void spent_done(struct spent *spent)
{
    free(spent->time);
    free(spent->sum);
}

/* A sum never shrinks: what a dead process had is still spent. */
static void spent_add(struct spent *spent, double time, double sum)
{
    double last = spent->sum[spent->count - 1];
    if (spent->count == spent->room || isnan(sum) || time <= spent->time[spent->count - 1])
        return;
    spent->time[spent->count] = time;
    spent->sum[spent->count++] = sum > last ? sum : last;
}

/* Until `time`; `at` remembers the place, times only grow. */
static double spent_until(const struct spent *spent, double time, size_t *at)
{
    while (*at + 1 < spent->count && spent->time[*at + 1] <= time)
        (*at)++;
    if (*at + 1 >= spent->count)
        return spent->sum[spent->count - 1];
    double from = spent->time[*at], to = spent->time[*at + 1];
    double part = (time - from) / (to - from);
    return spent->sum[*at] + part * (spent->sum[*at + 1] - spent->sum[*at]);
}

static void fill(struct cpu_bins *bins, const struct spent *spent, double *into, size_t stride)
{
    size_t at = 0;
    double before = 0;
    for (size_t i = 0; i < bins->count; i++) {
        double now = spent_until(spent, bins->width * (double)(i + 1), &at);
        into[i * stride] += (now - before) / bins->width;
        before = now;
    }
}

static void fill_whole(struct cpu_bins *bins, const struct measured *run, double end, double total)
{
    struct spent spent;
    spent_begin(&spent, run->sample_count + 1);
    for (size_t i = 0; i < run->sample_count; i++)
        spent_add(&spent, run->samples[i].time_seconds, run->samples[i].cpu_seconds);
    spent_add(&spent, end, total);
    fill(bins, &spent, bins->whole, 1);
    spent_done(&spent);
    for (size_t i = 0; i < bins->count; i++)
        bins->most = fmax(bins->most, bins->whole[i]);
}

/* Of one series: a process, or all the others. */
static void fill_series(struct cpu_bins *bins, const struct measured *run, size_t series,
                        size_t which)
{
    struct spent spent;
    spent_begin(&spent, run->sample_count);
    for (size_t i = 0; i < run->sample_count; i++) {
        const struct sample *sample = &run->samples[i];
        double sum = 0;
        if (sample->each_count == 0)
            continue;
        for (size_t j = 0; j < sample->each_count; j++)
            if (process_index(run, sample->each[j].pid) == which)
                sum += sample->each[j].cpu_seconds;
        spent_add(&spent, sample->time_seconds, sum);
    }
    fill(bins, &spent, bins->each + which, series);
    spent_done(&spent);
}

/* Clocks tick every few milliseconds, those of single processes every ten: stretches of the
 * same length would show the ticks. */
static size_t bin_count(const struct measured *run, double end, size_t series)
{
    double least = series ? 10 : 20, tick = series ? 0.1 : 0.05;
    double count = fmin(fmax(least, end / tick), 150);
    count = fmin(count, (double)run->sample_count);
    return count < 1 ? 1 : (size_t)count;
}

void cpu_bins_make(const struct measured *run, double end, double total, size_t series,
                   struct cpu_bins *ret)
{
    *ret = (struct cpu_bins){ .count = bin_count(run, end, series) };
    ret->width = end / (double)ret->count;
    ret->whole = xcalloc(ret->count, sizeof(*ret->whole));
    ret->each = xcalloc(ret->count * series + 1, sizeof(*ret->each));
    if (!(ret->width > 0))
        return;
    fill_whole(ret, run, end, total);
    for (size_t s = 0; s < series; s++)
        fill_series(ret, run, series, s);
}

void cpu_bins_done(struct cpu_bins *bins)
{
    free(bins->whole);
    free(bins->each);
}
