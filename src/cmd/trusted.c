/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/trusted.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cordon/trusted.h>

#include "cmd/command.h"
#include "fd.h"
#include "str.h"

#define PROGRAM "cordon-sandbox"
#define CHANNEL 3 /* where it looks for its socket */

/* cordon-sandbox has said everything; for it to go. */
#define LEAVE_MS 5000

/* Where programs are looked for, from the directory of this one. */
static const struct {
    int up; /* so many directories */
    const char *below;
} places[] = { { 0, "" }, { 1, "libexec/cordon/" } };

static int find_program(const char *program, char **ret, struct error *err)
{
    char self[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
    if (len < 0)
        return fail_host(err, "find this program: readlink /proc/self/exe");
    self[len] = '\0';
    char *slash = strrchr(self, '/');
    if (slash)
        *slash = '\0';
    for (size_t i = 0; i < COUNT(places); i++) {
        /* Without "..": one file has one name, whoever asks. */
        char *end = places[i].up ? strrchr(self, '/') : NULL;
        int stem = end ? (int)(end - self) : (int)strlen(self);
        autofree char *path = xasprintf("%.*s/%s%s", stem, self, places[i].below, program);
        if (access(path, X_OK) == 0) {
            *ret = TAKE(&path);
            return 0;
        }
    }
    return fail_host_as(err, ENOENT, "%s is neither in %s nor in its ../libexec/cordon", program,
                        self);
}

int sandbox_path(char **ret, struct error *err)
{
    return find_program(PROGRAM, ret, err);
}

int helper_check(const char *name, struct error *err)
{
    autofree char *path = NULL;
    return find_program(name, &path, err);
}

int helper_path(const char *name, char **ret, struct error *err)
{
    return find_program(name, ret, err);
}

/* cordon-sandbox [OPTIONS] COMMAND [WORDS...] */
static char **sandbox_words(const char *command, const struct options *options, char *const *words)
{
    const struct {
        const char *name, *value;
    } given[] = {
        { "--state", options->state },
        { "--config", options->config },
        { "--policies", options->policies },
        { "--log-level", options->log_level },
    };
    char **list = NULL;
    list_add(&list, PROGRAM);
    for (size_t i = 0; i < COUNT(given); i++)
        if (given[i].value) {
            list_add(&list, given[i].name);
            list_add(&list, given[i].value);
        }
    for (size_t i = 0; options->root && options->root[i]; i++) {
        list_add(&list, "--root");
        list_add(&list, options->root[i]);
    }
    list_add(&list, command);
    for (; words && *words; words++)
        list_add(&list, *words);
    return list;
}

int sandbox_become(const char *command, const struct options *options, char *const *words,
                   struct error *err)
{
    autofree char *path = NULL;
    int r = sandbox_path(&path, err);
    if (!path)
        return r;
    autolist char **list = sandbox_words(command, options, words);
    (void)execv(path, list);
    return fail_host(err, "start %s", path);
}

/* An empty mask, and no dispositions that it could mistake for its own: we ignore
 * SIGPIPE, and a caller may have ignored SIGCHLD. */
static int spawn_attributes(posix_spawnattr_t *attributes, short group)
{
    sigset_t none, plain;
    (void)sigemptyset(&none);
    (void)sigemptyset(&plain);
    (void)sigaddset(&plain, SIGPIPE);
    (void)sigaddset(&plain, SIGCHLD);
    int r = posix_spawnattr_init(attributes);
    if (r == 0)
        r = posix_spawnattr_setsigmask(attributes, &none);
    if (r == 0)
        r = posix_spawnattr_setsigdefault(attributes, &plain);
    if (r == 0)
        r = posix_spawnattr_setflags(attributes, (short)(POSIX_SPAWN_SETSIGMASK |
                                                         POSIX_SPAWN_SETSIGDEF | group));
    return r;
}

static int spawn_actions(posix_spawn_file_actions_t *actions, int channel)
{
    int r = posix_spawn_file_actions_init(actions);
    /* First the socket: it may have one of the numbers that are opened next. */
    if (r == 0)
        r = posix_spawn_file_actions_adddup2(actions, channel, CHANNEL);
    if (r == 0)
        r = posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0);
    if (r == 0)
        r = posix_spawn_file_actions_addopen(actions, 1, "/dev/null", O_WRONLY, 0);
    return r;
}

