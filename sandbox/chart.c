/* SPDX-License-Identifier: Apache-2.0 */
#include "chart.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "self.h"
#include "str.h"

#define PROGRAM "cordon-chart"

/* From our own directory: beside us, as in libexec/cordon and where it was built, or where
 * somebody has put us into bin/. */
static const char *const places[] = { PROGRAM, "../libexec/cordon/" PROGRAM };

/* --format png --width 800 --height 500 --scale 1 --theme light --flame: with room. */
#define WORDS_MAX 16
#define WORD_MAX  16

static bool is_plain(const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
    size_t len = strlen(word);
    return len > 0 && len <= WORD_MAX && strspn(word, plain) == len;
}

static bool asks_for_more(const struct launch *launch)
{
    return launch->policy_file || launch->workspace || launch->script_path || launch->python ||
           launch->header || list_len(launch->requirements) > 0 || list_len(launch->imports) > 0 ||
           launch->project || list_len(launch->env) > 0 || list_len(launch->hosts) > 0 ||
           launch->extra_count > 0 || launch->terminal || launch->fds[FD_SCRIPT] >= 0;
}

int chart_admit(struct launch *launch, struct error *err)
{
    bool plain = list_len(launch->argv) <= WORDS_MAX;
    for (size_t i = 0; plain && launch->argv && launch->argv[i]; i++)
        plain = is_plain(launch->argv[i]);
    if (!plain || asks_for_more(launch))
        return fail_policy(err, EPERM,
                           "a picture is drawn from standard input, and " PROGRAM
                           " gets nothing else");
    (void)snprintf(launch->policy, sizeof(launch->policy), "%s", CHART_POLICY);
    return 0;
}

int chart_program(char **ret, struct error *err)
{
    autofree char *self = NULL;
    struct error ignored;
    char *slash = self_find(&self, &ignored) < 0 ? NULL : strrchr(self, '/');
    if (slash)
        *slash = '\0';
    for (size_t i = 0; slash && i < COUNT(places); i++) {
        autofree char *path = path_join(self, places[i]);
        char *real = access(path, X_OK) == 0 ? realpath(path, NULL) : NULL;
        if (real) {
            *ret = real;
            return 0;
        }
    }
    return fail_host_as(err, ENOENT, PROGRAM " is not installed: cordon was built without cairo");
}
