/* SPDX-License-Identifier: Apache-2.0 */
/* document.h - what a benchmark said, as far as a picture shows it (README.md beside this file).
 *
 * The text is a stranger's. Every count is bounded here, every number is finite and not
 * negative, or NAN where the document does not say it, and every text is one printable line.
 */
#pragma once

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

#include <cordon/error.h>

/* More points than any picture has columns; of longer lists every second, third, ... is kept. */
#define CHART_SAMPLES_MAX 8192
#define CHART_RUNS_MAX    8192

#define CHART_EACH_MAX    64 /* processes in one sample; a box has room for more, a panel has not */
#define CHART_SCRIPTS_MAX 24 /* rows of a comparison */
#define CHART_TEXT_MAX    200

/* What the document does not say. */
#define UNKNOWN ((double)NAN)

/* As a number of seconds or megabytes: nothing real is larger, and sums stay exact enough. */
#define CHART_NUMBER_MAX 1e12

/* What is told apart: the largest so many, and the rest together. */
#define CHART_NAMED_MAX 6

struct share {
    long pid;
    double cpu_seconds, memory_mb;
};

struct sample {
    double time_seconds, cpu_seconds, memory_mb, processes;
    struct share *each; /* NULL where not told */
    size_t each_count;
};

struct process {
    long pid;
    char name[64];
    double peak_mb;
};

struct run_figures {
    double wall_seconds, cpu_seconds, memory_mb;
    bool good; /* exited with 0, as far as is known */
};

enum phase { PHASE_QUEUE, PHASE_PREPARE, PHASE_BOX, PHASE_INTERPRETER, PHASE_SCRIPT, PHASE_COUNT };
extern const char *const phase_names[PHASE_COUNT];

/* Of the warnings of one script so many are shown. */
#define CHART_WARNINGS_MAX 2

struct measured {
    char label[CHART_TEXT_MAX]; /* empty where there is none */
    char end[32], signal[32];
    int exit_code; /* -1: not known */
    double wall_seconds, cpu_user_seconds, cpu_system_seconds, peak_memory_mb, processes_peak;
    double phases[PHASE_COUNT];
    double limit_wall_seconds, limit_memory_mb, limit_cpu_seconds;
    struct sample *samples; /* in the order of time */
    size_t sample_count;
    struct process named[CHART_NAMED_MAX]; /* the processes with the highest peaks, by pid */
    size_t named_count;
    bool others; /* there are further ones */
    char warnings[CHART_WARNINGS_MAX][CHART_TEXT_MAX];
    size_t warning_count;
    struct run_figures *runs;
    size_t run_count;
};

struct comparison {
    char label[CHART_TEXT_MAX], against[CHART_TEXT_MAX];
    double ratio, low, high;
};

struct document {
    struct measured *scripts; /* at least one */
    size_t script_count;
    size_t omitted; /* of its scripts are not among them */
    struct comparison *comparisons;
    size_t comparison_count;
};

int document_read(const char *text, size_t len, struct document *ret, struct error *err) must_check;
void document_done(struct document *document);

/* A text of valid UTF-8 as one printable line, cut where it is longer. `room`: more than 8. */
void one_line(const char *text, char *out, size_t room);

/* What the readers of both kinds of document share. */
struct json_object;
double json_figure(struct json_object *object, const char *member); /* or NAN */
void json_text(struct json_object *object, const char *member, char *out, size_t room);
struct json_object *json_list(struct json_object *object, const char *member); /* or NULL */
