/* SPDX-License-Identifier: Apache-2.0 */
/* helper.c - cordon's own small Python programs, each run in a throw-away box. */
#include "helper.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "str.h"

static bool line_is_plain(const char *line)
{
    for (; *line; line++)
        if ((unsigned char)*line < ' ' || *line == 0x7f)
            return false;
    return true;
}

int helper_lines(const char *text, size_t len, char ***ret, struct error *err)
{
    if (memchr(text, '\0', len) || !utf8_valid(text, len))
        return fail_host_as(err, EBADMSG, "the answer is not UTF-8 text");

    autolist char **lines = NULL;
    autofree char *copy = xstrndup(text, len);
    char *rest = copy;
    for (size_t count = 0; count < HELPER_LINES_MAX; count++) {
        char *line = strsep(&rest, "\n");
        if (!rest)
            return fail_host_as(err, EBADMSG, "the answer is cut off");
        if (strcmp(line, "end") == 0) {
            *ret = TAKE(&lines);
            return 0;
        }
        if (strlen(line) > HELPER_LINE_MAX || !line_is_plain(line))
            return fail_host_as(err, EBADMSG, "the answer has a line that is not as agreed");
        list_add(&lines, line);
    }
    return fail_host_as(err, EBADMSG, "the answer has more than %d lines", HELPER_LINES_MAX);
}

const char *helper_value(const char *line, const char *word)
{
    size_t len = strlen(word);
    return strncmp(line, word, len) == 0 && line[len] == ' ' ? line + len + 1 : NULL;
}

/* The last line of what the program said on standard error, for a message. */
static const char *last_words(char *text)
{
    size_t len = strlen(text);
    while (len > 0 && text[len - 1] == '\n')
        text[--len] = '\0';
    char *line = strrchr(text, '\n');
    return line ? line + 1 : text;
}

int helper_fault(const struct outcome *outcome, const char *what, struct error *err)
{
    if (outcome->end == END_CANCELLED)
        return fail_host_as(err, ECANCELED, "%s: cancelled", what);
    if (outcome->end != END_FAULT && outcome->end != END_REFUSED)
        return 0;
    *err = outcome->error;
    return fail_within(err, "%s", what);
}

/* A box that was not built is an error; a program that failed in it is EBADMSG. */
static int judge(const struct helper *helper, struct errand_result *result, char ***ret,
                 struct error *err)
{
    const struct outcome *outcome = &result->outcome;
    int r = helper_fault(outcome, helper->what, err);
    if (r < 0)
        return r;
    bool whole = outcome->end == END_EXITED && outcome->code == 0;
    struct error reason = { 0 };
    if ((whole || helper->cut) && helper_lines(result->out, result->out_len, ret, &reason) == 0)
        return 0;
    if (whole)
        return fail_host_as(err, EBADMSG, "%s: %s", helper->what, reason.text);

    /* A limit, or somebody's SIGKILL, says nothing about the program. */
    bool its_own =
        outcome->end == END_EXITED || (outcome->end == END_SIGNALLED && outcome->code != SIGKILL);
    char words[160];
    bool exited = outcome->end == END_EXITED, signalled = outcome->end == END_SIGNALLED;
    return fail_host_as(err, its_own ? EBADMSG : ETIME, "%s: the program ended with %s %d%s%s",
                        helper->what,
                        exited      ? "exit status"
                        : signalled ? "signal"
                                    : end_name(outcome->end),
                        outcome->code, result->err_len ? ": " : "",
                        printable(last_words(result->err), words, sizeof(words)));
}

int helper_run(const struct sandbox *sandbox, const struct helper *helper, char ***ret,
               struct error *err)
{
    autolist char **argv = NULL;
    list_add(&argv, helper->interpreter);
    list_add(&argv, "-I"); /* neither variables nor the working directory count */
    list_add(&argv, "-S"); /* nor site-packages of the installation */
    list_add(&argv, "-c");
    list_add(&argv, helper->program);
    for (size_t i = 0; helper->args && helper->args[i]; i++)
        list_add(&argv, helper->args[i]);

    /* Every policy shows /usr. */
    size_t count = 0;
    struct errand_mount *mounts = xcalloc(helper->mount_count + 1, sizeof(*mounts));
    if (!path_within(helper->prefix, "/usr"))
        mounts[count++] = (struct errand_mount){ .host = helper->prefix };
    for (size_t i = 0; i < helper->mount_count; i++)
        mounts[count++] = helper->mounts[i];

    static char path[] = "PATH=/usr/bin", language[] = "LANG=C.UTF-8";
    char *const env[] = { path, language, NULL };
    struct errand errand = { .policy = helper->policy,
                             .argv = argv,
                             .env = env,
                             .mounts = mounts,
                             .mount_count = count,
                             .making = helper->making,
                             .input = helper->input,
                             .input_len = helper->input ? strlen(helper->input) : 0,
                             .wall_ms = helper->wall_ms,
                             .control = helper->control };
    struct errand_result result = { 0 };
    int r = errand_run(sandbox, &errand, &result, err);
    free(mounts);
    if (r < 0)
        r = fail_within(err, "%s", helper->what);
    else
        r = judge(helper, &result, ret, err);
    errand_result_done(&result);
    return r;
}
