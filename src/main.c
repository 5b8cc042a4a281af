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
      "run a Python script in a box",
      "cordon run script.py\n"
      "cordon run --directory . --with 'pandas>=2' report.py\n"
      "cordon run --timeout 5s --memory 256M --json -c 'print(6 * 7)'",
      "Run" },
    { "exec", COMMAND_EXEC, run_command, "[OPTIONS] -- COMMAND [ARG...]",
      "run any program in a box",
      "cordon exec -- /bin/ls -la /\n"
      "cordon exec --directory project --policy ci -- make test",
      NULL },
    { "bench", COMMAND_BENCH, bench_command,
      "[OPTIONS] [--runs N] [--compare FILE]... SCRIPT|- [ARG...]\n[OPTIONS] -c CODE [ARG...]",
      "measure a script, or compare several",
      "cordon bench --runs 5 script.py\n"
      "cordon bench --runs 5 --compare new.py old.py",
      NULL },
    { "serve", COMMAND_SERVE, serve_command,
      "[OPTIONS] [--root DIR]... [--http ADDR:PORT | --unix PATH]",
      "serve MCP on standard input and output, or over HTTP",
      "cordon serve --root ~/project\n"
      "cordon serve --http 127.0.0.1:8000",
      "Serve" },
    { "mcp", COMMAND_MCP, mcp_command,
      "config claude-desktop|claude-code|cursor|vscode|codex|gemini|zed [OPTIONS]",
      "tell an MCP client of the server",
      "cordon mcp config claude-code --root .\n"
      "cordon mcp config claude-code --root . --write",
      NULL },
    { "check", COMMAND_CHECK, check_host_command, "[--json] [--policy NAME|FILE] [--config FILE]",
      "what this host can enforce, what it cannot, what to do about it",
      "cordon check\n"
      "cordon check --policy strict --json",
      "Look, and decide" },
    { "policy", COMMAND_POLICY, forward_command,
      "list\nshow [--filter | --json] NAME\ncheck FILE\ndiff A B\nexplain NAME SYSCALL|PATH|HOST\n"
      "learn [--policy NAME|FILE] [--directory DIR] -- COMMAND [ARG...]",
      "what scripts may do, and why",
      "cordon policy show default\n"
      "cordon policy explain default ptrace\n"
      "cordon policy learn --policy ci --directory project -- make test",
      NULL },
    { "jobs", COMMAND_JOBS, jobs_command,
      "list [--status STATUS] [--limit N] [--json]\nshow ID [--json]\n"
      "output ID [--follow] [--stream stdout|stderr]\ncancel ID\n"
      "prune [--max-age DURATION] [--keep-completed] [--keep-failed] [--json]\n"
      "export\nimport FILE|-",
      "recorded runs",
      "cordon jobs list --status failed\n"
      "cordon jobs output ID --follow",
      NULL },
    { "scripts", COMMAND_SCRIPTS, scripts_command,
      "list [--json]\nshow NAME\n"
      "save NAME FILE|- [--with REQUIREMENT]... [--requires-python SPEC]\n"
      "run NAME [OPTIONS of run] [ARG...]\nremove NAME",
      "saved scripts",
      "cordon scripts save report report.py --with rich\n"
      "cordon scripts run report",
      NULL },
    { "env", COMMAND_ENV, env_command,
      "list\nmake [--with REQUIREMENT]... [--script FILE] [--directory DIR] [OPTIONS]\n"
      "prune [--unused DURATION | --all]\nexport KEY FILE\nimport FILE",
      "prepared environments",
      "cordon env make --with rich\n"
      "cordon env export KEY rich.cordon-env",
      NULL },
    { "backup", COMMAND_BACKUP, backup_command, "DIR",
      "copy records, output, saved scripts and the audit log", "cordon backup cordon-2026-11-23",
      NULL },
    { "restore", COMMAND_RESTORE, backup_command, "DIR", "put such a copy into an empty state",
      "cordon restore --state \"$PWD/new\" cordon-2026-11-23", NULL },
};

/* policy, most of env and check are the sandbox's own business: it reads what it
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

static void say_lines(const char *lead, const char *lines)
{
    for (size_t len; *lines; lines += len + (lines[len] != '\0')) {
        len = strcspn(lines, "\n");
        (void)printf("%s%.*s\n", lead, (int)len, lines);
    }
}

static void say_command(const struct command *command)
{
    const char *lead = "usage:";
    autofree char *usage = xstrdup(command->usage);
    for (char *line = strtok(usage, "\n"); line; line = strtok(NULL, "\n"), lead = "      ")
        (void)printf("%s cordon %s %s\n", lead, command->name, line);
    (void)printf("\n%s\n\n", command->help);
    say_lines("  $ ", command->examples);
    options_help(command->bit, stdout);
    if (command->run == run_command)
        say_lines(
            "",
            "\nExit status: the program's own; 124 a limit on time, CPU or disk ended it (on "
            "output only\n"
            "where the policy has \"output_end\": else more is dropped), 137 the one on memory,\n"
            "130 it was cancelled, 126 the policy refuses, 125 the box could not be built or "
            "cordon was\n"
            "used wrongly, 127 there is no such command or script.");
    (void)printf("\nman cordon-%s says more.\n",
                 command->bit == COMMAND_RESTORE ? "backup" : command->name);
}

static int say_help(const struct command *command)
{
    if (command) {
        say_command(command);
        return 0;
    }
    (void)printf(
        "usage: cordon COMMAND [OPTIONS] ...\n\n"
        "cordon runs Python that you have not read, or any program, in a box: no network, no\n"
        "files but its workspace, bounded time and memory, nothing left running afterwards.\n");
    for (size_t i = 0; i < COUNT(commands); i++) {
        if (commands[i].section)
            (void)printf("\n%s:\n", commands[i].section);
        (void)printf("  %-9s %s\n", commands[i].name, commands[i].help);
    }
    options_help(COMMAND_ANY, stdout);
    (void)printf("\nFirst steps:\n"
                 "  $ cordon check\n"
                 "  $ cordon run -c 'print(6 * 7)'\n"
                 "\ncordon COMMAND --help says more; so do man cordon and man cordon-COMMAND.\n");
    return 0;
}

static int parse_command(const struct command *command, struct options *options, struct error *err)
{
    if (!(command->bit & (COMMAND_CHECK | COMMAND_POLICY | COMMAND_ENV)))
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
    called_with = argv;
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
