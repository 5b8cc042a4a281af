/* SPDX-License-Identifier: Apache-2.0 */
/* hatch.c - asks a running server to take a run. */
#include "cmd/hatch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cordon/hatch.h>
#include <cordon/log.h>

#include "cmd/trusted.h"
#include "config.h"
#include "fd.h"
#include "str.h"

#define GATE_PART "gate"

/* A server answers in a fraction of a millisecond, on a busy host in some; one that has been
 * stopped never does. */
#define ANSWER_MS 2000

/* Several servers may have one state directory; some may be under other circumstances than we. */
#define TRIES_MAX 4

/* --- which runs --------------------------------------------------------------------------- */

/* What only the person at the command line may have is in no server's power to give. NULL: nothing
 * of that is asked for. */
static const char *wider(const struct options *options, const struct spec *spec)
{
    const struct {
        bool asked;
        const char *option;
    } those[] = {
        { options->no_server, "--no-server" },
        { options->tty, "--tty" },
        { spec->extra_count > 0, "--read or --write" },
        { spec->hosts != NULL, "--allow-host" },
        { spec->policy_file != NULL, "--policy FILE" },
        { spec->python && strchr(spec->python, '/'), "--python PATH" },
        { options->profile != NULL, "--profile" },
    };
    for (size_t i = 0; i < COUNT(those); i++)
        if (those[i].asked)
            return those[i].option;
    return NULL;
}

/* In none of the first `own` places, which are the operator's: his policies may pass variables on,
 * and ours are not the server's. */
static bool is_shipped(char *const *dirs, size_t own, const char *name)
{
    for (size_t i = 0; dirs[i]; i++) {
        autofree char *path = xasprintf("%s/%s.json", dirs[i], name);
        if (access(path, F_OK) == 0)
            return i >= own;
    }
    return false;
}

static int knock_make(const struct options *options, const struct config *config,
                      const struct spec *spec, struct knock *ret, struct error *err)
{
    autofree char *program = NULL;
    int r = sandbox_path(&program, err);
    if (r < 0)
        return r;
    const char *policy = spec->policy ? spec->policy : "default"; /* as launch_from_spec() has it */
    autolist char **dirs = policy_directories(options->policies, program);
    if (!is_shipped(dirs, options->policies ? 2 : 1, policy))
        return fail_policy(err, EPERM, "policy %s is no shipped one", policy);
    const struct footing_of of = { .program = program,
                                   .configuration = config->source,
                                   .policy_dirs = dirs };
    *ret = (struct knock){ 0 };
    footing_find(&of, &ret->from);
    (void)snprintf(ret->policy, sizeof(ret->policy), "%s", policy);
    ret->directory = spec->workspace ? xstrdup(spec->workspace) : NULL;
    return 0;
}

/* --- which servers -------------------------------------------------------------------------- */

static int connect_to(int dir, const char *name)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s", dir, name);
    autoclose int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
        return -1;
    return fd_take(&fd);
}

/* The first word of its answer; with HATCH_NO `why` is its reason. */
static char answer_of(int fd, char why[HATCH_REASON_MAX + 1])
{
    char words[1 + HATCH_REASON_MAX];
    struct pollfd answered = { .fd = fd, .events = POLLIN };
    (void)snprintf(why, HATCH_REASON_MAX + 1, "it does not answer");
    if (poll(&answered, 1, ANSWER_MS) != 1)
        return HATCH_NO;
    ssize_t n = recv(fd, words, sizeof(words), MSG_DONTWAIT);
    if (n <= 0)
        return HATCH_NO;
    if (n > 1)
        (void)snprintf(why, HATCH_REASON_MAX + 1, "%.*s", (int)(n - 1), words + 1);
    return words[0];
}

static bool ask(int fd, const void *frame, size_t len)
{
    char why[HATCH_REASON_MAX + 1], shown[HATCH_REASON_MAX + 1];
    struct error err;
    if (socket_send(fd, frame, len, NULL, 0, &err) == 0 && answer_of(fd, why) == HATCH_WELCOME)
        return true;
    log_event(LOG_DEBUG, "server-declined", KV("reason", printable(why, shown, sizeof(shown))));
    return false;
}

static void not_used(const char *why)
{
    log_event(LOG_DEBUG, "server-not-used", KV("reason", why));
}

static void try_all(struct call *call, DIR *list, const struct knock *knock)
{
    autofree char *frame = xcalloc(1, LAUNCH_FRAME_MAX);
    size_t len = 0;
    struct error err;
    unsigned tries = 0;
    if (knock_encode(knock, frame, &len, &err) < 0)
        return;
    for (struct dirent *entry; tries < TRIES_MAX && (entry = readdir(list));) {
        if (*entry->d_name == '.' || strlen(entry->d_name) >= sizeof(call->name))
            continue;
        autoclose int fd = connect_to(dirfd(list), entry->d_name);
        if (fd < 0 && errno == ECONNREFUSED) /* it was killed, and names are not used again */
            (void)unlinkat(dirfd(list), entry->d_name, 0);
        if (fd < 0)
            continue;
        tries++;
        if (!ask(fd, frame, len))
            continue;
        call->channel = fd_take(&fd);
        memcpy(call->name, entry->d_name, strlen(entry->d_name) + 1);
        log_event(LOG_DEBUG, "server-used", KV("hatch", entry->d_name));
        return;
    }
    not_used("none that is there would take it");
}

/* The gate's part of the state is nobody's but ours, or it is not looked into. */
static DIR *open_list(const struct options *options, const struct config *config)
{
    autofree char *state = NULL;
    struct error ignored;
    struct stat st;
    if (state_directory(options->state, config, &state, &ignored) < 0)
        return NULL;
    autofree char *path = xasprintf("%s/" GATE_PART "/" HATCH_DIRECTORY, state);
    autoclose int dir = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (dir < 0 || fstat(dir, &st) < 0 || st.st_uid != geteuid() || (st.st_mode & 077))
        return NULL;
    DIR *list = fdopendir(dir);
    if (list)
        (void)fd_take(&dir);
    return list;
}

void call_open(struct call *call, const struct options *options, const struct spec *spec)
{
    *call = CALL_NONE;
    const char *option = wider(options, spec);
    if (option) {
        not_used(option);
        return;
    }
    struct config config = { 0 };
    struct knock knock = { 0 };
    struct error err = { 0 };
    if (config_load(options->config, &config, &err) < 0)
        return; /* who starts the box says so */
    DIR *list = open_list(options, &config);
    if (list && knock_make(options, &config, spec, &knock, &err) == 0)
        try_all(call, list, &knock);
    else
        not_used(list ? err.text : "there is none");
    if (list && call->channel >= 0)
        call->dir = fcntl(dirfd(list), F_DUPFD_CLOEXEC, 3);
    if (list)
        (void)closedir(list);
    knock_done(&knock);
    config_done(&config);
}

void call_close(struct call *call)
{
    own_close(&call->channel);
    own_close(&call->dir);
    *call = CALL_NONE;
}

bool call_taken(const struct call *call)
{
    char word = 0;
    return call->channel >= 0 && recv(call->channel, &word, 1, MSG_DONTWAIT) == 1 &&
           word == HATCH_TAKEN;
}

bool call_server_gone(const struct call *call)
{
    autoclose int fd = connect_to(call->dir, call->name);
    return fd < 0;
}
