/* SPDX-License-Identifier: Apache-2.0 */
/* server.c - from a fresh process to a caged front, and its end. */
#include "cmd/server.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cordon/log.h>

#include "cmd/command.h"
#include "cmd/door.h"
#include "cmd/front.h"
#include "cmd/keepings.h"
#include "cmd/porter.h"
#include "cmd/precedence.h"
#include "cmd/report.h"
#include "cmd/self_confine.h"
#include "cmd/trusted.h"
#include "cmd/web.h"
#include "config.h"
#include "fd.h"
#include "mcp/gate.h"
#include "mcp/hub.h"
#include "mcp/job.h"
#include "mcp/job_news.h"
#include "mcp/metrics.h"
#include "mcp/owner.h"
#include "mcp/services.h"
#include "mcp/spare.h"
#include "mcp/tracer.h"
#include "mcp/turns.h"
#include "mcp/waiting.h"
#include "mcp/wishes.h"
#include "net/stdio.h"
#include "str.h"

/* How long the end may take: runs are killed, replies flushed, the gate leaves. */
#define ENDING_S 1

/* How long one whose successor serves may still have runs: the longest that a policy is likely to
 * allow, after a wait. */
#define RETIRING_S (24L * 3600)

struct serve {
    struct options *options;
    struct config config;
    struct steward_link steward;
    struct event *commands; /* of the steward's; NULL: there is none */
    int in, out;            /* protocol, unless there is a listener */
    struct web web;
    int state; /* STATE/front; -1 where there is none, and why */
    char *state_path;
    struct error stateless;
    int channel; /* to the gate, until `gate` has it */
    pid_t gate_pid;
    struct account account;
    struct event_base *base;
    struct event *signals[3], *look, *deadline;
    struct turns turns;
    struct spare spare;
    struct keepings keepings;
    struct gate *gate;
    struct jobs *jobs;
    struct wishes *wishes;
    struct owners *owners;
    struct metrics *metrics;
    struct tracer *tracer; /* NULL: nothing is traced */
    struct hub *hub;
    struct job_news *job_news;
    struct door *door;
    struct porter *porter; /* NULL: nobody is asked for a token */
    uint64_t budget_ns;    /* of a call */
    bool retiring, ending, gate_left;
    int status;
};

/* --- the straight line to the first byte ----------------------------------------------- */

static int claim_descriptors(struct serve *serve, struct error *err)
{
    return stdio_claim(&serve->in, &serve->out, err);
}

static int read_configuration(struct serve *serve, struct error *err)
{
    int r = config_load(serve->options->config, &serve->config, err);
    if (r == 0 && !serve->options->log_level)
        log_set_level(serve->config.log_level);
    return r == 0 && getuid() == 0 ? account_find(serve->config.account, &serve->account, err) : r;
}

static int open_address(struct serve *serve, struct error *err)
{
    int r = web_open(serve->steward.listener, &serve->config, porter_asks(&serve->config),
                     &serve->web, err);
    if (r == 0)
        (void)fd_take(&serve->steward.listener);
    return r;
}

static int open_tokens(struct serve *serve, struct error *err)
{
    bool asks = serve->web.where && porter_asks(&serve->config);
    return asks ? porter_open(&serve->config, &serve->account, &serve->porter, err) : 0;
}

static int read_budget(struct serve *serve, struct error *err)
{
    return budget_parse(getenv("SMART_ASYNC_TIMEOUT_SECONDS"), &serve->budget_ns, err);
}

static int open_state(struct serve *serve, struct error *err)
{
    int fd = front_open(serve->options, &serve->config, &serve->account, &serve->state_path, err);
    serve->state = fd < 0 ? -1 : fd;
    if (fd < 0) { /* full, another's, not to be written: what is asked is answered all the same */
        serve->stateless = *err;
        if (!serve->state_path)
            serve->state_path = xstrdup("");
    }
    return 0;
}

static int start_gate(struct serve *serve, struct error *err)
{
    serve->gate_pid = sandbox_start("gate", serve->options, &serve->channel, err);
    if (serve->gate_pid < 0)
        return (int)serve->gate_pid;
    precedence_take(serve->in); /* before it is forbidden, and not for the gate */
    return 0;
}

/* For as long as the server lives; from where it is caged it could not be opened. */
static int open_trace(struct serve *serve, struct error *err)
{
    struct report file = { .option = "--trace", .path = serve->options->trace, .fd = -1 };
    if (file.path && strcmp(file.path, "-") == 0)
        return fail_caller(err, EINVAL, "--trace -: standard output is the clients'; name a file");
    int r = report_open(&file, NULL, err);
    if (r == 0 && file.fd >= 0) {
        (void)!ftruncate(file.fd, 0); /* not for a pipe */
        serve->tracer = tracer_new(fd_take(&file.fd));
    }
    report_close(&file);
    return r;
}

