/* SPDX-License-Identifier: Apache-2.0 */
/* command.c - script + interpreter -> argv. */
#include "command.h"

#include <string.h>

#include "chart.h"
#include "plan.h"
#include "str.h"

/* Inline code lies in /box, where nothing else is to be imported from: sys.path[0]
 * is the directory the run starts in. From 3.11 on -P leaves the script's own
 * directory out and PYTHONPATH names ours; before, there is no such switch. */
#define SAFE_PATH_SINCE 11

static const char before_safe_path[] =
    "import sys\n"
    "del sys.argv[0]\n"
    "sys.path[0] = sys.argv.pop(0)\n"
    "__file__ = sys.argv[0]\n"
    "exec(compile(open(__file__, 'rb').read(), __file__, 'exec'))\n";

static void add_arguments(struct command *command, char *const *arguments)
{
    for (size_t i = 0; arguments && arguments[i]; i++)
        list_add(&command->argv, arguments[i]);
}

void command_make(const struct launch *launch, const struct python *python,
                  const struct environment *environment, const char *cwd, struct command *ret)
{
    *ret = (struct command){ 0 };
    if (launch->what == LAUNCH_CHART)
        list_add(&ret->argv, CHART_INSIDE);
    if (launch->what != LAUNCH_SCRIPT) {
        add_arguments(ret, launch->argv);
        return;
    }
    bool inlined = !launch->script_path;
    if (launch->fds[FD_SCRIPT] >= 0)
        ret->script_at = inlined ? INLINE_SCRIPT : launch->script_path;
    list_add(&ret->argv, environment->path ? ENVIRONMENT_INSIDE "/bin/python" : python->path);
    if (inlined && python->minor >= SAFE_PATH_SINCE) {
        list_add(&ret->argv, "-P");
        ret->import_directory = xstrdup(cwd);
    } else if (inlined) {
        list_add(&ret->argv, "-c");
        list_add(&ret->argv, before_safe_path);
        list_add(&ret->argv, cwd);
    }
    list_add(&ret->argv, inlined ? INLINE_SCRIPT : launch->script_path);
    add_arguments(ret, launch->argv);
}

void command_done(struct command *command)
{
    list_free(command->argv);
    free(command->import_directory);
    *command = (struct command){ 0 };
}
