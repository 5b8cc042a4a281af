/* SPDX-License-Identifier: Apache-2.0 */
#include "mcp/metrics.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "mcp/product.h"

#define OTHER "other"

#define MIB (1024ULL * 1024)

/* --- what is measured -------------------------------------------------------------------- */

/* From a warm call of a few milliseconds to the hour that nobody waits for. */
static const uint64_t time_bounds[] = {
    1 * NS_PER_MS,    2500000,         5 * NS_PER_MS,   10 * NS_PER_MS,  25 * NS_PER_MS,
    50 * NS_PER_MS,   100 * NS_PER_MS, 250 * NS_PER_MS, 500 * NS_PER_MS, 1 * NS_PER_S,
    2500 * NS_PER_MS, 5 * NS_PER_S,    10 * NS_PER_S,   30 * NS_PER_S,   60 * NS_PER_S,
    300 * NS_PER_S,   600 * NS_PER_S,  3600 * NS_PER_S,
};

static const uint64_t memory_bounds[] = {
    4 * MIB,   8 * MIB,   16 * MIB,   32 * MIB,   64 * MIB,   128 * MIB,
    256 * MIB, 512 * MIB, 1024 * MIB, 2048 * MIB, 4096 * MIB, 8192 * MIB,
};

#define BOUNDS_MAX COUNT(time_bounds)
_Static_assert(COUNT(memory_bounds) <= BOUNDS_MAX, "a histogram has room for either");

enum measure { WALL, CPU, QUEUE, PREPARE, BOX, MEMORY, MEASURES };

static const struct measure_row {
    const char *name, *help;
    const uint64_t *bounds;
    size_t bound_count;
    bool bytes; /* else nanoseconds, shown as seconds */
} measure_rows[MEASURES] = {
#define TIME(word, text)                                                            \
    {                                                                               \
        "cordon_run_" word "_seconds", text, time_bounds, COUNT(time_bounds), false \
    }
    [WALL] = TIME("wall", "From the start of the script to its end."),
    [CPU] = TIME("cpu", "Processor time of the script and all it started."),
    [QUEUE] = TIME("queue", "From the request until the run had its turn."),
    [PREPARE] = TIME("prepare", "Finding the interpreter, finding or making the environment."),
    [BOX] = TIME("box", "Building the box."),
#undef TIME
    [MEMORY] = { "cordon_run_peak_memory_bytes", "The most memory a run had at once.",
                 memory_bounds, COUNT(memory_bounds), true },
};

/* Each value is in the first bucket whose bound is not below it; one above all bounds is in none.
 */
struct histogram {
    uint64_t buckets[BOUNDS_MAX];
    uint64_t count, sum;
};

/* What has the same labels. */
struct cell {
    const char *tool, *policy; /* of the tools' table and of metrics.policies; policy NULL: a call
                                * that came to no run */
    enum end end;
    uint64_t count;
};

struct metrics {
    char **policies;
    struct cell *cells;
    size_t cell_count, cell_room;
    struct histogram histograms[MEASURES];
    uint64_t bytes[2], dropped[2];
    uint64_t denied[DENIED_KINDS], denied_unlisted;
    uint64_t environments[2]; /* made for a run; found */
    int64_t started_ms;
};

/* --- counting ------------------------------------------------------------------------------ */

static const char *tool_label(const char *name)
{
    const struct tool *tool = offer_tool(&product_offer, name);
    return tool ? tool->name : OTHER;
}

static const char *policy_label(const struct metrics *metrics, const char *name)
{
    for (char **policy = metrics->policies; policy && *policy; policy++)
        if (strcmp(*policy, name) == 0)
            return *policy;
    return OTHER;
}

/* Labels are the same where their pointers are. */
static void count_end(struct metrics *metrics, const char *tool, const char *policy, enum end end)
{
    for (size_t i = 0; i < metrics->cell_count; i++) {
        struct cell *cell = &metrics->cells[i];
        if (cell->tool == tool && cell->policy == policy && cell->end == end) {
            cell->count++;
            return;
        }
    }
    if (metrics->cell_count == metrics->cell_room) {
        metrics->cell_room = metrics->cell_room ? metrics->cell_room * 2 : 16;
        metrics->cells = xrealloc(metrics->cells, metrics->cell_room * sizeof(struct cell));
    }
    metrics->cells[metrics->cell_count++] = (struct cell){ tool, policy, end, 1 };
}

