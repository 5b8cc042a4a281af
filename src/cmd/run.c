/* SPDX-License-Identifier: Apache-2.0 */
/* run.c - `cordon run` and `cordon exec`: one box, here, and this terminal around it. */
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>

#include <cordon/runner.h>

#include "clock.h"
#include "cmd/command.h"
#include "cmd/named.h"
#include "cmd/sending.h"
#include "cmd/session.h"
#include "cmd/terminal.h"
#include "cmd/timezone.h"
#include "fd.h"
#include "run/result.h"
#include "str.h"

/* --- what comes back ------------------------------------------------------------ */

/* A run waits for itself and for each errand before it: that is said once. */
static void say_phase(struct session *session, const char *phase)
{
    bool waits = strcmp(phase, PHASE_WAITING) == 0;
    if (waits ? !session->waited : isatty(STDERR_FILENO))
        session_say(session, "%s", phase);
    session->waited |= waits;
}

static void take_note(struct run_sink *sink, struct note *note)
{
    struct session *session = (struct session *)(void *)sink;
    recording_note(session->recording, note);
    if (note->kind == NOTE_PHASE)
        say_phase(session, note->phase);
    if (note->kind == NOTE_CHANGES)
        changes_join(&session->changes, &note->changes);
    if (note->kind == NOTE_SPANS)
        spans_join(&session->tracing.spans, &note->spans);
    if (note->kind != NOTE_STARTED || session->box_stood)
        return;
    session->box_stood = true;
    if (session->options->tty) {
        terminal_hand_over(); /* until now its keys were for us */
        /* Whoever pressed them there knows. */
        session->forwarded[SIGINT] = session->forwarded[SIGQUIT] = true;
    }
    session->started = note->started;
    note->started = (struct started){ 0 };
}

static void take_output(struct run_sink *sink, int stream, const void *bytes, size_t len)
{
    struct session *session = (struct session *)(void *)sink;
    session->spoke = true;
    capture_add(&session->text[stream - 1], bytes, len);
    recording_output(session->recording, stream, bytes, len);
    if (session->out[stream - 1])
        outlet_write(session->out[stream - 1], bytes, len);
}

static void take_end(struct run_sink *sink, const struct outcome *outcome,
                     const uint64_t dropped[2])
{
    struct session *session = (struct session *)(void *)sink;
    session->run = NULL;
    session->outcome = *outcome;
    session->dropped[0] = dropped[0];
    session->dropped[1] = dropped[1];
    (void)event_base_loopbreak(session->base);
}

/* --- a slow or a closed reader ---------------------------------------------------- */

static void out_filled(void *context)
{
    struct session *session = context;
    if (session->held++ == 0 && session->run)
        run_pause(session->run, true);
}

static void out_drained(void *context)
{
    struct session *session = context;
    if (--session->held == 0 && session->run)
        run_pause(session->run, false);
}

/* Nobody reads the output: the script is ended as a pipe would end it, and that needs no words,
 * unless it is for another reason. Without a reader of its errors it goes on. */
static void out_broken(void *context, int code)
{
    struct session *session = context;
    session->unread = true;
    session->unwritable = code == EPIPE ? 0 : code;
    if (session->run)
        run_cancel(session->run, false);
}

static void err_broken(void *context, int code)
{
    (void)context;
    (void)code;
}

/* --- signals ------------------------------------------------------------------------ */