/* The gate has its copy: index passwords and the like must not lie about in the
 * process that reads strangers' bytes. Wiped, because clearenv() only forgets. */
static int forget_environment(struct serve *serve, struct error *err)
{
    (void)serve;
    (void)err;
    tzset(); /* reads TZ and files: not possible later */
    for (char **entry = environ; *entry; entry++)
        explicit_bzero(*entry, strlen(*entry));
    (void)clearenv();
    return 0;
}

static int make_loop(struct serve *serve, struct error *err);

/* A server that a person starts as root becomes nobody's, and sees its own files alone. */
static int drop_identity(struct serve *serve, struct error *err)
{
    (void)umask(077);
    if (serve->account.uid == 0)
        return 0;
    if (serve->state >= 0)
        (void)confine_root(serve->state);
    return confine_identity(&serve->account, err);
}

static int drop_privileges(struct serve *serve, struct error *err)
{
    (void)serve;
    return confine_privileges(err);
}

static int close_files(struct serve *serve, struct error *err)
{
    if (!confine_possible()) {
        log_event(LOG_WARN, "cage-off", KV("reason", "built with sanitizers"));
        return 0;
    }
    int abi = confine_files(serve->state, err);
    if (abi == 0)
        log_event(LOG_WARN, "cage-weaker", KV("reason", "this kernel has no Landlock"));
    return abi < 0 ? abi : 0;
}

static int open_spare(struct serve *serve, struct error *err)
{
    (void)err;
    spare_open(&serve->spare);
    return 0;
}

static int make_keepings(struct serve *serve, struct error *err)
{
    return keepings_make(serve->state, &serve->stateless, &serve->config, &serve->keepings, err);
}

static int limit_resources(struct serve *serve, struct error *err)
{
    (void)serve;
    return confine_resources(err);
}

static int close_calls(struct serve *serve, struct error *err)
{
    return confine_possible() ? confine_calls(serve->web.where != NULL, err) : 0;
}

/* Only now: another process may have written what is read. */
static int connect_keepings(struct serve *serve, struct error *err)
{
    (void)err;
    keepings_connect(&serve->keepings, serve->state_path);
    return 0;
}

/* Each forbids what the ones before it used. */
static const struct step {
    const char *name;
    int (*take)(struct serve *serve, struct error *err);
} steps[] = {
    { "standard input and output", claim_descriptors },
    { "configuration", read_configuration },
    { "address", open_address },
    { "tokens", open_tokens },
    { "time budget", read_budget },
    { "state", open_state },
    { "gate", start_gate },
    { "trace", open_trace },
    { "what the host has to spare", open_spare },
    { "environment", forget_environment },
    { "identity", drop_identity },
    { "privileges", drop_privileges },
    { "files", close_files },
    { "job store", make_keepings },
    { "event loop", make_loop },
    { "limits", limit_resources },
    { "system calls", close_calls },
    { "records", connect_keepings },
};

/* --- the end ------------------------------------------------------------------------------ */

static void look_again(struct serve *serve)
{
    event_active(serve->look, EV_TIMEOUT, 0);
}

/* `silent`: the client has gone, or is told nothing more. */
static void end(struct serve *serve, const char *reason, bool silent, int status)
{
    const char *why = silent ? NULL : reason; /* NULL: the server stopped */
    if (serve->ending)
        return;
    static const struct timeval deadline = { .tv_sec = ENDING_S };
    log_event(LOG_INFO, "ending", KV("reason", reason));
    serve->ending = true;
    serve->status = status;
    jobs_stopping(serve->jobs, why);
    door_stop(serve->door, silent);
    jobs_cancel_all(serve->jobs);
    (void)event_add(serve->deadline, &deadline);
    look_again(serve);
}

static void on_deadline(evutil_socket_t fd, short what, void *context)
{
    struct serve *serve = context;
    (void)fd;
    (void)what;
    log_event(LOG_WARN, "ending-late", KV_U64("jobs", jobs_count(serve->jobs)));
    if (serve->ending)
        (void)event_base_loopbreak(serve->base);
    else
        end(serve, "its runs have not ended in time", true, 0);
}

/* Ending is over when no run is left, what was answered is read, and the gate
 * has gone: then nothing of this server is left on the host. */
static void on_look(evutil_socket_t fd, short what, void *context)
{
    struct serve *serve = context;
    (void)fd;
    (void)what;
    if (serve->retiring && !serve->ending && jobs_count(serve->jobs) == 0 &&
        door_quiet(serve->door))
        end(serve, "all that was begun has ended", true, 0);
    if (!serve->ending || jobs_count(serve->jobs) > 0)
        return;
    if (!serve->gate_left)
        gate_leave(serve->gate);
    else if (door_quiet(serve->door))
        (void)event_base_loopbreak(serve->base);
}