static pid_t sandbox_execute(const char *path, char *const *words, bool gate, int channel,
                             struct error *err)
{
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t actions;
    pid_t pid = -1;
    /* A gate has a session of its own: the kernel shares the processor out to sessions first, and
     * what its supervisors do is not to be taken from the front's part. */
    int r = spawn_attributes(&attributes, gate ? POSIX_SPAWN_SETSID : POSIX_SPAWN_SETPGROUP);
    if (r == 0)
        r = spawn_actions(&actions, channel);
    if (r == 0)
        r = posix_spawn(&pid, path, &actions, &attributes, words, environ);
    if (r != 0) {
        errno = r;
        return fail_host(err, "start %s", path);
    }
    (void)posix_spawn_file_actions_destroy(&actions);
    (void)posix_spawnattr_destroy(&attributes);
    return pid;
}

/* --- the same without a start of a program ----------------------------------------------- */

/* Where the kernel shows what a process was called with. */
static struct {
    char *words, *end;
} shown;

void sandbox_shown_in(int argc, char *const *argv)
{
    if (argc > 0) {
        shown.words = argv[0];
        shown.end = argv[argc - 1] + strlen(argv[argc - 1]);
    }
}

/* Who looks at a list of processes sees what each is, and a script's arguments at the script. */
static void show(char *const *words)
{
    char *at = shown.words;
    if (at)
        memset(at, 0, (size_t)(shown.end - at));
    for (; at && *words && at < shown.end; words++, at++)
        at = stpncpy(at, *words, (size_t)(shown.end - at));
    (void)prctl(PR_SET_NAME, PROGRAM);
}

static _Noreturn void be_sandbox(const char *path, char **words, int channel)
{
    sigset_t none;
    (void)sigemptyset(&none);
    (void)setpgid(0, 0);
    (void)signal(SIGCHLD, SIG_DFL);
    (void)signal(SIGPIPE, SIG_DFL);
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (nothing < 0 || dup2(nothing, STDIN_FILENO) < 0 || dup2(nothing, STDOUT_FILENO) < 0 ||
        dup2(channel, CHANNEL) < 0 || sigprocmask(SIG_SETMASK, &none, NULL) < 0)
        _exit(EXIT_UNUSABLE);
    show(words);
    trusted_is(path);
    exit(trusted_main((int)list_len(words), words));
}

/* To be executed it would need more than half a millisecond, for memory and relocations that a
 * copy of us has already. It keeps no descriptor of ours. */
static pid_t sandbox_fork(const char *path, char **words, int channel, struct error *err)
{
    (void)fflush(NULL); /* or it is written twice */
    pid_t pid = fork();
    if (pid < 0)
        return fail_host(err, "fork " PROGRAM);
    if (pid == 0)
        be_sandbox(path, words, channel);
    return pid;
}

pid_t sandbox_start(const char *command, const struct options *options, int *channel,
                    struct error *err)
{
    autofree char *path = NULL;
    int r = sandbox_path(&path, err);
    if (!path)
        return r;
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return fail_host(err, "make a socket for %s", PROGRAM);
    autoclose int ours = ends[0], theirs = ends[1];

    autolist char **words = sandbox_words(command, options, NULL);
    /* Who records a job has threads already, and a copy of half of a program is none. */
    bool forks = strcmp(command, "run") == 0 && !options->job;
    pid_t pid = forks ? sandbox_fork(path, words, theirs, err)
                      : sandbox_execute(path, words, strcmp(command, "gate") == 0, theirs, err);
    if (pid >= 0)
        *channel = fd_take(&ours);
    return pid;
}

/* --- its end --------------------------------------------------------------------------- */

/* 0 unless a signal ended it. */
static int wait_for(pid_t pid)
{
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void tell_of_death(int channel, const struct launch *dead)
{
    autofree char *frame = xcalloc(1, LAUNCH_FRAME_MAX);
    size_t len;
    struct error ignored;
    if (dead && launch_encode(dead, frame, &len, &ignored) == 0)
        (void)!socket_send(channel, frame, len, dead->fds, FD_COUNT, &ignored);
}

/* The sandbox clears up after its outcome; it gets a moment for that. */
void sandbox_await(pid_t pid, const struct options *options, const struct launch *dead)
{
    if (pid <= 0)
        return;
    autoclose int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    struct pollfd gone = { .fd = pidfd, .events = POLLIN };
    if (pidfd >= 0 && poll(&gone, 1, LEAVE_MS) == 0)
        (void)kill(pid, SIGKILL);
    if (wait_for(pid) != 0) /* killed: what it would have cleared up is cleared up for it */
        sandbox_sweep(options, dead);
}

void sandbox_sweep(const struct options *options, const struct launch *dead)
{
    struct error ignored;
    autoclose int channel = -1;
    pid_t sweeper = sandbox_start("sweep", options, &channel, &ignored);
    if (sweeper <= 0)
        return;
    tell_of_death(channel, dead);
    own_close(&channel); /* there is no more to say */
    channel = -1;
    (void)wait_for(sweeper);
}
