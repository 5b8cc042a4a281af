/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - the untrusting program: the first word is a command. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include <cordon/log.h>

#include "clock.h"
#include "cmd/command.h"
#include "cmd/trusted.h"
#include "fd.h"
#include "print.h"
#include "str.h"

static const struct command commands[] = {
    { "run", COMMAND_RUN, run_command,
      "[OPTIONS] [--] SCRIPT|- [ARG...]\n[OPTIONS] -c CODE [ARG...]",
      "run a Python script in a box" },
    { "exec", COMMAND_EXEC, run_command, "[OPTIONS] -- COMMAND [ARG...]",
      "run any program in a box" },
    { "bench", COMMAND_BENCH, bench_command,
      "[OPTIONS] [--runs N] [--compare FILE]... SCRIPT|- [ARG...]\n[OPTIONS] -c CODE [ARG...]",
      "measure a script, or compare several" },
    { "serve", COMMAND_SERVE, serve_command,
      "[OPTIONS] [--root DIR]... [--http ADDR:PORT | --unix PATH]",
      "serve MCP on standard input and output, or over HTTP" },
    { "check", COMMAND_CHECK, forward_command, "[--json] [--policy NAME] [--config FILE]",
      "what this host can enforce, what it cannot, what to do about it" },
    { "policy", COMMAND_POLICY, forward_command,
      "list\nshow NAME\ncheck FILE\ndiff A B\nexplain NAME SYSCALL|PATH|HOST\n"
      "learn [--policy NAME] [--directory DIR] -- COMMAND [ARG...]",
      "what scripts may do, and why" },
    { "jobs", COMMAND_JOBS, jobs_command,
      "list [--status STATUS] [--limit N] [--json]\nshow ID [--json]\n"
      "output ID [--follow] [--stream stdout|stderr]\ncancel ID\n"
      "prune [--max-age DURATION] [--keep-completed] [--keep-failed] [--json]\n"
      "export\nimport FILE|-",
      "recorded runs" },
    { "scripts", COMMAND_SCRIPTS, scripts_command,
      "list [--json]\nshow NAME\n"
      "save NAME FILE|- [--with REQUIREMENT]... [--requires-python SPEC] [--overwrite]\n"
      "run NAME [OPTIONS of run] [ARG...]\nremove NAME",
      "saved scripts" },
    { "env", COMMAND_ENV, env_command,
      "list\nmake [--with REQUIREMENT]... [--script FILE] [--directory DIR] [OPTIONS]\n"
      "prune [--unused DURATION | --all]\nexport KEY FILE\nimport FILE",
      "prepared environments" },
    { "mcp", COMMAND_MCP, mcp_command,
      "config claude-desktop|claude-code|cursor|vscode|codex|gemini|zed [OPTIONS]",
      "tell an MCP client of the server" },
};

/* check, policy and most of env are the sandbox's own business: it reads what it
 * obeys, and it knows the options of these. */
int forward_command(const struct command *command, struct options *options)
{
    struct error err = { 0 };
    (void)!sandbox_become(command->name, options, options->words, &err);
    return complain_error(&err);
}

static const struct command *command_named(const char *name)
{
    for (size_t i = 0; i < COUNT(commands); i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

static int say_version(void)
{
    (void)puts("cordon " CORDON_VERSION);
    return 0;
}

static int say_help(const struct command *command)
{
    if (command) {
        const char *lead = "usage:";
        autofree char *usage = xstrdup(command->usage);
        for (char *line = strtok(usage, "\n"); line; line = strtok(NULL, "\n"), lead = "      ")
            (void)printf("%s cordon %s %s\n", lead, command->name, line);
        (void)printf("\n%s\n\n", command->help);
        options_help(command->bit, stdout);
        (void)printf("\nman cordon-%s says more.\n", command->name);
        return 0;
    }
    (void)printf("usage: cordon COMMAND [OPTIONS] ...\n\n");
    for (size_t i = 0; i < COUNT(commands); i++)
        (void)printf("  %-24s %s\n", commands[i].name, commands[i].help);
    (void)printf("\neverywhere:\n");
    options_help(COMMAND_ANY, stdout);
    (void)printf("\ncordon COMMAND --help says more; so do man cordon and man cordon-COMMAND.\n");
    return 0;
}

static int parse_command(const struct command *command, struct options *options, struct error *err)
{
    if (command->run != forward_command && command->run != env_command)
        return options_parse(options, command->bit, options->words, err);
    int r = options_gather(options, options->words, &options->gathered, err);
    options->words = options->gathered;
    return r;
}

static int command_run(const struct command *command, struct options *options)
{
    struct error err = { 0 };
    if (parse_command(command, options, &err) < 0) {
        complain("%s: %s; see cordon %s --help", command->name, err.text, command->name);
        return EXIT_UNUSABLE;
    }
    if (options->help)
        return say_help(command);
    if (options->version)
        return say_version();
    if (options->log_level) {
        int level = log_level_parse(options->log_level);
        if (level < 0) {
            complain("--log-level is one of error, warn, info and debug");
            return EXIT_UNUSABLE;
        }
        log_set_level((enum log_level)level);
    }
    return command->run(command, options);
}

/* A caller may have closed them; a socket of ours must not become "standard error". */
static void open_standard_descriptors(void)
{
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            (void)!open("/dev/null", fd == 0 ? O_RDONLY : O_WRONLY);
}

static int command_start(const char *name, struct options *options)
{
    const struct command *command = command_named(name);
    if (command)
        return command_run(command, options);
    char shown[64];
    const char *near = NULL;
    for (size_t i = 0; !near && i < COUNT(commands); i++)
        near = word_is_near(name, commands[i].name) ? commands[i].name : NULL;
    complain("no command \"%s\"%s%s; see cordon --help", printable(name, shown, sizeof(shown)),
             near ? "; did you mean " : "", near ? near : "");
    return EXIT_UNUSABLE;
}

static int start(struct options *options, const char *self, char *const *argv)
{
    struct error err = { 0 };
    options->words = argv;
    if (strcmp(self, "cordon-mcp") == 0)
        return command_start("serve", options);
    if (options_parse(options, COMMAND_ANY, argv, &err) < 0) {
        complain("%s; see cordon --help", err.text);
        return EXIT_UNUSABLE;
    }
    if (options->version)
        return say_version();
    if (options->help)
        return say_help(NULL);
    const char *name = options->words[0];
    if (!name) {
        complain("no command is given; see cordon --help");
        return EXIT_UNUSABLE;
    }
    options->words++;
    if (strcmp(name, "help") == 0 && (!options->words[0] || command_named(options->words[0])))
        return say_help(options->words[0] ? command_named(options->words[0]) : NULL);
    return command_start(name, options);
}

int main(int argc, char **argv)
{
    started_ns = now_ns();
    open_standard_descriptors();
    fd_limit_raise();
    sandbox_shown_in(argc, argv);
    const char *self = argc > 0 ? argv[0] : "cordon";
    const char *slash = strrchr(self, '/');
    struct options options;
    options_init(&options);
    int status = start(&options, slash ? slash + 1 : self, argv + (argc > 0));
    options_done(&options);
    return print_end(status);
}
