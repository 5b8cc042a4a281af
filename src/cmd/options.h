/* SPDX-License-Identifier: Apache-2.0 */
/* options.h - every option of every command, in one table.
 *
 * The table parses the command line and prints --help; a unit test holds the
 * manual page and the completions against it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <cordon/error.h>
#include <cordon/limits.h>

/* Who knows an option. */
enum command_bit {
    COMMAND_RUN = 1 << 0,
    COMMAND_EXEC = 1 << 1,
    COMMAND_BENCH = 1 << 2,
    COMMAND_SERVE = 1 << 3,
    COMMAND_CHECK = 1 << 4,
    COMMAND_POLICY = 1 << 5,
    COMMAND_JOBS = 1 << 6,
    COMMAND_SCRIPTS = 1 << 7,
    COMMAND_ENV = 1 << 8,
    COMMAND_MCP = 1 << 9,
    COMMAND_BACKUP = 1 << 10,
    COMMAND_RESTORE = 1 << 11,
    COMMAND_ANY = (1 << 12) - 1,
};

enum option_kind {
    OPTION_FLAG,  /* bool */
    OPTION_TEXT,  /* const char *: the last one given counts */
    OPTION_LIST,  /* char **: all of them */
    OPTION_LIMIT, /* uint64_t of options.asked, by the unit of its row in limit_fields */
    OPTION_OTHER, /* cordon-sandbox reads it; here for help and the manual */
};

struct option_row {
    const char *name;     /* with its dashes */
    const char *argument; /* what stands after it in help: "DURATION"; NULL: nothing */
    const char *help;
    unsigned commands;
    enum option_kind kind;
    size_t offset; /* in struct options */
};

extern const struct option_row option_rows[];
extern const size_t option_count;

struct options {
    bool help, version, no_uv, offline, refresh, quiet, json, no_server, tty, job, overwrite,
        follow, keep_completed, keep_failed;
    const char *state, *config, *policies, *log_level;
    const char *policy, *directory, *python, *report, *trace, *requires_python;
    const char *status, *limit, *stream, *max_age; /* of jobs */
    const char *script;                            /* of env make: a file */
    const char *code;                              /* of -c, or the text of a saved script */
    const char *saved;                             /* its name, or NULL */
    char **read, **write, **allow_host;            /* lists are owned */
    char **with, **env, **env_file;
    char **root;
    const char *http, *unix_path;  /* of serve */
    const char *name, *file, *ssh; /* of mcp config */
    bool install, wsl;
    bool phases; /* of bench, and what follows */
    const char *runs, *warmup, *chart, *csv, *profile, *sample_interval;
    char **compare;
    struct limits asked;
    unsigned command;   /* whose options were parsed last */
    bool closed;        /* by "--": what follows was meant to */
    char **gathered;    /* of options_gather(), owned */
    char *const *words; /* what is left: the script and its arguments; NULL-ended */
};

void options_init(struct options *options);
void options_done(struct options *options);

/* Takes options off the front of `argv` (NULL-ended) until a word that is none,
 * "--" (taken too), or -c CODE, which ends them as in Python. May be called
 * again for more: options before and after a command's name mean the same.
 * Values that cannot be are BLAME_CALLER. */
int options_parse(struct options *options, unsigned command, char *const *argv,
                  struct error *err) must_check;

/* May `name` be what `word` was meant to be? */
bool word_is_near(const char *word, const char *name);

/* The first of the words behind a script, where it is an option of this command with what belongs
 * to it, and so perhaps not meant for the script; else NULL. Not after "--". */
const char *options_astray(const struct options *options, char *const *words);

/* Options of the command may stand anywhere among the words, up to "--"; *rest gets those
 * words (list_free). */
int options_collect(struct options *options, unsigned command, char *const *words, char ***rest,
                    struct error *err) must_check;

/* The options that hold everywhere, wherever they stand among `words`; *rest gets
 * the other words (list_free), for a command that knows its own. */
int options_gather(struct options *options, char *const *words, char ***rest,
                   struct error *err) must_check;

/* One line per option that the command knows, under headings; first those not known everywhere. */
void options_help(unsigned command, FILE *out);
