/* SPDX-License-Identifier: Apache-2.0 */
/* What is counted, under which labels and in which bucket. */
#include "clock.h"
#include "mcp/metrics.h"
#include "unit.h"

static char first[] = "default", second[] = "strict";
static char *const policies[] = { first, second, NULL };

static char *printed(const struct metrics *metrics)
{
    struct str out = { 0 };
    metrics_print(metrics, &(const struct metrics_now){ 0 }, &out);
    return str_take(&out);
}

static void assert_holds(const struct metrics *metrics, const char *line)
{
    autofree char *text = printed(metrics), *whole = xasprintf("\n%s\n", line);
    if (!strstr(text, whole))
        fail_msg("no line \"%s\"", line);
}

static void run_of(struct metrics *metrics, const char *tool, const char *policy, uint64_t wall_ns)
{
    const struct outcome outcome = { .end = END_EXITED, .usage = { .wall_ns = wall_ns } };
    const struct started started = { 0 };
    metrics_run(metrics,
                &(const struct metrics_run){
                    .tool = tool, .policy = policy, .outcome = &outcome, .started = &started });
}

static void what_a_client_says_is_no_label(void **state)
{
    (void)state;
    struct metrics *metrics = metrics_new(policies);
    run_of(metrics, "py_run_saved_script", "strict", 1);
    run_of(metrics, "x\"} 1\n", "de\"fault\n", 1);
    run_of(metrics, "y", "z", 1);
    assert_holds(metrics, "cordon_runs_total{tool=\"py_run_saved_script\",policy=\"strict\","
                          "end=\"exited\"} 1");
    assert_holds(metrics, "cordon_runs_total{tool=\"other\",policy=\"other\",end=\"exited\"} 2");
    metrics_free(metrics);
}

static void a_value_on_a_bound_is_within_it_and_one_above_all_is_only_in_the_last(void **state)
{
    (void)state;
    struct metrics *metrics = metrics_new(policies);
    run_of(metrics, "py_run_saved_script", "default", NS_PER_MS);
    run_of(metrics, "py_run_saved_script", "default", NS_PER_MS + 1);
    run_of(metrics, "py_run_saved_script", "default", 10000 * NS_PER_S);
    assert_holds(metrics, "cordon_run_wall_seconds_bucket{le=\"0.001\"} 1");
    assert_holds(metrics, "cordon_run_wall_seconds_bucket{le=\"0.0025\"} 2");
    assert_holds(metrics, "cordon_run_wall_seconds_bucket{le=\"3600\"} 2");
    assert_holds(metrics, "cordon_run_wall_seconds_bucket{le=\"+Inf\"} 3");
    assert_holds(metrics, "cordon_run_wall_seconds_sum 10000.002000001");
    metrics_free(metrics);
}

static void a_run_that_never_stood_has_no_times_of_a_script(void **state)
{
    (void)state;
    struct metrics *metrics = metrics_new(NULL);
    const struct outcome outcome = { .end = END_REFUSED };
    metrics_run(metrics, &(const struct metrics_run){
                             .tool = "t", .policy = "default", .outcome = &outcome });
    metrics_refused(metrics, "py_list_jobs", END_FAULT);
    metrics_refused(NULL, "py_list_jobs", END_FAULT);
    assert_holds(metrics, "cordon_runs_total{tool=\"other\",policy=\"other\",end=\"refused\"} 1");
    assert_holds(metrics, "cordon_calls_refused_total{tool=\"py_list_jobs\",end=\"fault\"} 1");
    assert_holds(metrics, "cordon_run_wall_seconds_count 0");
    assert_holds(metrics, "cordon_run_queue_seconds_count 1");
    metrics_free(metrics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_client_says_is_no_label),
        cmocka_unit_test(a_value_on_a_bound_is_within_it_and_one_above_all_is_only_in_the_last),
        cmocka_unit_test(a_run_that_never_stood_has_no_times_of_a_script),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
