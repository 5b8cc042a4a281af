/* SPDX-License-Identifier: Apache-2.0 */
/* env_command.c - `cordon env list|prune|...`: prepared environments, for the operator. */
#include "env_command.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "env_cache.h"
#include "env_store.h"
#include "str.h"

int env_complain(const struct error *err)
{
    char shown[ERROR_TEXT_MAX];
    (void)fprintf(stderr, "cordon: env: %s\n", printable(err->text, shown, sizeof(shown)));
    return EXIT_FAULT;
}

int env_misused(const char *why)
{
    (void)fprintf(stderr, "cordon: env: %s\n", why);
    return EXIT_FAULT;
}

/* --- walking over all owners and keys ----------------------------------------------------- */

struct visit {
    int owner; /* directory */
    const char *owner_name, *key;
    time_t used;
    const struct env_record *record;
};

typedef int visitor(const struct visit *visit, void *context);

static int visit_owner(const struct sandbox *sandbox, const char *name, visitor *call,
                       void *context)
{
    struct error err = { 0 };
    autoclose int owner = env_owner_open(sandbox, name, &err);
    if (owner < 0)
        return env_complain(&err);
    autolist char **keys = names_in(owner, false);
    int result = 0;
    for (size_t i = 0; keys && keys[i] && result == 0; i++) {
        struct env_record record = { 0 };
        struct stat st;
        int hold = env_hold(owner, keys[i], &record, &err);
        if (hold < 0)
            continue;
        autofree char *path = path_join(keys[i], "record");
        time_t used = fstatat(owner, path, &st, 0) == 0 ? st.st_mtim.tv_sec : 0;
        own_close(&hold);
        result = call(&(struct visit){ owner, name, keys[i], used, &record }, context);
        env_record_done(&record);
    }
    return result;
}

static int visit_all(const struct sandbox *sandbox, visitor *call, void *context)
{
    autoclose int dir =
        openat(sandbox->state_fd, "environments", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    autolist char **owners = dir < 0 ? NULL : names_in(dir, false);
    int result = 0;
    for (size_t i = 0; owners && owners[i] && result == 0; i++)
        result = visit_owner(sandbox, owners[i], call, context);
    return result;
}

/* --- list ------------------------------------------------------------------------------------ */

static void print_date(time_t at)
{
    char text[32];
    struct tm utc;
    if (gmtime_r(&at, &utc) && strftime(text, sizeof(text), "%Y-%m-%d %H:%M", &utc) > 0)
        printf("%s  ", text);
}

static int print_one(const struct visit *visit, void *context)
{
    (void)context;
    printf("%.12s  %-8s  %-8s  ", visit->key, visit->owner_name, visit->record->python);
    print_date((time_t)(visit->record->created_ms / 1000));
    print_date(visit->used);
    for (size_t i = 0; visit->record->requirements && visit->record->requirements[i]; i++)
        printf("%s%s", i ? ", " : "", visit->record->requirements[i]);
    putchar('\n');
    return 0;
}

static int command_list(const struct sandbox *sandbox, int argc, char *const *argv)
{
    (void)argv;
    if (argc > 1)
        return env_misused("list takes no arguments");
    printf("%-12s  %-8s  %-8s  %-16s  %-16s  %s\n", "KEY", "OWNER", "PYTHON", "MADE (UTC)",
           "LAST USED (UTC)", "REQUIREMENTS");
    return visit_all(sandbox, print_one, NULL);
}

/* --- prune ------------------------------------------------------------------------------------ */

struct pruning {
    time_t before; /* who was used since stays */
    unsigned removed, in_use, kept;
};

static int prune_one(const struct visit *visit, void *context)
{
    struct pruning *pruning = context;
    struct error err = { 0 };
    if (visit->used >= pruning->before) {
        pruning->kept++;
        return 0;
    }
    int r = env_remove(visit->owner, visit->key, &err);
    if (r == -EBUSY)
        pruning->in_use++;
    else if (r < 0)
        return env_complain(&err);
    else
        pruning->removed++;
    return 0;
}

#define END_OF_TIME ((time_t)INT64_MAX)

static int read_prune_options(int argc, char *const *argv, uint64_t unused_s, time_t *before)
{
    static const struct option options[] = { { "unused", required_argument, NULL, 'u' },
                                             { "all", no_argument, NULL, 'a' },
                                             { 0 } };
    static const char usage[] = "prune takes --unused DURATION (such as 12h) or --all";
    bool all = false, given = false;
    uint64_t ms;
    struct error err = { 0 };
    optind = 1;
    opterr = 0;
    for (int c; (c = getopt_long(argc, argv, "+", options, NULL)) != -1;) {
        if (c == 'a') {
            all = true;
        } else if (c == 'u' && limit_parse(optarg, UNIT_DURATION, &ms, &err) == 0) {
            unused_s = ms / 1000;
            given = true;
        } else {
            return env_misused(usage);
        }
    }
    if (optind < argc || (all && given))
        return env_misused(usage);
    time_t now = time(NULL);
    *before = all ? END_OF_TIME : (uint64_t)now > unused_s ? now - (time_t)unused_s : 0;
    return 0;
}

static int command_prune(const struct sandbox *sandbox, int argc, char *const *argv)
{
    struct pruning pruning = { 0 };
    int status =
        read_prune_options(argc, argv, sandbox->config.environment_max_age_s, &pruning.before);
    if (status != 0)
        return status;
    status = visit_all(sandbox, prune_one, &pruning);
    autoclose int dir =
        openat(sandbox->state_fd, "environments", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    autolist char **owners = dir < 0 ? NULL : names_in(dir, false);
    for (size_t i = 0; owners && owners[i]; i++) {
        struct error ignored = { 0 };
        autoclose int owner = env_owner_open(sandbox, owners[i], &ignored);
        if (owner >= 0)
            env_sweep(owner);
    }
    if (pruning.before == END_OF_TIME)
        cache_clear(sandbox);
    printf("%u removed, %u kept, %u in use\n", pruning.removed, pruning.kept, pruning.in_use);
    return status;
}

static const struct command {
    const char *name;
    int (*run)(const struct sandbox *sandbox, int argc, char *const *argv);
} commands[] = {
    { "list", command_list },
    { "prune", command_prune },
    { "export", env_export },
    { "import", env_import },
};

int env_command(const struct sandbox *sandbox, int argc, char *const *argv)
{
    for (size_t i = 0; argc > 0 && i < COUNT(commands); i++)
        if (strcmp(argv[0], commands[i].name) == 0)
            return commands[i].run(sandbox, argc, argv);
    return env_misused(
        "say list, make, prune, export KEY FILE or import FILE; see cordon env --help");
}