static void observe(struct metrics *metrics, enum measure measure, uint64_t value)
{
    const struct measure_row *row = &measure_rows[measure];
    struct histogram *histogram = &metrics->histograms[measure];
    size_t i = 0;
    while (i < row->bound_count && value > row->bounds[i])
        i++;
    if (i < row->bound_count)
        histogram->buckets[i]++;
    histogram->count++;
    histogram->sum += value;
}

static void count_denied(struct metrics *metrics, const struct outcome *outcome)
{
    for (unsigned i = 0; i < outcome->denied_count && i < DENIED_MAX; i++)
        metrics->denied[outcome->denied[i].what] += outcome->denied[i].count;
    metrics->denied_unlisted += outcome->denied_unlisted;
}

void metrics_run(struct metrics *metrics, const struct metrics_run *run)
{
    const struct usage *usage = &run->outcome->usage;
    if (!metrics)
        return;
    count_end(metrics, tool_label(run->tool), policy_label(metrics, run->policy),
              run->outcome->end);
    observe(metrics, QUEUE, run->queue_ns);
    count_denied(metrics, run->outcome);
    for (int i = 0; i < 2; i++) {
        metrics->bytes[i] += run->bytes[i];
        metrics->dropped[i] += run->dropped[i];
    }
    if (!run->started)
        return; /* of the script there is nothing to measure */
    observe(metrics, PREPARE, run->started->prepare_ns);
    observe(metrics, BOX, run->started->box_ns);
    observe(metrics, WALL, usage->wall_ns);
    observe(metrics, CPU, usage->cpu_user_ns + usage->cpu_system_ns);
    observe(metrics, MEMORY, usage->memory_peak_bytes);
    if (run->started->key)
        metrics->environments[run->started->cached]++;
}

void metrics_refused(struct metrics *metrics, const char *tool, enum end end)
{
    if (metrics)
        count_end(metrics, tool_label(tool), NULL, end);
}

/* --- the text -------------------------------------------------------------------------------- */

