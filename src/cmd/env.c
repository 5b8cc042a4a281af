/* SPDX-License-Identifier: Apache-2.0 */
/* env.c - `cordon env`: prepared environments.
 *
 * `make` asks for what `cordon run` would ask for, as the same launch, and ends where the
 * box would begin; so a run finds what was made. The other words are cordon-sandbox's.
 */
#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include <cordon/runner.h>

#include "cmd/command.h"
#include "cmd/request.h"
#include "cmd/trusted.h"
#include "run/result.h"
#include "str.h"

struct making {
    struct run_sink sink; /* first: the callbacks get a pointer to it */
    struct event_base *base;
    bool listed;         /* somebody listed what is needed: what is imported may be in it */
    struct started made; /* what is known of the environment */
    struct outcome outcome;
};

static void take_note(struct run_sink *sink, struct note *note)
{
    struct making *making = (struct making *)(void *)sink;
    if (note->kind == NOTE_PHASE && isatty(STDERR_FILENO))
        complain("%s", note->phase);
    if (note->kind != NOTE_STARTED)
        return;
    started_done(&making->made);
    making->made = note->started;
    note->started = (struct started){ 0 };
}

static void take_output(struct run_sink *sink, int stream, const void *bytes, size_t len)
{
    (void)sink;
    (void)stream;
    (void)bytes;
    (void)len;
}

static void take_end(struct run_sink *sink, const struct outcome *outcome,
                     const uint64_t dropped[2])
{
    struct making *making = (struct making *)(void *)sink;
    (void)dropped;
    making->outcome = *outcome;
    (void)event_base_loopbreak(making->base);
}

/* --- make ------------------------------------------------------------------------------------- */

static int check_words(const struct options *options, char *const *words, struct error *err)
{
    char shown[64];
    if (list_len(words) > 0)
        return fail_caller(err, EINVAL,
                           "%s is no option: name requirements with --with, a script with "
                           "--script, a project with --directory",
                           printable(words[0], shown, sizeof(shown)));
    if (!options->with && !options->script && !options->directory)
        return fail_caller(err, EINVAL,
                           "nothing is asked for: name requirements (--with), a script "
                           "(--script) or the directory of a project (--directory)");
    return 0;
}

static int prepare(struct making *making, const struct options *options, struct spec *spec,
                   struct error *err)
{
    struct launch launch;
    struct run *run = NULL;
    autoclose int channel = -1;
    making->base = event_base_new();
    if (!making->base)
        return fail_host_as(err, ENOMEM, "start an event loop");
    int r = launch_from_spec(spec, &launch, err);
    if (r < 0)
        return r;
    making->listed = launch.header || launch.project || launch.requirements;
    pid_t pid = sandbox_start("prepare", options, &channel, err);
    if (pid < 0) {
        launch_done(&launch);
        return pid;
    }
    r = run_submit(making->base, channel, &launch, -1, &making->sink, &run, err);
    if (r == 0)
        (void)event_base_dispatch(making->base);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
    return r;
}

static void say_made(const struct making *making)
{
    const struct started *made = &making->made;
    bool hints = !making->listed || !made->key;
    for (char **hint = hints ? made->hints : NULL; hint && *hint; hint++)
        complain("%s", *hint);
    if (!made->key) {
        complain("env make: no requirement, header, import or project asks for a package: no "
                 "environment is needed");
        return;
    }
    printf("%s  %s\n", made->key, made->cached ? "was there" : "made");
    for (char **package = made->installed; package && *package; package++)
        printf("  %s\n", *package);
}

static int make_asked(struct options *options, struct error *err)
{
    struct making making = { .sink = { take_note, take_output, take_end } };
    struct request request;
    char *const script[] = { (char *)(uintptr_t)options->script, NULL };
    bool no_script = false;
    options->words = script;
    if (!options->script)
        options->code = "";
    int status = EXIT_UNUSABLE;
    int r = request_make(options, true, &request, &no_script, err);
    if (r == 0)
        r = prepare(&making, options, &request.spec, err);
    if (r < 0) {
        (void)fail_within(err, "env make");
        status = complain_error(err);
    } else if (making.outcome.end == END_EXITED) {
        say_made(&making);
        status = 0;
    } else {
        autofree char *sentence = result_sentence(&making.outcome, NULL);
        complain("env make: %s", sentence ? sentence : "ended without a reason");
        status = outcome_exit_code(&making.outcome);
    }
    started_done(&making.made);
    if (making.base)
        event_base_free(making.base);
    request_done(&request);
    return no_script ? EXIT_NO_SUCH : status;
}

static int make_command(struct options *options, unsigned bit, char *const *words)
{
    autolist char **rest = NULL;
    struct error err = { 0 };
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGCHLD, SIG_DFL);
    int r = options_collect(options, bit, words, &rest, &err);
    if (r == 0)
        r = check_words(options, rest, &err);
    if (r == 0)
        return make_asked(options, &err);
    complain("env make: %s; see cordon env --help", err.text);
    return EXIT_UNUSABLE;
}

int env_command(const struct command *command, struct options *options)
{
    const char *word = options->words ? options->words[0] : NULL;
    if (word && strcmp(word, "make") == 0)
        return make_command(options, command->bit, options->words + 1);
    return forward_command(command, options);
}
