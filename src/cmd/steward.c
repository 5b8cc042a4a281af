/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/steward.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cordon/log.h>

#include "clock.h"
#include "cmd/command.h"
#include "cmd/manager.h"
#include "cmd/trusted.h"
#include "net/listen.h"
#include "str.h"

/* The one that serves, the one that begins, and those that still have runs. */
#define SERVERS_MAX 16

/* What a server finds where. The variable also tells a gate which process beside its own is
 * cordon's (sandbox/cgroup_place.c). */
#define VARIABLE "CORDON_STEWARD"
#define LISTENER 3
#define CONTROL  4
#define SPARE    10 /* numbers that are in nobody's way meanwhile */

struct server {
    pid_t pid;
    int control;
    bool serves;  /* it has said so */
    bool retires; /* it was told to */
};

/* What a server reads once, when it begins: is that still the same? */
enum thing { PROGRAM, SANDBOX, CONFIGURATION, CERTIFICATE, KEY, THINGS };

struct look {
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec changed;
};

struct steward {
    const struct options *options;
    char *program; /* where it lay when we were started: a newer one lies there later */
    char *where;
    int listener;
    bool terminal;                      /* standard error is one */
    struct server servers[SERVERS_MAX]; /* the oldest first */
    size_t count;
    struct look looks[THINGS];
    bool again;  /* HUP came while one was beginning */
    bool ending; /* nobody is started any more */
    int status;
};

/* --- what has changed ------------------------------------------------------------------------- */

static struct look look_at(const char *path)
{
    struct stat st;
    if (!path || stat(path, &st) < 0)
        return (struct look){ 0 };
    return (struct look){ st.st_dev, st.st_ino, st.st_size, st.st_mtim };
}

static bool same(const struct look *a, const struct look *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec;
}

/* Before a server is started: what changes from then on it may have missed. */
static void look_around(const struct steward *steward, const struct config *config,
                        struct look looks[THINGS])
{
    struct error ignored;
    autofree char *sandbox = NULL, *configuration = config_path(steward->options->config);
    (void)!sandbox_path(&sandbox, &ignored);
    looks[PROGRAM] = look_at(steward->program);
    looks[SANDBOX] = look_at(sandbox);
    looks[CONFIGURATION] = look_at(configuration);
    looks[CERTIFICATE] = look_at(config->tls_certificate);
    looks[KEY] = look_at(config->tls_key);
}

/* A configuration that cannot be read is another one: who starts with it says what is wrong. */
static bool all_the_same(const struct steward *steward)
{
    struct config config = { 0 };
    struct look now[THINGS];
    struct error ignored;
    if (config_load(steward->options->config, &config, &ignored) < 0)
        return false;
    look_around(steward, &config, now);
    config_done(&config);
    for (size_t i = 0; i < THINGS; i++)
        if (!same(&now[i], &steward->looks[i]))
            return false;
    return true;
}

/* --- servers ---------------------------------------------------------------------------------- */

static struct server *serving(struct steward *steward)
{
    for (size_t i = steward->count; i > 0; i--)
        if (steward->servers[i - 1].serves && !steward->servers[i - 1].retires)
            return &steward->servers[i - 1];
    return NULL;
}

static bool one_begins(const struct steward *steward)
{
    return steward->count > 0 && !steward->servers[steward->count - 1].serves;
}