static void head(struct str *out, const char *name, const char *type, const char *help)
{
    str_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* Exact: what is added up in whole numbers is not printed through a double. */
static void put_value(struct str *out, uint64_t value, bool bytes)
{
    if (bytes)
        str_printf(out, "%" PRIu64, value);
    else
        str_printf(out, "%lld.%09lld", (long long)(value / NS_PER_S),
                   (long long)(value % NS_PER_S));
}

/* A bound as a person writes it: 0.0025, 10. */
static void put_bound(struct str *out, uint64_t bound, bool bytes)
{
    if (bytes)
        str_printf(out, "%" PRIu64, bound);
    else
        str_printf(out, "%g", (double)bound / (double)NS_PER_S);
}

static void print_histogram(struct str *out, const struct measure_row *row,
                            const struct histogram *histogram)
{
    uint64_t below = 0;
    head(out, row->name, "histogram", row->help);
    for (size_t i = 0; i < row->bound_count; i++) {
        below += histogram->buckets[i];
        str_printf(out, "%s_bucket{le=\"", row->name);
        put_bound(out, row->bounds[i], row->bytes);
        str_printf(out, "\"} %" PRIu64 "\n", below);
    }
    str_printf(out, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n%s_sum ", row->name, histogram->count,
               row->name);
    put_value(out, histogram->sum, row->bytes);
    str_printf(out, "\n%s_count %" PRIu64 "\n", row->name, histogram->count);
}

static void print_ends(const struct metrics *metrics, struct str *out)
{
    head(out, "cordon_runs_total", "counter", "Runs that have ended, by what ended them.");
    for (size_t i = 0; i < metrics->cell_count; i++) {
        const struct cell *cell = &metrics->cells[i];
        if (cell->policy)
            str_printf(out, "cordon_runs_total{tool=\"%s\",policy=\"%s\",end=\"%s\"} %" PRIu64 "\n",
                       cell->tool, cell->policy, end_name(cell->end), cell->count);
    }
    head(out, "cordon_calls_refused_total", "counter", "Calls that came to no run.");
    for (size_t i = 0; i < metrics->cell_count; i++) {
        const struct cell *cell = &metrics->cells[i];
        if (!cell->policy)
            str_printf(out, "cordon_calls_refused_total{tool=\"%s\",end=\"%s\"} %" PRIu64 "\n",
                       cell->tool, end_name(cell->end), cell->count);
    }
}

static void print_output(const struct metrics *metrics, struct str *out)
{
    static const char *const streams[] = { "stdout", "stderr" };
    const struct {
        const char *name, *help;
        const uint64_t *bytes;
    } counters[] = {
        { "cordon_output_bytes_total", "Output of scripts that was kept.", metrics->bytes },
        { "cordon_output_dropped_bytes_total", "Output beyond the limit on it.", metrics->dropped }
    };
    for (size_t i = 0; i < COUNT(counters); i++) {
        head(out, counters[i].name, "counter", counters[i].help);
        for (int stream = 0; stream < 2; stream++)
            str_printf(out, "%s{stream=\"%s\"} %" PRIu64 "\n", counters[i].name, streams[stream],
                       counters[i].bytes[stream]);
    }
}

static void print_boxes(const struct metrics *metrics, struct str *out)
{
    head(out, "cordon_denied_total", "counter", "What boxes were denied.");
    for (int what = 0; what < DENIED_KINDS; what++)
        str_printf(out, "cordon_denied_total{what=\"%s\"} %" PRIu64 "\n",
                   denied_name((enum denied_what)what), metrics->denied[what]);
    str_printf(out, "cordon_denied_total{what=\"" OTHER "\"} %" PRIu64 "\n",
               metrics->denied_unlisted);
    head(out, "cordon_environments_total", "counter", "Runs with an environment.");
    for (int cached = 0; cached < 2; cached++)
        str_printf(out, "cordon_environments_total{cached=\"%s\"} %" PRIu64 "\n",
                   cached ? "true" : "false", metrics->environments[cached]);
}

/* Under the names that every program gives them. */
static void print_server(const struct metrics *metrics, const struct metrics_now *now,
                         struct str *out)
{
    struct timespec cpu = { 0 };
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
    head(out, "cordon_runs_running", "gauge", "Runs under way.");
    str_printf(out, "cordon_runs_running %zu\n", now->running);
    head(out, "cordon_runs_pending", "gauge", "Runs that wait for their turn.");
    str_printf(out, "cordon_runs_pending %zu\n", now->pending);
    head(out, "cordon_build_info", "gauge", "The version of cordon.");
    str_puts(out, "cordon_build_info{version=\"" CORDON_VERSION "\"} 1\n");
    head(out, "process_start_time_seconds", "gauge", "When this server started.");
    str_printf(out, "process_start_time_seconds %" PRId64 ".%03" PRId64 "\n",
               metrics->started_ms / 1000, metrics->started_ms % 1000);
    head(out, "process_cpu_seconds_total", "counter",
         "Processor time of the part that speaks to clients.");
    str_printf(out, "process_cpu_seconds_total %lld.%09ld\n", (long long)cpu.tv_sec, cpu.tv_nsec);
}

void metrics_print(const struct metrics *metrics, const struct metrics_now *now, struct str *out)
{
    print_ends(metrics, out);
    for (size_t i = 0; i < MEASURES; i++)
        print_histogram(out, &measure_rows[i], &metrics->histograms[i]);
    print_output(metrics, out);
    print_boxes(metrics, out);
    print_server(metrics, now, out);
}

/* --- life ------------------------------------------------------------------------------------- */

struct metrics *metrics_new(char *const *policies)
{
    struct metrics *metrics = xcalloc(1, sizeof(*metrics));
    metrics->policies = list_copy(policies);
    metrics->started_ms = now_epoch_ms();
    return metrics;
}

void metrics_free(struct metrics *metrics)
{
    if (!metrics)
        return;
    list_free(metrics->policies);
    free(metrics->cells);
    free(metrics);
}
