/* SPDX-License-Identifier: Apache-2.0 */
/* policy_learn.c - `policy learn`: what a command was denied, and the smallest change that would
 * have allowed it, as a diff a person reads. Nothing is written. */
#include "policy_learn.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "egress_order.h"
#include "json_read.h"
#include "policy_edit.h"
#include "policy_explain.h"
#include "str.h"
#include "syscalls.h"

#define USAGE \
    "usage: cordon policy learn [--policy NAME|FILE] [--directory DIR] -- COMMAND [ARG...]"

/* What a reason looks like that nobody has given yet: the reader of policies refuses it. */
#define NO_REASON ""

struct learnt {
    const struct sandbox *sandbox;
    const struct policy_source *source;
    const struct call_table *table;
    const struct denials *denials;
    const struct outcome *outcome;
};

static void print_times(const char *name, const char *what, uint64_t count)
{
    if (count == 1)
        printf("%s was %s, once\n", name, what);
    else
        printf("%s was %s, %" PRIu64 " times\n", name, what, count);
}

/* --- limits -------------------------------------------------------------------- */

/* How a run ended, or what only failed, and the limit that is behind it. */
static const struct {
    enum end end; /* END_COUNT: none */
    unsigned reached;
    const char *limit;
} limit_rows[] = {
    { END_WALL, 0, "wall" },
    { END_CPU, 0, "cpu" },
    { END_MEMORY, 0, "memory" },
    { END_DISK, REACHED_GROWTH, "workspace_growth" },
    { END_COUNT, REACHED_PIDS, "pids" },
    { END_COUNT, REACHED_FILES, "open_files" },
    { END_COUNT, REACHED_SCRATCH, "scratch" },
    { END_COUNT, REACHED_INODES, "inodes" },
};

static const struct limit_field *field_named(const char *name)
{
    size_t i = 0;
    while (strcmp(limit_fields[i].name, name) != 0)
        i++;
    return &limit_fields[i];
}

static bool was_reached(const struct learnt *learnt, size_t row)
{
    return learnt->outcome->end == limit_rows[row].end ||
           (learnt->outcome->reached & limit_rows[row].reached);
}

/* Nobody knows how much would have been enough. */
static void propose_limits(const struct learnt *learnt, struct policy_edits *edits)
{
    for (size_t i = 0; i < COUNT(limit_rows); i++) {
        const struct limit_field *field = field_named(limit_rows[i].limit);
        uint64_t value = limit_get(&learnt->source->policy->limits, field);
        if (!was_reached(learnt, i))
            continue;
        char now[32], more[32];
        limit_print(value, field->unit, now);
        limit_print(2 * value, field->unit, more);
        autofree char *path = xasprintf("limits.%s", field->name);
        autofree char *says = xasprintf("%s %s: twice as much is proposed, which may not be enough",
                                        field->name, now);
        printf("the limit %s was reached\n", field->name);
        explain_line(learnt->source, path, says, NULL);
        autofree char *text = field->unit == UNIT_COUNT ? xstrdup(more) : xasprintf("\"%s\"", more);
        policy_edit_value(edits, path, text);
    }
}

/* --- hosts ---------------------------------------------------------------------- */

static bool is_permitted(const struct policy *policy, const struct host *host)
{
    for (size_t i = 0; i < policy->host_count; i++)
        if (egress_rule_permits(&policy->hosts[i], host))
            return true;
    return false;
}

static void propose_hosts(const struct learnt *learnt, struct policy_edits *edits)
{
    const struct policy *policy = learnt->source->policy;
    autolist char **hosts = NULL;
    for (size_t i = 0; i < learnt->outcome->denied_count; i++) {
        const struct denied *denied = &learnt->outcome->denied[i];
        struct host host;
        if (denied->what != DENIED_HOST)
            continue;
        print_times(denied->name, "refused", denied->count);
        if (!host_parse(denied->name, strlen(denied->name), &host) || host.kind == HOST_BELOW)
            continue;
        if (is_permitted(policy, &host)) {
            explain_line(learnt->source, "network.private",
                         "it is allowed, and leads to an address that is not public", NULL);
            continue;
        }
        explain_line(learnt->source, "network.hosts", "no rule names it", NULL);
        char text[HOST_PRINT_MAX];
        host_print(host.name, host.port, text);
        list_add_owned(&hosts, xasprintf("\"%s\"", text));
    }
    policy_edit_append(edits, "network.hosts", hosts);
}

/* --- system calls ----------------------------------------------------------------- */

/* Each call with its count, and each rule that said no. */
static int explain_denials(const struct learnt *learnt, struct error *err)
{
    const struct groups *groups = groups_get(learnt->sandbox, err);
    const struct denials *denials = learnt->denials;
    if (!groups)
        return -err->code;
    for (size_t i = 0; i < denials->count; i++) {
        uint64_t count = 0;
        int number = denials->list[i].number;
        bool again = false;
        for (size_t k = 0; k < i; k++)
            again = again || denials->list[k].number == number;
        for (size_t k = i; k < denials->count && !again; k++)
            count += denials->list[k].number == number ? denials->list[k].count : 0;
        const struct syscall_rule *rule = denial_rule(learnt->table, &denials->list[i]);
        bool said = false;
        for (size_t k = 0; k < i; k++)
            said = said || (denials->list[k].number == number &&
                            denial_rule(learnt->table, &denials->list[k]) == rule);
        autofree char *name = syscall_name(number);
        if (!again)
            print_times(name, "denied", count);
        if (!said)
            explain_call_rule(learnt->source, groups, rule, number);
    }
    if (denials->lost > 0)
        printf("%" PRIu64 " more were denied, too different from each other to be listed\n",
               denials->lost);
    return 0;
}