/* Others serve: who was let in here gets his answers, and what runs comes to its end. */
static void retire(struct serve *serve)
{
    if (serve->retiring || serve->ending)
        return;
    static const struct timeval deadline = { .tv_sec = RETIRING_S };
    log_event(LOG_INFO, "retiring", KV_U64("jobs", jobs_count(serve->jobs)),
              KV_U64("at_most_s", RETIRING_S));
    serve->retiring = true;
    door_retire(serve->door);
    (void)event_add(serve->deadline, &deadline);
    look_again(serve);
}

static void on_command(evutil_socket_t fd, short what, void *context)
{
    struct serve *serve = context;
    char word;
    (void)what;
    if (read(fd, &word, 1) != 1) {
        (void)event_del(serve->commands);
        end(serve, "the steward died", true, EXIT_UNUSABLE);
    } else if (word == STEWARD_RETIRE) {
        retire(serve);
    } else if (word == STEWARD_RELOAD && serve->porter) {
        porter_reload(serve->porter);
    }
}

static void on_closed(void *context)
{
    end(context, "the client closed its side", true, 0);
}

static void on_signal(evutil_socket_t number, short what, void *context)
{
    (void)what;
    const char *name = signal_name(number);
    end(context, name ? name : "signal", true, 0);
}

static void on_gate_died(void *context)
{
    struct serve *serve = context;
    int status = 0;
    serve->gate_left = true;
    /* It leaves its end of the channel when it exits: this does not take long. */
    bool spoke = !serve->ending && waitpid(serve->gate_pid, &status, 0) == serve->gate_pid &&
                 WIFEXITED(status) && WEXITSTATUS(status) == EXIT_UNUSABLE;
    if (!serve->ending && !spoke)
        log_event(LOG_ERROR, "gate-died", KV_U64("pid", (uint64_t)serve->gate_pid));
    end(serve, spoke ? "the gate could not begin" : "the gate died", false, EXIT_UNUSABLE);
    look_again(serve);
}

static void on_idle(void *context)
{
    look_again(context);
}

/* --- the parts, joined ---------------------------------------------------------------------- */

static const char *unready(void *context)
{
    const struct serve *serve = context;
    return serve->ending ? "ending" : serve->gate_left ? "the gate died" : NULL;
}

static void watch_signals(struct serve *serve)
{
    static const int numbers[] = { SIGTERM, SIGINT, SIGHUP };
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN); /* a file that grew too long is a failed write, and told */
    for (size_t i = 0; i < COUNT(numbers); i++) {
        if (serve->steward.control >= 0 &&
            numbers[i] == SIGHUP) { /* a terminal's is for all of its processes */
            (void)signal(SIGHUP, SIG_IGN);
            (void)signal(SIGQUIT, SIG_IGN);
            continue;
        }
        serve->signals[i] = evsignal_new(serve->base, numbers[i], on_signal, serve);
        (void)event_add(serve->signals[i], NULL);
    }
}

static void watch_steward(struct serve *serve)
{
    if (serve->steward.control < 0)
        return;
    serve->commands =
        event_new(serve->base, serve->steward.control, EV_READ | EV_PERSIST, on_command, serve);
    if (!serve->commands || event_add(serve->commands, NULL) < 0)
        abort();
}

/* Of the slots, which other servers share, three in four: the gate notices the
 * end of a run a moment after we do. */
static unsigned runs_at_once(const struct config *config)
{
    return config->slot_count - config->slot_count / 4;
}

/* More of them would only be in each other's way: on one processor one that waits for something
 * beside one that does not. */
static unsigned begins_at_once(const struct spare *spare)
{
    return spare->processors * 2;
}

static size_t jobs_at_once(void)
{
    size_t most = confine_files_most() / JOB_DESCRIPTORS;
    return most < JOBS_MAX ? most : JOBS_MAX;
}