static const int passed_on[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

/* Under --tty: what happens to our own terminal. */
static const int of_terminal[] = { SIGTSTP, SIGCONT, SIGWINCH };

static void resize(struct session *session)
{
    struct screen size;
    if (terminal_size(&size))
        run_resize(session->run, size);
}

/* True if the signal was about our terminal alone. */
static bool take_terminal_signal(struct session *session, int number)
{
    bool ours = false;
    for (size_t i = 0; i < COUNT(of_terminal); i++)
        ours |= number == of_terminal[i];
    if (number == SIGTSTP)
        terminal_stop();
    if (number == SIGCONT && session->box_stood)
        terminal_hand_over(); /* whoever stopped us, a shell has set its own modes since */
    if (ours)
        resize(session);
    return ours;
}

static void take_signal(evutil_socket_t fd, short what, void *context)
{
    (void)what;
    struct session *session = context;
    struct signalfd_siginfo info;
    if (read(fd, &info, sizeof(info)) != (ssize_t)sizeof(info) || !session->run)
        return;
    int number = (int)info.ssi_signo;
    if (take_terminal_signal(session, number))
        return;
    bool again = number == SIGINT && session->interrupted;
    session->interrupted |= number == SIGINT;
    /* Before the script runs nobody could make sense of a signal but us. */
    if (again || !(session->box_stood || session->spoke)) {
        session->cancelled = true;
        run_cancel(session->run, false);
        return;
    }
    session->forwarded[number] = true;
    run_signal(session->run, number);
}

/* A signal that our caller ignores stays ignored; were it blocked, the kernel would
 * keep it for us all the same. */
static bool is_ignored(int number)
{
    struct sigaction now;
    return sigaction(number, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
}

static int watch_signals(struct session *session, struct event **ret, struct error *err)
{
    sigset_t set;
    (void)sigemptyset(&set);
    for (size_t i = 0; i < COUNT(passed_on); i++)
        if (!is_ignored(passed_on[i]))
            (void)sigaddset(&set, passed_on[i]);
    for (size_t i = 0; session->options->tty && i < COUNT(of_terminal); i++)
        if (!is_ignored(of_terminal[i]))
            (void)sigaddset(&set, of_terminal[i]);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return fail_host(err, "sigprocmask");
    session->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (session->signals < 0)
        return fail_host(err, "signalfd");
    *ret = event_new(session->base, session->signals, EV_READ | EV_PERSIST, take_signal, session);
    (void)event_add(*ret, NULL);
    return 0;
}

static const char *policy_of(const struct session *session)
{
    return session->options->policy ? session->options->policy : "default";
}

/* --- the beginning --------------------------------------------------------------------- */

/* Our own standard input to pump from, or -1 where there is nothing in it. */
static int feed_open(const struct session *session)
{
    struct stat input, null;
    /* A terminal goes on after the end of a script that was typed. */
    bool taken = session->request->input_taken && !session->options->tty;
    if (taken || fstat(STDIN_FILENO, &input) < 0)
        return -1;
    if (S_ISCHR(input.st_mode) && stat("/dev/null", &null) == 0 && input.st_rdev == null.st_rdev)
        return -1;
    return fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
}

static void take_wish(void *context)
{
    struct session *session = context;
    if (session->run)
        run_cancel(session->run, true);
}

/* What a list of jobs shows of it: no arguments, there may be secrets in them. */
static const char *label_of(const struct session *session)
{
    const struct options *options = session->options;
    const char *word = options->saved ? options->saved : options->code ? "-c" : options->words[0];
    const char *slash = word ? strrchr(word, '/') : NULL;
    return slash && slash[1] ? slash + 1 : word;
}

static const char *tool_of(const struct launch *launch)
{
    return launch->what == LAUNCH_SCRIPT ? "cordon run" : "cordon exec";
}

static int record(struct session *session, const struct launch *launch, struct error *err)
{
    const struct options *options = session->options;
    autofree char *code =
        options->code && !options->saved ? recording_label_of_code(options->code) : NULL;
    const struct recording_of of = {
        .job = session->job,
        .tool = launch->tool,
        .label = code ? code : label_of(session),
        .policy = policy_of(session),
        .base = session->base,
        .wished = take_wish,
        .context = session,
    };
    if (!session->options->job)
        return 0;
    int r = recording_begin(session->options, &of, &session->recording, err);
    if (r == 0)
        session_say(session, "job %s", session->job);
    return r;
}

static int submit(struct session *session, struct event **signals, struct error *err)
{
    struct launch launch;
    call_open(&session->call, session->options, &session->request->spec);
    int r = launch_from_spec(&session->request->spec, &launch, err);
    if (r < 0)
        return r;
    launch.zone = timezone_name();
    launch.by_person = true;
    memcpy(session->job, launch.job, sizeof(session->job));
    (void)snprintf(launch.tool, sizeof(launch.tool), "%s", tool_of(&launch));
    launch_names(&launch, &session->names);
    launch.timed = session->options->trace != NULL;
    if (session->options->tty)
        terminal_describe(&launch);
    r = profiling_begin(&session->profiling, session->base, &launch, err);
    if (r == 0)
        r = record(session, &launch, err);
    if (r == 0) /* whatever keeps us from the store, a signal ends us there as any program */
        r = watch_signals(session, signals, err);
    tracing_mark(&session->tracing, "order");
    if (r < 0) {
        launch_done(&launch);
        return r;
    }
    r = sending_begin(session, &launch, feed_open(session), err);
    tracing_mark(&session->tracing, "send");
    return r;
}

/* --- the end ------------------------------------------------------------------------------ */

static struct json_object *make_result(const struct session *session, const char *rest,
                                       size_t changes_room)
{
    const struct result_input input = {
        .job = session->job,
        .started = session->box_stood ? &session->started : NULL,
        .outcome = &session->outcome,
        .output = { &session->text[0], &session->text[1] },
        .dropped = { session->dropped[0], session->dropped[1] },
        .changes = &session->changes,
        .changes_room = changes_room,
        .elapsed_ns = now_ns() - started_ns,
        .policy = policy_of(session),
        .use_uv = !session->options->no_uv,
        .rest = rest,
    };
    return result_build(&input);
}

/* Nothing of it is alive any more, and not before the record says so. */
static void end_recording(struct session *session)
{
    if (!session->recording)
        return;
    autofree char *rest = xasprintf("job-stream://%s", session->job);
    autofree char *sentence =
        result_error(&session->outcome, session->box_stood ? &session->started.limits : NULL,
                     ASKER_PERSON);
    struct json_object *object = make_result(session, rest, REPLY_CHANGES_ROOM);
    recording_end(TAKE(&session->recording), result_status(&session->outcome), sentence, object);
    json_object_put(object);
}

static int write_result(const struct session *session, struct error *err)
{
    if (!session->options->json && session->report.fd < 0)
        return 0;
    struct json_object *object = make_result(session, NULL, SIZE_MAX);
    profiling_add(&session->profiling, object);
    autostr struct str line = { 0 };
    size_t len;
    const char *text = result_text(object, &len);
    str_add(&line, text, len);
    str_putc(&line, '\n');
    json_object_put(object);

    int r = session->options->json ? fd_write_all(STDOUT_FILENO, line.data, line.len, err) : 0;
    return r == 0 ? report_write(&session->report, line.data, line.len, err) : r;
}

/* It did not come to a run. */
static void fail_recording(struct session *session, const struct error *err)
{
    session->outcome = (struct outcome){ .end = END_FAULT, .error = *err };
    end_recording(session);
}

/* --- all of it ------------------------------------------------------------------------------ */

static int session_run(struct session *session, struct error *err)
{
    const struct outlet_owner owners[] = { { out_filled, out_drained, out_broken, session },
                                           { out_filled, out_drained, err_broken, session } };
    struct event *signals = NULL;
    session->base = event_base_new();
    if (!session->base)
        return fail_host_as(err, ENOMEM, "start an event loop");
    int r = session->options->tty ? terminal_check(session->options, err) : 0;
    if (r == 0)
        r = report_distinct(session->options, err);
    if (r == 0)
        r = report_open(&session->report, session->request->spec.workspace, err);
    if (r == 0)
        r = profiling_open(&session->profiling, session->options, session->request->spec.workspace,
                           err);
    if (r == 0)
        r = tracing_open(&session->tracing, session->request->spec.workspace, err);
    if (r == 0)
        r = submit(session, &signals, err);
    if (r == 0) {
        for (int i = 0; i < 2 && !session->options->json; i++)
            session->out[i] = outlet_new(session->base, i + 1, &owners[i]);
        (void)event_base_dispatch(session->base);
    }
    tracing_mark(&session->tracing, "await the end");
    if (r == 0 && sending_was_in_vain(session)) {
        r = sending_again(session, feed_open(session), err);
        if (r == 0)
            (void)event_base_dispatch(session->base);
    }
    sending_end(session);
    tracing_mark(&session->tracing, "await cordon-sandbox");
    profiling_end(&session->profiling);
    if (r < 0)
        fail_recording(session, err);
    else
        end_recording(session);
    for (int i = 0; i < 2; i++)
        if (session->out[i]) {
            /* In the end of standard error; a terminal's is empty and shows nothing. */
            session->mid_line =
                outlet_mid_line(session->out[i]) || (session->options->tty && session->mid_line);
            outlet_free(session->out[i]);
        }
    terminal_take_back();
    if (signals)
        event_free(signals);
    event_base_free(session->base);
    return r;
}

/* What did not come to a run has none. */
static int write_profile(struct session *session, struct error *err)
{
    if (!session->box_stood)
        return 0;
    autofree char *sentence = profiling_sentence(&session->profiling);
    if (sentence)
        session_say(session, "%s", sentence);
    return profiling_write(&session->profiling, label_of(session), err);
}

/* All that came before, the reply among it. */
static int write_trace(struct session *session, struct error *err)
{
    tracing_mark(&session->tracing, "reply");
    tracing_end(&session->tracing, label_of(session));
    return tracing_write(&session->tracing, err);
}

static int session_end(struct session *session)
{
    struct error err = { 0 }, fresh = { 0 };
    session_say_end(session);
    int r = write_profile(session, &err);
    r = report_also(r, &err, write_result(session, &fresh), &fresh);
    if (report_also(r, &err, write_trace(session, &fresh), &fresh) < 0)
        return complain_error(&err);
    /* The program is looked for in the box, and what the box says is a shell's number. */
    if (session->outcome.end == END_FAULT && session->outcome.code != 0)
        return session->outcome.code;
    int status = outcome_exit_code(&session->outcome);
    return status == 0 && session->unwritable ? EXIT_UNUSABLE : status;
}

int run_command(const struct command *command, struct options *options)
{
    struct error err = { 0 };
    struct request request;
    bool no_script;
    struct session session = {
        .sink = { take_note, take_output, take_end },
        .options = options,
        .request = &request,
        .signals = -1,
        .report = { .option = "--report", .path = options->report, .fd = -1 },
        .profiling = PROFILING_NONE,
        .call = CALL_NONE,
    };
    int status;
    tracing_begin(&session.tracing, options);
    launch_init(&session.names);
    launch_init(&session.again);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGCHLD, SIG_DFL);
    if (request_make(options, command->bit == COMMAND_RUN, &request, &no_script, &err) < 0) {
        status = complain_error(&err);
        if (no_script)
            status = EXIT_NO_SUCH;
    } else {
        for (char **line = request.remarks; line && *line; line++)
            session_say(&session, "%s", *line);
        tracing_mark(&session.tracing, "request");
        status = session_run(&session, &err) < 0 ? complain_error(&err) : session_end(&session);
    }
    launch_done(&session.names);
    launch_done(&session.again);
    call_close(&session.call);
    started_done(&session.started);
    changes_done(&session.changes);
    capture_done(&session.text[0]);
    capture_done(&session.text[1]);
    own_close(&session.signals);
    report_close(&session.report);
    profiling_close(&session.profiling);
    tracing_close(&session.tracing);
    request_done(&request);
    return status;
}
