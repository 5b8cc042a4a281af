/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/options.h"

#include <errno.h>
#include <string.h>

#include "str.h"

#define BOXED      (COMMAND_RUN | COMMAND_EXEC | COMMAND_BENCH)
#define PREPARES   (BOXED | COMMAND_ENV)
#define AT(member) offsetof(struct options, member)

/* clang-format off: a table is read by its columns */
const struct option_row option_rows[] = {
    { "--policy", "NAME|FILE", "what it may do (default: default)", PREPARES | COMMAND_CHECK,
      OPTION_TEXT, AT(policy) },
    { "--directory", "DIR", "the workspace: mounted at its own path, working directory", PREPARES,
      OPTION_TEXT, AT(directory) },
    { "--read", "PATH", "show more of the host, read-only, at its own path", BOXED, OPTION_LIST,
      AT(read) },
    { "--write", "PATH", "show more of the host, writable, at its own path", BOXED, OPTION_LIST,
      AT(write) },
    { "--allow-host", "HOST[:PORT]", "let connections to this host out", BOXED, OPTION_LIST,
      AT(allow_host) },
    { "--with", "REQUIREMENT", "install this into the environment", PREPARES | COMMAND_SCRIPTS,
      OPTION_LIST, AT(with) },
    { "--python", "VERSION|PATH", "exactly this interpreter", PREPARES, OPTION_TEXT, AT(python) },
    { "--no-uv", NULL, "the system's Python, without an environment", BOXED, OPTION_FLAG,
      AT(no_uv) },
    { "--offline", NULL, "resolve nothing, install nothing", PREPARES, OPTION_FLAG, AT(offline) },
    { "--refresh", NULL, "make the environment anew", PREPARES, OPTION_FLAG, AT(refresh) },
    { "--env", "NAME[=VALUE]", "set a variable; without a value, pass the caller's own", BOXED,
      OPTION_LIST, AT(env) },
    { "--env-file", "FILE", "set the variables of a dotenv file", BOXED, OPTION_LIST,
      AT(env_file) },
    { "--timeout", "DURATION", "wall-clock limit, such as 30s", BOXED, OPTION_LIMIT,
      AT(asked.wall_ms) },
    { "--cpu", "DURATION", "CPU time limit of all processes together", BOXED, OPTION_LIMIT,
      AT(asked.cpu_ms) },
    { "--memory", "SIZE", "memory limit, such as 512M", BOXED, OPTION_LIMIT,
      AT(asked.memory_bytes) },
    { "--pids", "N", "how many processes and threads at once", BOXED, OPTION_LIMIT,
      AT(asked.pids) },
    { "--output", "SIZE", "how much output is kept", BOXED, OPTION_LIMIT, AT(asked.output_bytes) },
    { "-c", "CODE", "run this code instead of a file", COMMAND_RUN | COMMAND_BENCH, OPTION_TEXT,
      AT(code) },
    { "--tty", NULL, "give the script a terminal of its own", BOXED, OPTION_FLAG, AT(tty) },
    { "--job", NULL, "record the run as a job", BOXED, OPTION_FLAG, AT(job) },
    { "--no-server", NULL, "start the box here, even where a server runs", BOXED, OPTION_FLAG,
      AT(no_server) },
    { "--trace", "FILE", "write down each phase of a run, for a trace viewer",
      BOXED | COMMAND_SERVE, OPTION_TEXT, AT(trace) },
    { "--quiet", NULL, "no words of cordon's own", BOXED, OPTION_FLAG, AT(quiet) },
    { "--json", NULL, "the result object instead of the script's output", BOXED, OPTION_FLAG,
      AT(json) },
    { "--json", NULL, "the same as JSON", COMMAND_CHECK | COMMAND_SCRIPTS | COMMAND_JOBS,
      OPTION_FLAG, AT(json) },
    { "--report", "FILE", "write the result object to a file as well", BOXED, OPTION_TEXT,
      AT(report) },
    { "--runs", "N", "how often it is measured (default: as its length suggests)", COMMAND_BENCH,
      OPTION_TEXT, AT(runs) },
    { "--warmup", "N", "runs before those that are measured (default: 0)", COMMAND_BENCH,
      OPTION_TEXT, AT(warmup) },
    { "--compare", "FILE", "measure this script too, in turns with the first", COMMAND_BENCH,
      OPTION_LIST, AT(compare) },
    { "--phases", NULL, "show what the time around the script went to", COMMAND_BENCH, OPTION_FLAG,
      AT(phases) },
    { "--sample-interval", "DURATION", "time between two readings, from 1ms (default: 50ms)",
      COMMAND_BENCH, OPTION_TEXT, AT(sample_interval) },
    { "--csv", "FILE", "write one row per run", COMMAND_BENCH, OPTION_TEXT, AT(csv) },
    { "--chart", "FILE.svg|FILE.png", "draw it", COMMAND_BENCH, OPTION_TEXT, AT(chart) },
    { "--profile", "FILE", "write down where the time went in the script",
      COMMAND_RUN | COMMAND_BENCH, OPTION_TEXT, AT(profile) },
    { "--requires-python", "SPEC", "write this into the saved script's header", COMMAND_SCRIPTS,
      OPTION_TEXT, AT(requires_python) },
    { "--overwrite", NULL, "replace a saved script of that name", COMMAND_SCRIPTS, OPTION_FLAG,
      AT(overwrite) },
    { "--status", "STATUS", "only jobs that are running, failed, cancelled, ...", COMMAND_JOBS,
      OPTION_TEXT, AT(status) },
    { "--limit", "N", "how many jobs are listed (default: 50)", COMMAND_JOBS, OPTION_TEXT,
      AT(limit) },
    { "--follow", NULL, "go on as the job writes, until it ends", COMMAND_JOBS, OPTION_FLAG,
      AT(follow) },
    { "--stream", "stdout|stderr", "only this one, on standard output", COMMAND_JOBS, OPTION_TEXT,
      AT(stream) },
    { "--max-age", "DURATION", "prune what ended longer ago (default: 24h)", COMMAND_JOBS,
      OPTION_TEXT, AT(max_age) },
    { "--keep-completed", NULL, "prune no completed jobs", COMMAND_JOBS, OPTION_FLAG,
      AT(keep_completed) },
    { "--keep-failed", NULL, "prune no failed jobs", COMMAND_JOBS, OPTION_FLAG, AT(keep_failed) },
    { "--script", "FILE", "make what this script asks for in its header or imports", COMMAND_ENV,
      OPTION_TEXT, AT(script) },
    { "--unused", "DURATION", "prune what was not used for so long", COMMAND_ENV, OPTION_OTHER, 0 },
    { "--all", NULL, "prune all that nobody uses, and uv's cache", COMMAND_ENV, OPTION_OTHER, 0 },
    { "--root", "DIR", "a directory that clients may name (repeatable)",
      COMMAND_SERVE | COMMAND_MCP, OPTION_LIST, AT(root) },
    { "--http", "ADDR:PORT", "serve over HTTP, at /mcp; port 0: any that is free", COMMAND_SERVE,
      OPTION_TEXT, AT(http) },
    { "--unix", "PATH", "the same on a Unix socket", COMMAND_SERVE, OPTION_TEXT, AT(unix_path) },
    { "--write", NULL, "put it into the client's settings, and show what changes", COMMAND_MCP,
      OPTION_FLAG, AT(install) },
    { "--name", "NAME", "what the server is called there (default: cordon)", COMMAND_MCP,
      OPTION_TEXT, AT(name) },
    { "--file", "FILE", "these settings, such as those of a project", COMMAND_MCP, OPTION_TEXT,
      AT(file) },
    { "--ssh", "HOST", "the server is on this host, reached with ssh", COMMAND_MCP, OPTION_TEXT,
      AT(ssh) },
    { "--wsl", NULL, "the client is on the Windows around this WSL", COMMAND_MCP, OPTION_FLAG,
      AT(wsl) },
    { "--state", "DIR", "where environments and records are kept", COMMAND_ANY, OPTION_TEXT,
      AT(state) },
    { "--config", "FILE", "the configuration file", COMMAND_ANY, OPTION_TEXT, AT(config) },
    { "--policies", "DIR", "search policies here first", COMMAND_ANY, OPTION_TEXT, AT(policies) },
    { "--log-level", "LEVEL", "error, warn, info or debug", COMMAND_ANY, OPTION_TEXT,
      AT(log_level) },
    { "--help", NULL, "say this", COMMAND_ANY, OPTION_FLAG, AT(help) },
    { "--version", NULL, "say which version this is", COMMAND_ANY, OPTION_FLAG, AT(version) },
};
/* clang-format on */
const size_t option_count = COUNT(option_rows);