static int make_loop(struct serve *serve, struct error *err)
{
    serve->base = door_loop(serve->in, serve->out, &serve->web, err);
    if (!serve->base)
        return -err->code;
    serve->look = event_new(serve->base, -1, 0, on_look, serve);
    serve->deadline = evtimer_new(serve->base, on_deadline, serve);
    watch_signals(serve);
    watch_steward(serve);
    const struct turns_parts turns = { .base = serve->base,
                                       .places = runs_at_once(&serve->config),
                                       .begins = begins_at_once(&serve->spare),
                                       .spare = &serve->spare };
    turns_init(&serve->turns, &turns);
    serve->gate = gate_new(serve->base, fd_take(&serve->channel), on_gate_died, serve);
    serve->metrics = metrics_new(serve->config.client_policies);
    const struct jobs_parts jobs = { .base = serve->base,
                                     .gate = serve->gate,
                                     .turns = &serve->turns,
                                     .most = jobs_at_once(),
                                     .store = serve->keepings.store,
                                     .outputs = serve->keepings.outputs,
                                     .metrics = serve->metrics,
                                     .tracer = serve->tracer,
                                     .idle = on_idle,
                                     .context = serve };
    serve->jobs = jobs_new(&jobs);
    serve->wishes = wishes_new(serve->base, serve->keepings.store, serve->jobs);
    const struct services services = {
        .base = serve->base,
        .gate = serve->gate,
        .jobs = serve->jobs,
        .turns = &serve->turns,
        .library = { serve->state, serve->state_path, NULL },
        .store = serve->keepings.store,
        .outputs = serve->keepings.outputs,
        .metrics = serve->metrics,
        .wishes = serve->wishes,
        .config = &serve->config,
        .default_policy = serve->config.default_policy,
        .budget_ns = serve->budget_ns,
    };
    serve->owners = owners_new(&serve->config.principals, &services);
    serve->hub = hub_new();
    serve->job_news = job_news_new(serve->base, serve->hub);
    if (serve->porter)
        porter_begin(serve->porter, serve->gate, serve->owners);
    const struct door_parts parts = { .base = serve->base,
                                      .in = &serve->in,
                                      .out = &serve->out,
                                      .web = &serve->web,
                                      .owners = serve->owners,
                                      .hub = serve->hub,
                                      .porter = serve->porter,
                                      .idle = on_idle,
                                      .closed = on_closed,
                                      .unready = unready,
                                      .context = serve };
    serve->door = door_new(&parts);
    return 0;
}

static void serve_done(struct serve *serve)
{
    bool quiet = !serve->door || door_calls(serve->door) == 0;
    door_free(serve->door);
    gate_free(serve->gate);
    porter_close(serve->porter);
    if (quiet) {
        job_news_free(serve->job_news);
        hub_free(serve->hub);
    }
    if (serve->jobs && jobs_count(serve->jobs) == 0) {
        jobs_free(serve->jobs);
        owners_free(serve->owners);
    }
    wishes_free(serve->wishes);
    metrics_free(serve->metrics);
    tracer_free(serve->tracer);
    keepings_done(&serve->keepings);
    int descriptors[] = { serve->in,
                          serve->out,
                          serve->state,
                          serve->channel,
                          serve->steward.listener,
                          serve->steward.control };
    for (size_t i = 0; i < COUNT(descriptors); i++)
        own_close(&descriptors[i]);
    struct event *events[] = { serve->signals[0], serve->signals[1], serve->signals[2],
                               serve->look,       serve->deadline,   serve->commands };
    for (size_t i = 0; i < COUNT(events); i++)
        if (events[i])
            event_free(events[i]);
    turns_done(&serve->turns);
    spare_close(&serve->spare);
    if (serve->base)
        event_base_free(serve->base);
    free(serve->state_path);
    web_done(&serve->web);
    config_done(&serve->config);
}

/* Our exit status. A gate that left when it was asked to is on its last step, and
 * with it nothing of this server is left; it may also never have come up, and has
 * said why. One that died, or did not leave, is not waited for. */
static int gate_status(const struct serve *serve)
{
    int status = 0;
    bool left = serve->gate_left && serve->status == 0;
    pid_t ended = waitpid(serve->gate_pid, &status, left ? 0 : WNOHANG);
    return ended == serve->gate_pid && status != 0 ? EXIT_UNUSABLE : serve->status;
}

static void begin(const struct serve *serve)
{
    const char word = STEWARD_SERVES;
    if (serve->web.where)
        log_event(LOG_INFO, "serving", KV("transport", "http"), KV("address", serve->web.where));
    else
        log_event(LOG_INFO, "serving", KV("transport", "stdio"));
    if (serve->steward.control >= 0)
        (void)!write(serve->steward.control, &word, 1);
}

int server_run(struct options *options, const struct steward_link *steward)
{
    struct serve serve = { .options = options,
                           .steward = *steward,
                           .in = -1,
                           .out = -1,
                           .state = -1,
                           .channel = -1,
                           .spare = { .load = -1, .memory = -1 },
                           .web = { .listener = -1 } };
    struct error err = { 0 };
    for (size_t i = 0; i < COUNT(steps); i++)
        if (steps[i].take(&serve, &err) < 0) {
            (void)fail_within(&err, "serve: %s", steps[i].name);
            serve_done(&serve);
            return complain_error(&err);
        }
    begin(&serve);
    (void)event_base_dispatch(serve.base);
    serve_done(&serve);
    return gate_status(&serve);
}
