/* SPDX-License-Identifier: Apache-2.0 */
/* statistics.h - what many measurements of the same thing say together. Pure functions of
 * finite numbers, without units.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct summary {
    size_t count;
    double min, mean, median, stddev, p95, max; /* stddev: of a sample (n - 1); 0 of one value */
};

/* `count` is at least 1. p95 lies between the two nearest values (method 7 of Hyndman and Fan,
 * "Sample Quantiles in Statistical Packages", 1996, as in most programs). */
struct summary statistics_summary(const double *values, size_t count);

double statistics_median(const double *values, size_t count);

/* How far a value is from the median in standard deviations that outliers do not stretch
 * (1.4826 times the median absolute deviation: Iglewicz and Hoaglin, "How to Detect and Handle
 * Outliers", 1993). 0 where more than half of the values are equal. */
double statistics_robust_score(const double *values, size_t count, double value);

/* So far out that it is another thing that was measured; hyperfine's bound. */
#define OUTLIER_SCORE 10.0

size_t statistics_outliers(const double *values, size_t count);

/* True where values in their order of time rise or fall all along, by more than chance
 * explains once in a thousand times (Mann and Kendall's test). Never of fewer than 8. */
bool statistics_drifts(const double *values, size_t count);

struct ratio {
    double ratio;     /* of the geometric means, a to b */
    bool bounded;     /* there are low and high: at least two values each */
    double low, high; /* 95 % confidence */
};

#define RATIO_CONFIDENCE 0.95

/* Of positive values: Welch's t interval for the difference of the means of their logarithms
 * (Welch, "The Generalization of 'Student's' Problem", 1947). */
struct ratio statistics_ratio(const double *a, size_t a_count, const double *b, size_t b_count);

/* The value that Student's t with `df` degrees of freedom (any number > 0) stays below with
 * probability `p`, 0.5 <= p < 1. */
double statistics_t_quantile(double p, double df);