void options_init(struct options *options)
{
    *options = (struct options){ .asked = limits_no_opinion() };
}

void options_done(struct options *options)
{
    for (size_t i = 0; i < option_count; i++)
        if (option_rows[i].kind == OPTION_LIST)
            list_free(*(char ***)(void *)((char *)options + option_rows[i].offset));
    list_free(options->gathered);
    options_init(options);
}

/* A row by the first `len` characters of a word; all of the commands must know it. */
static const struct option_row *row_named(const char *word, size_t len, unsigned command)
{
    for (size_t i = 0; i < option_count; i++)
        if ((option_rows[i].commands & command) == command && strlen(option_rows[i].name) == len &&
            strncmp(option_rows[i].name, word, len) == 0)
            return &option_rows[i];
    return NULL;
}

/* One letter too many, too few, another or in another place; or the beginning of it. */
bool word_is_near(const char *word, const char *name)
{
    size_t len = strlen(word), of = strlen(name), same = 0;
    while (same < len && same < of && word[same] == name[same])
        same++;
    if (same == len)
        return len >= 3;
    while (len > same && of > same && word[len - 1] == name[of - 1])
        len--, of--;
    bool swapped = len - same == 2 && of - same == 2 && word[same] == name[same + 1] &&
                   word[same + 1] == name[same];
    return strlen(word) >= 3 && (swapped || (len - same <= 1 && of - same <= 1));
}

