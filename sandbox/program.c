/* SPDX-License-Identifier: Apache-2.0 */
/* program.c - cordon-sandbox: run | prepare | gate | check | policy | env, and witness inside a
 * box.
 *
 * People call `cordon`, which calls this; see cordon(1). Options come before the
 * word, words after it belong to it.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cordon/trusted.h>

#include "cgroup.h"
#include "check.h"
#include "egress.h"
#include "env.h"
#include "fd.h"
#include "gate.h"
#include "kernel.h"
#include "marks.h"
#include "policy.h"
#include "print.h"
#include "str.h"
#include "witness.h"

#define USAGE_STATUS 125

static int run_command(const struct sandbox *sandbox, int argc, char *const *argv)
{
    (void)argc;
    (void)argv;
    return gate_run_one(sandbox);
}

static int gate_command(const struct sandbox *sandbox, int argc, char *const *argv)
{
    (void)argc;
    (void)argv;
    return gate_serve(sandbox);
}

static int prepare_command(const struct sandbox *sandbox, int argc, char *const *argv)
{
    (void)argc;
    (void)argv;
    return gate_prepare_one(sandbox);
}

/* What a supervisor that was killed has left behind. */
static int sweep_command(const struct sandbox *sandbox, int argc, char *const *argv)
{
    (void)argc;
    (void)argv;
    gate_audit_death(sandbox);
    cgroup_sweep(&sandbox->cgroups);
    return 0;
}

static const struct word {
    const char *name;
    int (*run)(const struct sandbox *sandbox, int argc, char *const *argv);
    bool oneshot;  /* the caller is the operator */
    bool policies; /* reads them all at start; a run only those that it needs */
    bool boxes;    /* needs the mount namespace that boxes are made in, at once */
    bool socket;   /* is started with GATE_FD */
} words[] = {
    { "run", run_command, true, false, false, true },
    { "prepare", prepare_command, true, false, false, true },
    { "gate", gate_command, false, true, true, true },
    { "check", check_command, true, true, false, false },
    { "policy", policy_command, true, true, false, false },
    { "sweep", sweep_command, true, false, false, true },
    { "env", env_command, true, true, true, false },
};

static int complain(const char *text)
{
    fprintf(stderr, "cordon: %s\n", text);
    return USAGE_STATUS;
}

struct arguments {
    struct sandbox_options options;
    const char *log_level;
    const struct word *word;
    int rest;
};

/* 0, or the exit status after a complaint. */
static int parse(int argc, char **argv, struct arguments *ret)
{
    const struct {
        const char *name;
        const char **value;
    } options[] = { { "--config", &ret->options.config },
                    { "--state", &ret->options.state },
                    { "--policies", &ret->options.policies },
                    { "--log-level", &ret->log_level } };
    int i = 1;
    for (; i < argc && starts_with(argv[i], "--"); i += 2) {
        size_t row = 0;
        if (i + 1 == argc)
            return complain("an option of cordon-sandbox lacks its value");
        if (strcmp(argv[i], "--root") == 0) {
            list_add(&ret->options.roots, argv[i + 1]);
            continue;
        }
        while (row < COUNT(options) && strcmp(options[row].name, argv[i]) != 0)
            row++;
        if (row == COUNT(options))
            return complain("unknown option of cordon-sandbox");
        *options[row].value = argv[i + 1];
    }
    for (size_t w = 0; i < argc && w < COUNT(words); w++)
        if (strcmp(words[w].name, argv[i]) == 0)
            ret->word = &words[w];
    ret->rest = i + 1;
    return ret->word ? 0
                     : complain("cordon-sandbox is started by cordon: run | gate | check | policy "
                                "| env");
}

/* The plan counts on 0, 1 and 2 being open; what else was inherited is closed. */
static int tidy_descriptors(bool keep_socket)
{
    for (int fd = open("/dev/null", O_RDWR | O_CLOEXEC); fd >= 0; fd = dup(fd)) {
        if (fd > STDERR_FILENO) {
            close(fd);
            break;
        }
    }
    return kernel_close_range(keep_socket ? GATE_FD + 1 : GATE_FD, ~0U, 0);
}

/* posix_spawn(3) leaves those two ignored that libc keeps for itself; a payload of ours would
 * inherit that, and one of a fork's would not. libc's own functions do not touch them. */
static void reset_signals_of_libc(void)
{
    static const unsigned long by_default[8];
    for (int number = 32; number < SIGRTMIN; number++)
        (void)syscall(SYS_rt_sigaction, number, by_default, NULL, sizeof(by_default[0]));
}

/* Whoever is a principal was promised his; where others are missing, the rest is served. */
static int judge_policies(const struct sandbox *sandbox, struct error *err)
{
    struct error missing = { 0 };
    if (policies_of_clients(sandbox, &missing) < 0)
        log_event(LOG_WARN, "policy-missing", KV("reason", missing.text));
    return policies_of_principals(sandbox, err);
}

int trusted_main(int argc, char **argv)
{
    marks_begin();
    /* Inside a box there is no state and no policy to look at. */
    if (argc > 1 && strcmp(argv[1], "witness") == 0)
        return witness_main(argc - 2, argv + 2);
    /* It needs none of ours: what it has to know comes over its socket. */
    if (argc > 1 && strcmp(argv[1], EGRESS_WORD) == 0)
        return tidy_descriptors(true) < 0 ? USAGE_STATUS : egress_main();
    struct arguments arguments = { 0 };
    int status = parse(argc, argv, &arguments);
    if (status)
        return status;
    const struct word *word = arguments.word;
    struct sandbox sandbox;
    struct error err = { 0 };
    arguments.options.oneshot = word->oneshot;
    /* A pipe whose reader is gone is an error to handle, not our end. */
    (void)signal(SIGPIPE, SIG_IGN);
    reset_signals_of_libc();
    fd_limit_raise();
    if (tidy_descriptors(word->socket) < 0)
        return complain(strerror(errno));
    int r = sandbox_init(&arguments.options, &sandbox, &err);
    int level = arguments.log_level ? log_level_parse(arguments.log_level) : -1;
    if (level >= 0)
        log_set_level((enum log_level)level);
    if (r == 0 && word->policies)
        policies_remember(&sandbox);
    if (r == 0 && !word->oneshot)
        r = judge_policies(&sandbox, &err);
    if (r == 0 && word->boxes)
        r = sandbox_enter(&sandbox, &err);
    mark("start");
    if (r == 0)
        status = print_end(word->run(&sandbox, argc - arguments.rest, argv + arguments.rest));
    else if (word->run == run_command || word->run == prepare_command)
        status = gate_refuse_one(&sandbox, &err); /* the caller says it, in its own place */
    else
        status = complain(err.text);
    sandbox_done(&sandbox);
    list_free(arguments.options.roots);
    return status;
}
