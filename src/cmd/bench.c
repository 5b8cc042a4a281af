/* SPDX-License-Identifier: Apache-2.0 */
/* bench.c - `cordon bench`: what a script takes, measured often enough to say it.
 *
 *     environments -> warm-ups -> rounds, each script once in each -> figures
 */
#include "cmd/bench.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>

#include "clock.h"
#include "cmd/bench_extras.h"
#include "cmd/command.h"
#include "fd.h"
#include "run/result.h"
#include "str.h"

#define WARMUP_MAX  1000
#define COMPARE_MAX 15

#define INTERVAL_DEFAULT_MS 50
#define INTERVAL_MOST_MS    (3600 * 1000)

/* Without --runs: at least so many, and as many more as fit into the time of short ones; fewer
 * of those that would take longer than anybody waits. */
#define RUNS_LEAST 10
#define RUNS_SHORT 100
#define SHORT_S    3.0
#define LONG_S     60.0

/* Of a run that failed, the end of what it had to say. */
#define TAIL_BYTES 2000

/* --- what was asked for ----------------------------------------------------------------- */

static int take_number(const char *option, const char *text, unsigned least, unsigned most,
                       unsigned *ret, struct error *err)
{
    char shown[40], *end;
    if (!text)
        return 0;
    errno = 0;
    unsigned long value = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || errno || value < least || value > most)
        return fail_caller(err, EINVAL, "%s: \"%s\" is not a number from %u to %u", option,
                           printable(text, shown, sizeof(shown)), least, most);
    *ret = (unsigned)value;
    return 0;
}

static int take_interval(const char *text, uint32_t *ret, struct error *err)
{
    uint64_t ms = INTERVAL_DEFAULT_MS;
    int r = text ? limit_parse(text, UNIT_DURATION, &ms, err) : 0;
    if (r == 0 && ms > INTERVAL_MOST_MS)
        r = fail_caller(err, ERANGE, "%s is more than 1h", text);
    if (r < 0)
        return fail_within(err, "--sample-interval");
    *ret = (uint32_t)ms;
    return 0;
}

static int check(struct bench *bench, struct error *err)
{
    const struct options *options = bench->options;
    int r = take_number("--runs", options->runs, 1, BENCH_RUNS_MAX, &bench->runs, err);
    if (r == 0)
        r = take_number("--warmup", options->warmup, 0, WARMUP_MAX, &bench->warmup, err);
    if (r == 0)
        r = take_interval(options->sample_interval, &bench->interval_ms, err);
    if (r == 0 && options->tty)
        r = fail_caller(err, EINVAL, "--tty: a script that is measured has no terminal");
    if (r == 0 && list_len(options->compare) > COMPARE_MAX)
        r = fail_caller(err, E2BIG, "--compare: at most %d scripts beside the first", COMPARE_MAX);
    if (r == 0 && options->json && options->csv && strcmp(options->csv, "-") == 0)
        r = fail_caller(err, EINVAL, "--csv - and --json both mean standard output: give one");
    return r;
}

static int open_subjects(struct bench *bench, bool *no_script, struct error *err)
{
    const struct options *options = bench->options;
    size_t count = 1 + list_len(options->compare);
    bench->subjects = xcalloc(count, sizeof(*bench->subjects));
    for (; bench->count < count; bench->count++) {
        const char *file = bench->count > 0 ? options->compare[bench->count - 1] : NULL;
        struct subject *subject = &bench->subjects[bench->count];
        int r = subject_open(options, file, bench->interval_ms, subject, no_script, err);
        if (r < 0) {
            subject_close(subject);
            return r;
        }
        for (char **line = subject->request.remarks; !options->quiet && line && *line; line++)
            complain("%s", *line);
    }
    return 0;
}

static int open_files(struct bench *bench, struct error *err)
{
    const char *workspace = bench->subjects[0].launch.workspace;
    int r = report_distinct(bench->options, err);
    if (r == 0)
        r = bench_extras_check(bench->options, err);
    if (r == 0)
        r = report_open(&bench->report, workspace, err);
    if (r == 0)
        r = report_open(&bench->csv, workspace, err);
    if (r == 0)
        r = tracing_open(&bench->tracing, workspace, err);
    return r == 0 ? profiling_open(&bench->profiling, bench->options, workspace, err) : r;
}

/* --- signals ---------------------------------------------------------------------------- */