static const char *near_option(const char *word, unsigned command)
{
    for (size_t i = 0; starts_with(word, "--") && i < option_count; i++)
        if ((option_rows[i].commands & command) == command &&
            word_is_near(word + 2, option_rows[i].name + 2))
            return option_rows[i].name;
    return NULL;
}

static enum limit_unit unit_of(const struct option_row *row)
{
    for (size_t i = 0; i < LIMIT_COUNT; i++)
        if (offsetof(struct options, asked) + limit_fields[i].offset == row->offset)
            return limit_fields[i].unit;
    return UNIT_COUNT;
}

static int option_set(struct options *options, const struct option_row *row, const char *value,
                      struct error *err)
{
    void *slot = (char *)options + row->offset;
    int r = 0;
    switch (row->kind) {
    case OPTION_FLAG:
        *(bool *)slot = true;
        break;
    case OPTION_TEXT:
        *(const char **)slot = value;
        break;
    case OPTION_LIST:
        list_add((char ***)slot, value);
        break;
    case OPTION_LIMIT:
        r = limit_parse(value, unit_of(row), slot, err);
        return r < 0 ? fail_within(err, "%s", row->name) : 0;
    case OPTION_OTHER:
        return fail_caller(err, EINVAL, "%s is an option of another word", row->name);
    }
    return 0;
}

/* One option and its value; returns how many words it took. */
static int option_take(struct options *options, unsigned command, char *const *argv,
                       struct error *err)
{
    const char *word = argv[0], *equals = strchr(word, '=');
    bool attached = equals && starts_with(word, "--");
    size_t len = attached ? (size_t)(equals - word) : strlen(word);
    const struct option_row *row = row_named(word, len, command);
    char shown[64];
    if (!row && (strcmp(word, "-h") == 0 || strcmp(word, "-V") == 0)) {
        *(word[1] == 'h' ? &options->help : &options->version) = true;
        return 1;
    }
    const char *near = row ? NULL : near_option(word, command);
    if (!row)
        return fail_caller(err, EINVAL, "unknown option %s%s%s",
                           printable(word, shown, sizeof(shown)), near ? "; did you mean " : "",
                           near ? near : "");
    if (!row->argument && attached)
        return fail_caller(err, EINVAL, "%s takes no value", row->name);
    if (row->argument && !attached && !argv[1])
        return fail_caller(err, EINVAL, "%s needs a value: %s", row->name, row->argument);
    const char *value = attached ? equals + 1 : argv[1];
    int r = option_set(options, row, value, err);
    if (r < 0)
        return r;
    return row->argument && !attached ? 2 : 1;
}

