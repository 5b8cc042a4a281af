/* SPDX-License-Identifier: Apache-2.0 */
/* jobs.c - `cordon jobs`: recorded runs, from the command line. */
#include "cmd/jobs.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "clock.h"
#include "cmd/command.h"
#include "cmd/front.h"
#include "fd.h"
#include "json.h"
#include "str.h"

#define MAX_AGE "24h"

int visit_record(struct jobs_visit *visit, const char *id, struct record *ret, struct error *err)
{
    char whole[JOB_ID_MAX], shown[64];
    int r = store_complete(visit->store, JOBS_OWNER, id, whole, err);
    if (r > 0)
        r = store_find(visit->store, JOBS_OWNER, whole, ret, err);
    if (r == 0)
        return fail_caller(err, ENOENT, "Job %s not found", printable(id, shown, sizeof(shown)));
    return r < 0 ? r : 0;
}

static int read_age(const char *text, uint64_t *ret, struct error *err)
{
    *ret = 0; /* everything that has ended */
    if (strcmp(text, "0") == 0)
        return 0;
    int r = limit_parse(text, UNIT_DURATION, ret, err);
    return r < 0 ? fail_within(err, "--max-age") : 0;
}

static int prune(struct jobs_visit *visit, struct error *err)
{
    const struct options *options = visit->options;
    uint64_t age_ms, removed = 0, remaining = 0;
    int r = read_age(options->max_age ? options->max_age : MAX_AGE, &age_ms, err);
    if (r < 0)
        return r;
    int64_t now_ms = now_epoch_ms();
    const struct prune prune = {
        /* What ended in this very moment is older than 0. */
        .ended_before_ms = age_ms < (uint64_t)now_ms ? now_ms - (int64_t)age_ms + (age_ms == 0) : 0,
        .completed = !options->keep_completed,
        .failed = !options->keep_failed,
        .cancelled = true,
    };
    r = store_prune(visit->store, JOBS_OWNER, &prune, &removed, &remaining, err);
    if (r < 0)
        return r;
    (void)printf(options->json ? "{\"removed\": %" PRIu64 ", \"remaining\": %" PRIu64 "}\n"
                               : "%" PRIu64 " removed, %" PRIu64 " remaining\n",
                 removed, remaining);
    return 0;
}

static const struct verb {
    const char *name;
    jobs_verb *act;
    size_t words;       /* it takes */
    jobs_verb *prepare; /* before the store is entered; or NULL */
} verbs[] = {
    { "list", visit_list, 0, NULL },
    { "show", visit_show, 1, NULL },
    { "output", visit_output, 1, NULL },
    { "cancel", visit_cancel, 1, NULL },
    { "prune", prune, 0, NULL },
    { "export", visit_export, 0, NULL },
    { "import", visit_import, 1, visit_import_read },
};

static const struct verb *verb_named(const char *name)
{
    for (size_t i = 0; name && i < COUNT(verbs); i++)
        if (strcmp(verbs[i].name, name) == 0)
            return &verbs[i];
    return NULL;
}

/* What lies in the store may be a captured front's: from here on we are whose it is, and have
 * nothing that he has not. */
static int enter(struct jobs_visit *visit, struct error *err)
{
    autofree char *path = NULL;
    int r = visit->front = front_find(visit->options, &path, err);
    if (r < 0)
        return r;
    tzset(); /* reads files: not possible later */
    (void)umask(077);
    r = front_become(visit->front, err);
    if (r == 0)
        r = store_open(visit->front, STORE_VISITOR, &visit->store, err);
    if (r == 0)
        r = outputs_open(visit->front, &visit->outputs, err);
    return r < 0 ? fail_within(err, "%s", path) : 0;
}

static int act(struct jobs_visit *visit, const struct verb *verb, struct error *err)
{
    if (list_len(visit->words) != verb->words)
        return fail_caller(err, EINVAL, "%s takes %s; see cordon jobs --help", verb->name,
                           verb->words == 0            ? "no words"
                           : verb->act == visit_import ? "one file"
                                                       : "the id of one job");
    int r = verb->prepare ? verb->prepare(visit, err) : 0;
    if (r == 0)
        r = enter(visit, err);
    if (r == 0)
        r = verb->act(visit, err);
    return r;
}

int jobs_command(const struct command *command, struct options *options)
{
    struct error err = { 0 };
    char shown[64];
    const char *word = options->words[0];
    const struct verb *verb = verb_named(word);
    if (!verb) {
        complain("%s: %s%s%s: say list, show, output, cancel, prune, export or import; see cordon "
                 "jobs --help",
                 command->name, word ? "no verb \"" : "no verb is given",
                 word ? printable(word, shown, sizeof(shown)) : "", word ? "\"" : "");
        return EXIT_UNUSABLE;
    }
    struct jobs_visit visit = { .options = options, .front = -1 };
    int r = options_collect(options, command->bit, options->words + 1, &visit.words, &err);
    if (r == 0)
        r = act(&visit, verb, &err);
    store_close(visit.store);
    outputs_close(visit.outputs);
    own_close(&visit.front);
    list_free(visit.words);
    free(visit.given);
    if (r >= 0)
        return 0;
    (void)fail_within(&err, "jobs");
    return complain_error(&err);
}
