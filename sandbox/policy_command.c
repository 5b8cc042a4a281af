/* SPDX-License-Identifier: Apache-2.0 */
/* policy_command.c - `cordon policy`: its words, and the two that need no file of their own. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "filter.h"
#include "json_read.h"
#include "policy_words.h"
#include "str.h"

/* The home inside every box. */
#define HOME "/box/home"

int policy_complain(int status, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    (void)fputs("cordon: ", stderr);
    (void)vfprintf(stderr, fmt, args);
    (void)fputc('\n', stderr);
    va_end(args);
    return status;
}

int policy_named(const struct sandbox *sandbox, const char *what, struct policy **ret,
                 struct error *err)
{
    return policy_is_file(what) ? policy_read(sandbox, what, ret, err)
                                : policy_load(sandbox, what, ret, err);
}

char *policy_plain_path(const char *path)
{
    char *plain = realpath(path, NULL);
    return plain ? plain : xstrdup(path);
}

/* --- list ------------------------------------------------------------------- */

static int list(const struct sandbox *sandbox, int argc, char *const *argv)
{
    (void)argv;
    if (argc > 0)
        return policy_complain(POLICY_HOST, "usage: cordon policy list");
    struct policy_found *list;
    size_t count = policies_list(sandbox, &list);
    int status = POLICY_GOOD;
    for (size_t i = 0; i < count; i++) {
        struct error err;
        autopolicy struct policy *policy = NULL;
        autofree char *path = policy_plain_path(list[i].path);
        if (policy_load(sandbox, list[i].name, &policy, &err) < 0)
            status = policy_complain(POLICY_BAD, "%s", err.text);
        else
            printf("%-12s %s\n%-12s %s\n", policy->name, policy->purpose ? policy->purpose : "", "",
                   path);
    }
    policies_list_free(list, count);
    return status;
}

/* --- check ------------------------------------------------------------------ */

/* What is no fault and yet hardly meant. */
static void print_doubts(const struct policy *policy)
{
    for (size_t i = 0; i < LIMIT_COUNT; i++) {
        bool growth = strcmp(limit_fields[i].name, "workspace_growth") == 0;
        if (limit_get(&policy->limits, &limit_fields[i]) == 0 &&
            (!growth || policy->workspace == WORKSPACE_WRITE || strcmp(policy->name, "fetch") == 0))
            printf("%s: limits.%s is missing, which permits nothing\n", policy->source,
                   limit_fields[i].name);
    }
    bool home = false;
    for (size_t i = 0; i < policy->file_count; i++)
        home = home ||
               (policy->files[i].kind == FILE_SCRATCH && strcmp(policy->files[i].path, HOME) == 0);
    if (!home)
        printf("%s: no scratch at " HOME ", where runs without a workspace start\n",
               policy->source);
    if (policy->syscall_count == 0)
        printf("%s: syscalls has no rules, so that nothing can start\n", policy->source);
}

static int check(const struct sandbox *sandbox, int argc, char *const *argv)
{
    if (argc != 1 || argv[0][0] == '-')
        return policy_complain(POLICY_HOST, "usage: cordon policy check FILE");
    struct error err;
    autofree char *text = NULL;
    size_t len;
    if (policy_text(argv[0], &text, &len, &err) < 0)
        return policy_complain(POLICY_BAD, "%s", err.text);
    autopolicy struct policy *policy = NULL;
    if (policy_parse_report(sandbox, argv[0], text, len, stderr, &policy, &err) < 0)
        return POLICY_BAD;
    struct filter filter;
    if (filter_for(sandbox, policy, &filter, &err) < 0)
        return policy_complain(POLICY_BAD, "%s", err.text);
    print_doubts(policy);
    printf("%s: ok, policy %s, %u instructions\n", argv[0], policy->name, filter.length);
    filter_done(&filter);
    return POLICY_GOOD;
}

static const struct {
    const char *name;
    policy_word *run;
} words[] = {
    { "list", list },        { "show", policy_show },       { "check", check },
    { "diff", policy_diff }, { "explain", policy_explain }, { "learn", policy_learn },
};

int policy_command(const struct sandbox *sandbox, int argc, char *const *argv)
{
    size_t i = 0;
    while (argc > 0 && i < COUNT(words) && strcmp(argv[0], words[i].name) != 0)
        i++;
    char shown[64];
    if (argc == 0 || i == COUNT(words))
        return policy_complain(POLICY_HOST,
                               "policy: %s%s%s: say list, show, check, diff, explain or learn; see "
                               "cordon policy --help",
                               argc ? "no verb \"" : "no verb is given",
                               argc ? printable(argv[0], shown, sizeof(shown)) : "",
                               argc ? "\"" : "");
    return words[i].run(sandbox, argc - 1, argv + 1);
}