static void propose_calls(const struct learnt *learnt, struct policy_edits *edits)
{
    autolist char **wild = NULL;
    autolist char **rules =
        propose_rules(learnt->source, learnt->table, learnt->denials, NO_REASON, &wild);
    for (char *const *name = wild; name && *name; name++)
        printf("%s came with more than %d different arguments: no rule is proposed\n", *name,
               VARIANTS_MAX);
    policy_edit_append(edits, "syscalls.rules", rules);
}

/* --- the report ----------------------------------------------------------------------- */

static void print_end(const struct learnt *learnt)
{
    const struct outcome *outcome = learnt->outcome;
    const char *name = learnt->source->policy->name;
    if (outcome->end == END_EXITED)
        printf("under policy %s the command ended with status %d\n", name, outcome->code);
    else if (outcome->end == END_SIGNALLED)
        printf("under policy %s the command was ended by signal %d\n", name, outcome->code);
    else
        printf("under policy %s the command was stopped: %s\n", name,
               outcome->error.text[0] ? outcome->error.text : end_name(outcome->end));
}

static const char not_known[] = "not known: paths that it looked for and a box does not have; "
                                "hosts, while network is \"none\";\n"
                                "what it would have tried next";

static const char what_follows[] = "\nThis would have allowed it. Nothing is changed: take what is "
                                   "needed, and give each rule its\n"
                                   "reason.\n\n";

static int report(const struct learnt *learnt, struct error *err)
{
    autoedits struct policy_edits edits = { .text = learnt->source->text,
                                            .len = learnt->source->len };
    print_end(learnt);
    int r = explain_denials(learnt, err);
    if (r < 0)
        return r;
    propose_calls(learnt, &edits);
    propose_hosts(learnt, &edits);
    propose_limits(learnt, &edits);
    if (edits.count == 0 && learnt->denials->count == 0 && learnt->outcome->denied_count == 0)
        puts("nothing was denied");
    puts(not_known);
    if (edits.count == 0)
        return 0;
    autofree char *path = policy_plain_path(learnt->source->policy->source);
    autostr struct str diff = { 0 };
    policy_edits_diff(&edits, path, &diff);
    if (learnt->outcome->end == END_EXITED && learnt->outcome->code == 0)
        puts("the command ended well all the same: perhaps it needs nothing more");
    printf("%s%s", what_follows, diff.data);
    return 1;
}

/* --- the word -------------------------------------------------------------------------- */

/* 0, or the exit status after a complaint. */
static int parse(int argc, char *const *argv, struct learning *ret)
{
    int i = 0;
    for (; i + 1 < argc && strcmp(argv[i], "--") != 0; i += 2) {
        if (strcmp(argv[i], "--policy") == 0)
            ret->policy = argv[i + 1];
        else if (strcmp(argv[i], "--directory") == 0)
            ret->directory = argv[i + 1];
        else
            return policy_complain(POLICY_HOST, USAGE);
    }
    if (i + 1 >= argc || strcmp(argv[i], "--") != 0)
        return policy_complain(POLICY_HOST, USAGE);
    ret->argv = argv + i + 1;
    return 0;
}

/* The table is made before anything runs: what a denial looked like is told by it. */
static int learn(const struct sandbox *sandbox, struct learning *learning,
                 const struct policy *policy, struct denials *denials, struct error *err)
{
    autosource struct policy_source source = { 0 };
    struct call_table table = { 0 };
    struct outcome outcome = { 0 };
    int r = policy_source_open(policy, &source, err);
    if (r == 0)
        r = call_table_make(sandbox, policy, &table, err);
    if (r == 0) {
        denials_init(denials, &table);
        r = learn_run(sandbox, learning, denials, &outcome, err);
    }
    if (r == 0 && (outcome.end == END_FAULT || outcome.end == END_REFUSED)) {
        *err = outcome.error;
        r = -EIO;
    }
    if (r == 0)
        r = report(&(struct learnt){ sandbox, &source, &table, denials, &outcome }, err);
    call_table_done(&table);
    return r;
}

int policy_learn(const struct sandbox *sandbox, int argc, char *const *argv)
{
    struct learning learning = { .policy = sandbox->config.default_policy };
    struct error err = { 0 };
    char directory[PATH_MAX];
    int status = parse(argc, argv, &learning);
    if (status)
        return status;
    if (learning.directory && !realpath(learning.directory, directory))
        return policy_complain(POLICY_HOST, "directory %s: %s", learning.directory,
                               strerror(errno));
    learning.directory = learning.directory ? directory : NULL;
    autopolicy struct policy *policy = NULL;
    if (policy_named(sandbox, learning.policy, &policy, &err) < 0)
        return policy_complain(POLICY_HOST, "%s", err.text);
    if (policy_is_file(learning.policy)) {
        learning.policy_file = learning.policy;
        learning.policy = NULL;
    }
    struct denials *denials =
        mmap(NULL, sizeof(*denials), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (denials == MAP_FAILED)
        return policy_complain(POLICY_HOST, "no memory to learn into");
    int r = learn(sandbox, &learning, policy, denials, &err);
    (void)munmap(denials, sizeof(*denials));
    return r < 0 ? policy_complain(POLICY_HOST, "%s", err.text) : r;
}
