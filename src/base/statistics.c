/* SPDX-License-Identifier: Apache-2.0 */
#include "statistics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "str.h"

/* --- one row of values --------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

/* The caller's. */
static double *sorted(const double *values, size_t count)
{
    double *copy = xcalloc(count, sizeof(*copy));
    memcpy(copy, values, count * sizeof(*copy));
    qsort(copy, count, sizeof(*copy), by_value);
    return copy;
}

static double quantile(const double *in_order, size_t count, double p)
{
    double at = p * (double)(count - 1);
    size_t below = (size_t)at;
    if (below + 1 >= count)
        return in_order[count - 1];
    return in_order[below] + (at - (double)below) * (in_order[below + 1] - in_order[below]);
}

static double mean_of(const double *values, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += values[i];
    return sum / (double)count;
}

static double variance_of(const double *values, size_t count, double mean)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += (values[i] - mean) * (values[i] - mean);
    return count > 1 ? sum / (double)(count - 1) : 0;
}

struct summary statistics_summary(const double *values, size_t count)
{
    autofree double *in_order = sorted(values, count);
    double mean = mean_of(values, count);
    return (struct summary){
        .count = count,
        .min = in_order[0],
        .mean = mean,
        .median = quantile(in_order, count, 0.5),
        .stddev = sqrt(variance_of(values, count, mean)),
        .p95 = quantile(in_order, count, 0.95),
        .max = in_order[count - 1],
    };
}

double statistics_median(const double *values, size_t count)
{
    autofree double *in_order = sorted(values, count);
    return quantile(in_order, count, 0.5);
}

/* --- what does not fit ----------------------------------------------------------------- */

/* Makes the median absolute deviation of normal values their standard deviation. */
#define MAD_SCALE 1.4826

static double spread_of(const double *values, size_t count, double median)
{
    autofree double *distances = xcalloc(count, sizeof(*distances));
    for (size_t i = 0; i < count; i++)
        distances[i] = fabs(values[i] - median);
    return MAD_SCALE * statistics_median(distances, count);
}

double statistics_robust_score(const double *values, size_t count, double value)
{
    double median = statistics_median(values, count);
    double spread = spread_of(values, count, median);
    return spread > 0 ? (value - median) / spread : 0;
}

size_t statistics_outliers(const double *values, size_t count)
{
    double median = statistics_median(values, count);
    double spread = spread_of(values, count, median);
    size_t found = 0;
    for (size_t i = 0; spread > 0 && i < count; i++)
        found += fabs(values[i] - median) > OUTLIER_SCORE * spread;
    return found;
}

#define DRIFT_LEAST 8
#define DRIFT_Z     3.291 /* two-sided, one in a thousand */

bool statistics_drifts(const double *values, size_t count)
{
    double rises = 0, n = (double)count;
    if (count < DRIFT_LEAST)
        return false;
    for (size_t i = 0; i < count; i++)
        for (size_t j = i + 1; j < count; j++)
            rises += (values[j] > values[i]) - (values[j] < values[i]);
    double deviation = sqrt(n * (n - 1) * (2 * n + 5) / 18);
    return (fabs(rises) - 1) / deviation > DRIFT_Z;
}

/* --- two rows of values ------------------------------------------------------------------ */

/* The continued fraction of the incomplete beta function (DLMF 8.17.22), by the modified
 * method of Lentz. */
static double beta_fraction(double x, double a, double b)
{
    const double tiny = 1e-300;
    double c = 1, d = 1 - (a + b) * x / (a + 1);
    d = 1 / (fabs(d) < tiny ? tiny : d);
    double value = d;
    for (int m = 1; m < 1000; m++) {
        const double terms[2] = {
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        };
        double before = value;
        for (int i = 0; i < 2; i++) {
            d = 1 + terms[i] * d;
            d = 1 / (fabs(d) < tiny ? tiny : d);
            c = 1 + terms[i] / c;
            c = fabs(c) < tiny ? tiny : c;
            value *= c * d;
        }
        if (fabs(value - before) < 1e-15 * fabs(value))
            break;
    }
    return value;
}

/* Regularised, I_x(a, b). */
static double incomplete_beta(double x, double a, double b)
{
    if (x <= 0 || x >= 1)
        return x <= 0 ? 0 : 1;
    double front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
    return x < (a + 1) / (a + b + 2) ? front * beta_fraction(x, a, b) / a
                                     : 1 - front * beta_fraction(1 - x, b, a) / b;
}

static double t_probability(double t, double df)
{
    return 1 - incomplete_beta(df / (df + t * t), df / 2, 0.5) / 2;
}

double statistics_t_quantile(double p, double df)
{
    double low = 0, high = 1;
    while (t_probability(high, df) < p && high < 1e15)
        high *= 2;
    for (int i = 0; i < 200; i++) {
        double middle = (low + high) / 2;
        *(t_probability(middle, df) < p ? &low : &high) = middle;
    }
    return (low + high) / 2;
}

struct logs {
    double mean;
    double error; /* of the mean, squared */
};

static struct logs logs_of(const double *values, size_t count)
{
    autofree double *logs = xcalloc(count, sizeof(*logs));
    for (size_t i = 0; i < count; i++)
        logs[i] = log(values[i]);
    double mean = mean_of(logs, count);
    return (struct logs){ mean, variance_of(logs, count, mean) / (double)count };
}

struct ratio statistics_ratio(const double *a, size_t a_count, const double *b, size_t b_count)
{
    struct logs left = logs_of(a, a_count), right = logs_of(b, b_count);
    double distance = left.mean - right.mean, error = left.error + right.error;
    struct ratio ret = { .ratio = exp(distance), .bounded = a_count > 1 && b_count > 1 };
    if (!ret.bounded)
        return ret;
    double freedom = error * error /
                     (left.error * left.error / (double)(a_count - 1) +
                      right.error * right.error / (double)(b_count - 1));
    double half =
        error > 0 ? statistics_t_quantile((1 + RATIO_CONFIDENCE) / 2, freedom) * sqrt(error) : 0;
    ret.low = exp(distance - half);
    ret.high = exp(distance + half);
    return ret;
}
