/* SPDX-License-Identifier: Apache-2.0 */
/* command.h - what every command shares: how it is called, and how it speaks. */
#pragma once

#include <stdint.h>

#include <cordon/error.h>

#include "cmd/options.h"

/* Exit statuses of cordon's own (contract, section 1). */
enum exit_status {
    EXIT_LIMIT = 124,
    EXIT_UNUSABLE = 125, /* could not build or run the box, or was used wrongly */
    EXIT_NO_SUCH = 127,  /* no such command or script */
};

struct command {
    const char *name;
    enum command_bit bit;
    /* With the options parsed and the words after them in options->words; returns
     * the exit status. */
    int (*run)(const struct command *command, struct options *options);
    const char *usage;    /* lines after "cordon NAME ", NUL-ended; several with '\n' */
    const char *help;     /* one line */
    const char *examples; /* whole lines, several with '\n': tests/docs runs them */
    const char *section;  /* of the overview, where this command is the first of it; else NULL */
};

int run_command(const struct command *command, struct options *options);
int bench_command(const struct command *command, struct options *options);
int jobs_command(const struct command *command, struct options *options);
int serve_command(const struct command *command, struct options *options);
int scripts_command(const struct command *command, struct options *options);
int backup_command(const struct command *command, struct options *options); /* and restore */
int env_command(const struct command *command, struct options *options);
int mcp_command(const struct command *command, struct options *options);

int check_host_command(const struct command *command, struct options *options);

/* Becomes cordon-sandbox with the same words. */
int forward_command(const struct command *command, struct options *options);

/* "cordon: ..." on standard error, one line. */
void complain(const char *fmt, ...) printf_like(1, 2);

/* Complains, and says which exit status that is: by whose move it is. */
int complain_error(const struct error *err);

/* What the program was called with, all of it. */
extern char **called_with;

/* When the program started, for elapsed times (CLOCK_MONOTONIC). */
extern uint64_t started_ns;