static void interrupt(struct bench *bench)
{
    bench->interrupted = true;
    if (bench->run)
        run_cancel(bench->run, false);
}

static void take_signal(evutil_socket_t fd, short what, void *context)
{
    struct signalfd_siginfo info;
    (void)what;
    if (read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
        interrupt(context);
}

static int watch_signals(struct bench *bench, struct error *err)
{
    static const int stopping[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
    struct sigaction now;
    sigset_t set;
    (void)sigemptyset(&set);
    for (size_t i = 0; i < COUNT(stopping); i++)
        if (sigaction(stopping[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN)
            (void)sigaddset(&set, stopping[i]);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return fail_host(err, "sigprocmask");
    bench->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (bench->signals < 0)
        return fail_host(err, "signalfd");
    bench->signal_event =
        event_new(bench->base, bench->signals, EV_READ | EV_PERSIST, take_signal, bench);
    (void)event_add(bench->signal_event, NULL);
    return 0;
}

/* --- as a job ------------------------------------------------------------------------------ */

static void take_wish(void *context)
{
    interrupt(context);
}

static int record(struct bench *bench, struct error *err)
{
    const struct subject *first = &bench->subjects[0];
    autofree char *code =
        bench->options->code ? recording_label_of_code(bench->options->code) : NULL;
    const struct recording_of of = {
        .job = first->launch.job,
        .tool = first->launch.tool,
        .label = code ? code : first->label,
        .policy = bench->options->policy ? bench->options->policy : "default",
        .base = bench->base,
        .wished = take_wish,
        .context = bench,
    };
    if (!bench->options->job)
        return 0;
    int r = recording_begin(bench->options, &of, &bench->recording, err);
    if (r == 0 && !bench->options->quiet)
        complain("job %s", first->launch.job);
    return r;
}

/* --- one run after the other ------------------------------------------------------------------ */

static bool shows_progress(const struct bench *bench)
{
    return !bench->options->quiet && isatty(STDERR_FILENO);
}

/* A line that is written over, and gone in the end. */
static void progress(const struct bench *bench, const struct subject *subject, const char *what,
                     unsigned run, unsigned of)
{
    char label[64], count[40] = "";
    if (of > 0)
        (void)snprintf(count, sizeof(count), " %u of %u", run, of);
    else if (run > 0)
        (void)snprintf(count, sizeof(count), " %u", run);
    if (shows_progress(bench))
        (void)fprintf(stderr, "\r\033[K%s%s: %s", what, count,
                      printable(subject->label, label, sizeof(label)));
}

static void progress_clear(const struct bench *bench)
{
    if (shows_progress(bench))
        (void)fprintf(stderr, "\r\033[K");
}

static bool goes_on(const struct bench *bench)
{
    return !bench->interrupted && !bench->failed;
}

static int one_run(struct bench *bench, struct subject *subject, enum bench_purpose purpose,
                   struct error *err)
{
    int r = bench_once(bench, subject, purpose, err);
    enum end end = subject->last.outcome.end;
    if (r == 0 && end == END_CANCELLED)
        bench->interrupted = true;
    /* An empty script that reaches a limit says nothing: the real one will. */
    bool could_not = end == END_FAULT || end == END_REFUSED;
    bool empty = purpose == BENCH_PREPARE || purpose == BENCH_EMPTY;
    if (r == 0 && !bench->interrupted && (empty ? could_not : !bench_last_went_well(subject)))
        bench->failed = subject;
    return r;
}

/* An empty script in turns with the first runs, so that what slows one slows the other. With few
 * runs several at once; `seconds` is what they took, which no other run is to be judged by. */
static int empty_runs(struct bench *bench, struct subject *subject, double *took, struct error *err)
{
    unsigned runs = bench->runs > 0 ? bench->runs : RUNS_LEAST;
    unsigned each = runs < BENCH_EMPTY_MAX ? (BENCH_EMPTY_MAX + runs - 1) / runs : 1;
    uint64_t begun = now_ns();
    int r = 0;
    for (unsigned i = 0;
         r == 0 && i < each && goes_on(bench) && subject->benchmark.empty_count < BENCH_EMPTY_MAX;
         i++)
        r = one_run(bench, subject, BENCH_EMPTY, err);
    *took += (double)(now_ns() - begun) / (double)NS_PER_S;
    return r;
}

/* Each script once: in one order, the next time in the other, so that no script always comes
 * after the same one. */
static int one_round(struct bench *bench, enum bench_purpose purpose, unsigned number,
                     double *empty, struct error *err)
{
    static const char *const names[] = {
        [BENCH_PREPARE] = "preparing", [BENCH_WARM] = "warming up", [BENCH_MEASURE] = "run"
    };
    unsigned of = purpose == BENCH_WARM      ? bench->warmup
                  : purpose == BENCH_MEASURE ? bench->runs
                                             : 0;
    int r = 0;
    for (size_t i = 0; r == 0 && i < bench->count && goes_on(bench); i++) {
        size_t which = number % 2 ? i : bench->count - 1 - i;
        struct subject *subject = &bench->subjects[which];
        progress(bench, subject, names[purpose], purpose == BENCH_PREPARE ? 0 : number, of);
        if (purpose == BENCH_MEASURE)
            r = empty_runs(bench, subject, empty, err);
        if (r == 0 && goes_on(bench))
            r = one_run(bench, subject, purpose, err);
    }
    return r;
}

/* As many as their length suggests. */
static unsigned suggested_runs(double round_seconds)
{
    double shorts = SHORT_S / round_seconds, longs = LONG_S / round_seconds;
    if (longs < RUNS_LEAST)
        return longs < 1 ? 1 : (unsigned)longs;
    return shorts > RUNS_SHORT ? RUNS_SHORT : shorts < RUNS_LEAST ? RUNS_LEAST : (unsigned)shorts;
}

static int measure(struct bench *bench, struct error *err)
{
    double empty = 0;
    int r = one_round(bench, BENCH_PREPARE, 1, NULL, err);
    for (unsigned i = 1; r == 0 && i <= bench->warmup && goes_on(bench); i++)
        r = one_round(bench, BENCH_WARM, i, NULL, err);
    if (r == 0 && bench->options->profile && goes_on(bench)) {
        /* Of the first, and before what is measured: what is kept of a subject is its last run. */
        progress(bench, &bench->subjects[0], "profile", 0, 0);
        r = one_run(bench, &bench->subjects[0], BENCH_PROFILE, err);
    }
    uint64_t begun = now_ns();
    for (unsigned i = 1; r == 0 && (bench->runs == 0 || i <= bench->runs) && goes_on(bench); i++) {
        r = one_round(bench, BENCH_MEASURE, i, &empty, err);
        if (bench->runs == 0 && goes_on(bench))
            bench->runs = suggested_runs((double)(now_ns() - begun) / (double)NS_PER_S - empty);
    }
    progress_clear(bench);
    return r;
}

/* --- the end ---------------------------------------------------------------------------------- */

static void say_tail(const struct subject *subject)
{
    autostr struct str text = { 0 };
    (void)capture_text(&subject->last.text[1], SIZE_MAX, NULL, &text);
    if (text.len == 0)
        return;
    size_t from = text.len > TAIL_BYTES ? text.len - TAIL_BYTES : 0;
    const char *line = from > 0 ? strchr(text.data + from, '\n') : NULL;
    const char *tail = line ? line + 1 : text.data + from;
    struct error ignored;
    (void)!fd_write_all(STDERR_FILENO, tail, strlen(tail), &ignored);
    if (!ends_with(tail, "\n"))
        (void)!write(STDERR_FILENO, "\n", 1);
}

/* What went wrong, and the last lines of the script about it. */
static void say_failure(const struct subject *subject)
{
    const struct bench_last *last = &subject->last;
    const struct outcome *outcome = &last->outcome;
    char label[256];
    autofree char *sentence =
        result_sentence(outcome, last->box_stood ? &last->started.limits : NULL);
    (void)printable(subject->label, label, sizeof(label));
    const char *name = signal_name(outcome->code);
    if (sentence)
        complain("%s: %s", label, sentence);
    else if (outcome->end == END_SIGNALLED)
        complain("%s: ended by signal %d%s%s", label, outcome->code, name ? " " : "",
                 name ? name : "");
    else
        complain("%s: exit status %d: nothing more is measured", label, outcome->code);
    say_tail(subject);
}

/* Of each script so many runs are whole. */
static void say_interrupted(const struct bench *bench)
{
    size_t least = bench->subjects[0].benchmark.count;
    char of[24] = "";
    for (size_t i = 1; i < bench->count; i++)
        if (bench->subjects[i].benchmark.count < least)
            least = bench->subjects[i].benchmark.count;
    if (bench->runs > 0)
        (void)snprintf(of, sizeof(of), " of %u", bench->runs);
    complain("interrupted after %zu%s runs", least, of);
}

static int exit_status(const struct bench *bench)
{
    const struct outcome cancelled = { .end = END_CANCELLED };
    const struct outcome *outcome = bench->failed ? &bench->failed->last.outcome : NULL;
    if (bench->interrupted)
        return outcome_exit_code(&cancelled);
    return outcome ? outcome_exit_code(outcome) : 0;
}

static void show(struct bench *bench, const struct str *line)
{
    if (bench->options->json) {
        if (line->data)
            (void)fwrite(line->data, 1, line->len, stdout);
    } else if (!bench->csv.standard) { /* else the rows alone, for whoever reads them */
        bench_print(bench);
        profiling_print(&bench->profiling);
    }
}

static int write_files(struct bench *bench, const struct str *line, struct json_object *object,
                       struct error *err)
{
    struct error fresh = { 0 };
    autostr struct str rows = { 0 };
    const char *label = bench->count > 0 ? bench->subjects[0].label : "";
    int r = object ? report_write(&bench->report, line->data, line->len, err) : 0;
    bench_csv(bench, &rows);
    r = report_also(r, err, report_write(&bench->csv, rows.data, rows.len, &fresh), &fresh);
    r = report_also(r, err, tracing_write(&bench->tracing, &fresh), &fresh);
    r = report_also(r, err, profiling_write(&bench->profiling, label, &fresh), &fresh);
    /* A picture that compares has no place for one that failed. */
    if (object && !(bench->failed && bench->count > 1))
        r = report_also(r, err, bench_extras_make(bench->options, object, &fresh), &fresh);
    return r;
}

static int write_all(struct bench *bench, struct error *err)
{
    struct json_object *object = bench_json(bench);
    autostr struct str line = { 0 };
    if (object) {
        profiling_add(&bench->profiling, object);
        size_t len;
        const char *text = result_text(object, &len);
        str_add(&line, text, len);
        str_putc(&line, '\n');
    }
    show(bench, &line);
    int r = write_files(bench, &line, object, err);
    if (bench->recording && object)
        recording_end(TAKE(&bench->recording),
                      bench->interrupted ? "cancelled"
                      : bench->failed    ? result_status(&bench->failed->last.outcome)
                                         : "completed",
                      NULL, object);
    json_object_put(object);
    return r;
}

static int bench_all(struct bench *bench, bool *no_script, struct error *err)
{
    int r = check(bench, err);
    if (r == 0)
        r = open_subjects(bench, no_script, err);
    if (r == 0)
        r = open_files(bench, err);
    if (r == 0)
        r = record(bench, err);
    if (r == 0)
        r = watch_signals(bench, err);
    if (r == 0)
        r = measure(bench, err);
    if (r < 0)
        return r;
    if (bench->failed && !bench->options->quiet)
        say_failure(bench->failed);
    if (bench->interrupted && !bench->options->quiet)
        say_interrupted(bench);
    return write_all(bench, err);
}

static void bench_done(struct bench *bench)
{
    for (size_t i = 0; i < bench->count; i++)
        subject_close(&bench->subjects[i]);
    free(bench->subjects);
    report_close(&bench->report);
    report_close(&bench->csv);
    profiling_close(&bench->profiling);
    tracing_close(&bench->tracing);
    if (bench->signal_event)
        event_free(bench->signal_event);
    own_close(&bench->signals);
    event_base_free(bench->base);
}

int bench_command(const struct command *command, struct options *options)
{
    (void)command;
    struct error err = { 0 };
    bool no_script = false;
    struct bench bench = {
        .options = options,
        .base = event_base_new(),
        .report = { .option = "--report", .path = options->report, .fd = -1 },
        .csv = { .option = "--csv", .path = options->csv, .fd = -1 },
        .profiling = PROFILING_NONE,
        .signals = -1,
    };
    if (!bench.base) {
        complain("start an event loop: out of memory");
        return EXIT_UNUSABLE;
    }
    tracing_begin(&bench.tracing, options);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGCHLD, SIG_DFL);
    int r = bench_all(&bench, &no_script, &err);
    int status = r == 0 ? exit_status(&bench) : complain_error(&err);
    bench_done(&bench);
    return no_script ? EXIT_NO_SUCH : status;
}