int options_parse(struct options *options, unsigned command, char *const *argv, struct error *err)
{
    while (*argv && (*argv)[0] == '-' && (*argv)[1] != '\0' && !options->code) {
        if (strcmp(*argv, "--") == 0) {
            argv++;
            options->closed = true;
            break;
        }
        int taken = option_take(options, command, argv, err);
        if (taken < 0)
            return taken;
        argv += taken;
    }
    options->words = argv;
    options->command = command;
    return 0;
}

const char *options_astray(const struct options *options, char *const *words)
{
    if (options->closed || !words[0] || !starts_with(words[0], "--"))
        return NULL;
    const struct option_row *row = row_named(words[0], strlen(words[0]), options->command);
    if (!row || row->commands == COMMAND_ANY)
        return NULL; /* every program has its own --help */
    return row->argument && (!words[1] || words[1][0] == '-') ? NULL : row->name;
}

int options_collect(struct options *options, unsigned command, char *const *words, char ***rest,
                    struct error *err)
{
    autolist char **others = NULL;
    bool last = false;
    while (*words) {
        int r = last ? 0 : options_parse(options, command, words, err);
        if (r < 0)
            return r;
        if (!last) {
            last = options->words > words && strcmp(options->words[-1], "--") == 0;
            words = options->words;
        }
        if (*words)
            list_add(&others, *words++);
    }
    *rest = TAKE(&others);
    return 0;
}

int options_gather(struct options *options, char *const *words, char ***rest, struct error *err)
{
    autolist char **others = NULL;
    bool words_only = false; /* behind "--" they are somebody else's */
    while (*words) {
        words_only = words_only || strcmp(*words, "--") == 0;
        size_t len = strcspn(*words, "=");
        if (words_only || !starts_with(*words, "--") || !row_named(*words, len, COMMAND_ANY)) {
            list_add(&others, *words++);
            continue;
        }
        int taken = option_take(options, COMMAND_ANY, words, err);
        if (taken < 0)
            return taken;
        words += taken;
    }
    *rest = TAKE(&others);
    return 0;
}

/* The headings of what run, exec and bench have so much of: each stands before the first of the
 * options from that one on that the command knows. */
static const struct {
    const char *from, *text;
} headings[] = {
    { "--policy", "What it may do and see" },
    { "--with", "Packages and interpreter" },
    { "--env", "Variables" },
    { "--timeout", "Limits, on all of its processes together" },
    { "-c", "How it runs, and what comes back" },
    { "--runs", "Measuring" },
};

static void help_rows(unsigned command, bool everywhere, FILE *out)
{
    const char *heading = everywhere ? "Everywhere" : "Options";
    for (size_t i = 0; i < option_count; i++) {
        const struct option_row *row = &option_rows[i];
        for (size_t j = 0; !everywhere && command & BOXED && j < COUNT(headings); j++)
            if (strcmp(headings[j].from, row->name) == 0)
                heading = headings[j].text;
        if ((row->commands & command) != command || (row->commands == COMMAND_ANY) != everywhere)
            continue;
        char left[40];
        (void)snprintf(left, sizeof(left), "%s%s%s", row->name, row->argument ? " " : "",
                       row->argument ? row->argument : "");
        if (heading)
            (void)fprintf(out, "\n%s:\n", heading);
        heading = NULL;
        (void)fprintf(out, "  %-26s %s\n", left, row->help);
    }
}

void options_help(unsigned command, FILE *out)
{
    if (command != COMMAND_ANY)
        help_rows(command, false, out);
    help_rows(command, true, out);
}