static void say(const struct server *server, enum steward_word word)
{
    const char byte = (char)word;
    (void)!send(server->control, &byte, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* In the child. */
static _Noreturn void be_server(const struct steward *steward, int control)
{
    char self[16];
    sigset_t none;
    (void)sigemptyset(&none);
    (void)snprintf(self, sizeof(self), "%d", (int)getppid());
    int listener = fcntl(steward->listener, F_DUPFD_CLOEXEC, SPARE);
    int ours = fcntl(control, F_DUPFD_CLOEXEC, SPARE);
    if (listener >= 0 && ours >= 0 && dup2(listener, LISTENER) == LISTENER &&
        dup2(ours, CONTROL) == CONTROL && setenv(VARIABLE, self, 1) == 0 &&
        unsetenv("NOTIFY_SOCKET") == 0 && sigprocmask(SIG_SETMASK, &none, NULL) == 0)
        (void)execv(steward->program, (char *const *)called_with);
    complain("serve: start %s: %s", steward->program, strerror(errno));
    _exit(EXIT_UNUSABLE);
}

static int begin_server(struct steward *steward, struct error *err)
{
    struct config config = { 0 };
    struct error ignored;
    int ends[2];
    if (steward->count == SERVERS_MAX)
        return fail_host_as(err, EBUSY, "%d servers before it have not ended yet", SERVERS_MAX - 1);
    if (config_load(steward->options->config, &config, &ignored) == 0)
        look_around(steward, &config, steward->looks);
    config_done(&config);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        return fail_host(err, "make a socket for a server");
    autoclose int ours = ends[0], theirs = ends[1];
    pid_t pid = fork();
    if (pid < 0)
        return fail_host(err, "start a server");
    if (pid == 0)
        be_server(steward, theirs);
    steward->servers[steward->count++] = (struct server){ .pid = pid, .control = fd_take(&ours) };
    return 0;
}

static void signal_all(const struct steward *steward, int number)
{
    for (size_t i = 0; i < steward->count; i++)
        (void)kill(steward->servers[i].pid, number);
}

static void end_all(struct steward *steward, int number)
{
    if (!steward->ending)
        manager_tell("STOPPING=1");
    steward->ending = true;
    signal_all(steward, number);
}

static void retire_all(struct steward *steward)
{
    if (!steward->ending)
        manager_tell("STOPPING=1\nSTATUS=ending the runs that are left");
    steward->ending = true;
    own_close(&steward->listener);
    steward->listener = -1;
    for (size_t i = 0; i < steward->count; i++) {
        say(&steward->servers[i], STEWARD_RETIRE);
        steward->servers[i].retires = true;
    }
}

/* --- from one to the next --------------------------------------------------------------------- */

static void tell_ready(const struct steward *steward)
{
    manager_tell("READY=1\nSTATUS=serving %s", steward->where);
}

static void begin_next(struct steward *steward)
{
    struct error err = { 0 };
    if (begin_server(steward, &err) == 0)
        return;
    log_event(LOG_ERROR, "reload-failed", KV("reason", err.text));
    tell_ready(steward);
}

static void reload(struct steward *steward)
{
    const struct server *server = serving(steward);
    if (steward->ending)
        return;
    manager_tell("RELOADING=1\nMONOTONIC_USEC=%llu", (unsigned long long)(now_ns() / 1000));
    if (!server || one_begins(steward)) {
        steward->again = true;
    } else if (all_the_same(steward)) {
        say(server, STEWARD_RELOAD);
        tell_ready(steward);
    } else {
        begin_next(steward);
    }
}

static void on_serves(struct steward *steward, struct server *server)
{
    if (server->serves)
        return;
    server->serves = true;
    for (struct server *one = steward->servers; one < server; one++)
        if (!one->retires) {
            one->retires = true;
            say(one, STEWARD_RETIRE);
            log_event(LOG_INFO, "takeover", KV_U64("from", (uint64_t)one->pid),
                      KV_U64("to", (uint64_t)server->pid));
        }
    tell_ready(steward);
    if (steward->again) {
        steward->again = false;
        reload(steward);
    }
}

static int exit_status(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_UNUSABLE;
}

static void on_ended(struct steward *steward, size_t at, int status)
{
    const struct server server = steward->servers[at];
    own_close(&server.control);
    memmove(&steward->servers[at], &steward->servers[at + 1],
            (--steward->count - at) * sizeof(server));
    if (server.retires) {
        log_event(LOG_INFO, "retired", KV_U64("pid", (uint64_t)server.pid),
                  KV_U64("status", (uint64_t)exit_status(status)));
        return;
    }
    if (!server.serves && !steward->ending && serving(steward)) {
        log_event(LOG_ERROR, "reload-failed", KV("reason", "the new server could not begin"),
                  KV_U64("status", (uint64_t)exit_status(status)));
        tell_ready(steward);
        return;
    }
    steward->status = exit_status(status);
    if (!steward->ending)
        end_all(steward, SIGTERM);
}

static void reap(struct steward *steward)
{
    int status;
    for (size_t i = 0; i < steward->count;)
        if (waitpid(steward->servers[i].pid, &status, WNOHANG) == steward->servers[i].pid)
            on_ended(steward, i, status);
        else
            i++;
}

/* --- what comes ------------------------------------------------------------------------------- */

/* A terminal that is closed says HUP as well, and means the end. */
static bool hung_up(const struct steward *steward)
{
    return steward->terminal && !isatty(STDERR_FILENO);
}

static void on_signal(struct steward *steward, int number)
{
    switch (number) {
    case SIGCHLD:
        reap(steward);
        break;
    case SIGHUP:
        if (hung_up(steward))
            end_all(steward, SIGTERM);
        else
            reload(steward);
        break;
    case SIGQUIT:
        retire_all(steward);
        break;
    default:
        end_all(steward, number);
    }
}

static void hear_signals(struct steward *steward, int signals)
{
    struct signalfd_siginfo info;
    while (read(signals, &info, sizeof(info)) == sizeof(info))
        on_signal(steward, (int)info.ssi_signo);
}

/* Its end is heard of by SIGCHLD; a closed socket is not looked at again. */
static void hear_server(struct steward *steward, struct server *server)
{
    char byte;
    ssize_t n = recv(server->control, &byte, 1, MSG_DONTWAIT);
    if (n == 1 && byte == STEWARD_SERVES)
        on_serves(steward, server);
    if (n == 0) {
        own_close(&server->control);
        server->control = -1;
    }
}

static void watch(struct steward *steward, int signals)
{
    while (steward->count > 0) {
        struct pollfd fds[1 + SERVERS_MAX] = { { .fd = signals, .events = POLLIN } };
        const size_t count = steward->count;
        for (size_t i = 0; i < count; i++)
            fds[1 + i] = (struct pollfd){
                .fd = steward->servers[i].serves ? -1 : steward->servers[i].control,
                .events = POLLIN,
            };
        if (poll(fds, 1 + count, -1) < 0 && errno != EINTR)
            abort();
        for (size_t i = 0; i < count; i++)
            if (fds[1 + i].revents & POLLIN)
                hear_server(steward, &steward->servers[i]);
        if (fds[0].revents)
            hear_signals(steward, signals);
    }
}

/* --- its life --------------------------------------------------------------------------------- */

static int find_program(char **ret, struct error *err)
{
    char path[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);
    if (len < 0)
        return fail_host(err, "find this program: readlink /proc/self/exe");
    *ret = xstrndup(path, (size_t)len);
    return 0;
}

static int watch_signals(struct error *err)
{
    static const int numbers[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGCHLD };
    sigset_t set;
    (void)sigemptyset(&set);
    for (size_t i = 0; i < COUNT(numbers); i++)
        (void)sigaddset(&set, numbers[i]);
    (void)signal(SIGCHLD, SIG_DFL); /* a caller may have ignored it */
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return fail_host(err, "hold signals back");
    int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return fd < 0 ? fail_host(err, "make a descriptor for signals") : fd;
}

int steward_serve(const struct options *options, const struct config *config, int listener)
{
    struct steward steward = { .options = options,
                               .listener = listener,
                               .where = address_text(listener),
                               .terminal = isatty(STDERR_FILENO) };
    struct error err = { 0 };
    if (!options->log_level)
        log_set_level(config->log_level);
    autoclose int signals = watch_signals(&err);
    int r = signals < 0 ? signals : find_program(&steward.program, &err);
    if (r >= 0)
        r = begin_server(&steward, &err);
    if (r < 0) {
        (void)fail_within(&err, "serve");
        steward.status = complain_error(&err);
    } else {
        watch(&steward, signals);
    }
    own_close(&steward.listener);
    free(steward.program);
    free(steward.where);
    return steward.status;
}

/* --- the other side --------------------------------------------------------------------------- */

int steward_find(struct steward_link *ret, struct error *err)
{
    const char *steward = getenv(VARIABLE);
    *ret = (struct steward_link){ -1, -1 };
    if (!steward || strtol(steward, NULL, 10) != getppid())
        return 0;
    if (fcntl(LISTENER, F_SETFD, FD_CLOEXEC) < 0 || fcntl(CONTROL, F_SETFD, FD_CLOEXEC) < 0)
        return fail_host(err,
                         VARIABLE " is set, which servers are given by their own steward alone");
    *ret = (struct steward_link){ LISTENER, CONTROL };
    return 0;
}
