/* SPDX-License-Identifier: Apache-2.0 */
/* hatch.c - command lines at a gate: who they are, what they may hand in. */
#include "hatch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cordon/log.h>

#include "fd.h"
#include "kernel.h"
#include "roots.h"
#include "str.h"

#define WAITING_MAX 16

#define STATUS_MAX (64UL * 1024)

/* Linux 6.5. */
#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

/* --- the socket ------------------------------------------------------------------------- */

/* Beneath a descriptor: a state directory may have a longer path than an address has room for. */
static struct sockaddr_un address_of(int dir, const char *name)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s", dir, name);
    return address;
}

static int open_directory(const struct sandbox *sandbox)
{
    struct stat st;
    if (mkdirat(sandbox->state_fd, HATCH_DIRECTORY, 0700) < 0 && errno != EEXIST)
        return -1;
    autoclose int dir =
        openat(sandbox->state_fd, HATCH_DIRECTORY, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (dir < 0 || fstat(dir, &st) < 0)
        return -1;
    if (st.st_uid != sandbox->uid || (st.st_mode & 077)) {
        errno = EPERM;
        return -1;
    }
    return fd_take(&dir);
}

/* It gets its name when it listens: who connects to a name and is refused knows that nobody is
 * behind it. The name is a new one, so that nobody mistakes it for that of a server before. */
static int listen_at(struct hatch *hatch, int dir)
{
    uint64_t random;
    if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
        return -1;
    char hidden[sizeof(hatch->name) + 1];
    (void)snprintf(hatch->name, sizeof(hatch->name), "%016llx", (unsigned long long)random);
    (void)snprintf(hidden, sizeof(hidden), ".%s", hatch->name);
    autoclose int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const struct sockaddr_un address = address_of(dir, hidden);
    if (fd < 0 || fchmod(fd, 0600) < 0 ||
        bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
        return -1;
    if (listen(fd, WAITING_MAX) < 0 || renameat(dir, hidden, dir, hatch->name) < 0) {
        (void)unlinkat(dir, hidden, 0);
        return -1;
    }
    return fd_take(&fd);
}

void hatch_open(struct hatch *hatch)
{
    for (size_t i = 0; i < HATCH_CALLERS; i++)
        hatch->callers[i].fd = -1;
    hatch->listener = -1;
    if (hatch->sandbox->state_fd < 0)
        return;
    autoclose int dir = open_directory(hatch->sandbox);
    if (dir >= 0)
        hatch->listener = listen_at(hatch, dir);
    if (hatch->listener < 0)
        log_event(LOG_WARN, "no-hatch", KV("reason", strerror(errno)));
}

static void drop(struct hatch *hatch, size_t at)
{
    own_close(&hatch->callers[at].fd);
    memmove(&hatch->callers[at], &hatch->callers[at + 1],
            (HATCH_CALLERS - at - 1) * sizeof(*hatch->callers));
    hatch->callers[HATCH_CALLERS - 1] = (struct hatch_caller){ .fd = -1 };
}

void hatch_leave(struct hatch *hatch)
{
    own_close(&hatch->listener);
    hatch->listener = -1;
    while (hatch->callers[0].fd >= 0)
        drop(hatch, 0);
}

void hatch_close(struct hatch *hatch)
{
    if (hatch->listener < 0)
        return;
    autoclose int dir = open_directory(hatch->sandbox);
    if (dir >= 0)
        (void)unlinkat(dir, hatch->name, 0);
    hatch_leave(hatch);
}

/* --- who is there -------------------------------------------------------------------------- */

/* The value of a line of /proc/PID/status; false where there is none. */
static bool status_value(const char *status, const char *name, char *out, size_t room)
{
    autofree char *start = xasprintf("\n%s:", name);
    const char *line = strstr(status, start);
    if (!line)
        return false;
    line += strlen(start);
    line += strspn(line, " \t");
    size_t len = strcspn(line, "\n");
    if (len >= room)
        return false;
    memcpy(out, line, len);
    out[len] = '\0';
    return true;
}

static char *status_of(pid_t pid)
{
    char path[40], *text = NULL;
    struct error ignored;
    (void)snprintf(path, sizeof(path), "/proc/%d/status", pid);
    return file_read(AT_FDCWD, path, STATUS_MAX, &text, NULL, &ignored) < 0 ? NULL : text;
}

/* In the process namespace of this /proc, and in none beneath it as those in a box are. */
static bool in_no_box(const char *status)
{
    char ids[64];
    return status_value(status, "NSpid", ids, sizeof(ids)) && !strpbrk(ids, " \t");
}

/* Rights and filters of a process, and how its system's modules call it. */
static const char *const rights_lines[] = { "CapPrm", "CapEff",  "CapBnd",
                                            "CapAmb", "Seccomp", "Seccomp_filters" };

static char *rights_in(const char *status)
{
    autostr struct str text = { 0 };
    for (size_t i = 0; i < COUNT(rights_lines); i++) {
        char value[64] = "?";
        (void)status_value(status, rights_lines[i], value, sizeof(value));
        str_printf(&text, "%s ", value);
    }
    return str_take(&text);
}

char *hatch_rights(void)
{
    autofree char *status = status_of(getpid());
    return rights_in(status ? status : "");
}

/* Who has given up what it cannot have again, as everything in Landlock's confinement has, or has
 * other rights than we were started with, would gain by us. */
static bool is_unconfined(const struct hatch *hatch, const char *status)
{
    char bound[8];
    autofree char *rights = rights_in(status);
    return status_value(status, "NoNewPrivs", bound, sizeof(bound)) && strcmp(bound, "0") == 0 &&
           hatch->sandbox->rights && strcmp(rights, hatch->sandbox->rights) == 0;
}

/* By AppArmor, SELinux and their like. Most are our equals; who is not confined at all may come
 * too, for a gate may have a profile of its own. */
static bool has_our_label(int fd)
{
    char peer[256], ours[256];
    struct error ignored;
    socklen_t len = sizeof(peer) - 1;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERSEC, peer, &len) < 0)
        return errno == ENOPROTOOPT; /* there is no such module */
    peer[len] = '\0';
    autofree char *text = NULL;
    if (file_read(AT_FDCWD, "/proc/self/attr/current", sizeof(ours) - 1, &text, NULL, &ignored) < 0)
        return false;
    (void)snprintf(ours, sizeof(ours), "%.*s", (int)strcspn(text, "\n"), text);
    return strcmp(peer, ours) == 0 || strcmp(peer, "unconfined") == 0 ||
           ends_with(peer, " (unconfined)");
}

/* Its process, for as long as the descriptor lives; -1: it has gone. */
static int peer_pidfd(int fd, pid_t pid)
{
    int pidfd = -1;
    socklen_t len = sizeof(pidfd);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &len) == 0)
        return pidfd;
    return kernel_pidfd_open(pid);
}

static bool admits(const struct hatch *hatch, int fd)
{
    struct ucred peer;
    socklen_t len = sizeof(peer);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0 ||
        peer.uid != hatch->sandbox->uid || peer.pid <= 0)
        return false;
    autoclose int pidfd = peer_pidfd(fd, peer.pid);
    autofree char *status = pidfd < 0 ? NULL : status_of(peer.pid);
    if (!status || !in_no_box(status) || !is_unconfined(hatch, status) || !has_our_label(fd))
        return false;
    /* Alive still: what was read was its own, and not of who has its number now. */
    struct pollfd gone = { .fd = pidfd, .events = POLLIN };
    return poll(&gone, 1, 0) == 0;
}

static void welcome_new(struct hatch *hatch)
{
    autoclose int fd = accept4(hatch->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0)
        return;
    if (!admits(hatch, fd)) {
        log_event(LOG_WARN, "caller-refused", KV("reason", "no equal of this server's"));
        return;
    }
    if (hatch->callers[HATCH_CALLERS - 1].fd >= 0)
        drop(hatch, 0);
    size_t at = 0;
    while (hatch->callers[at].fd >= 0)
        at++;
    hatch->callers[at] = (struct hatch_caller){ .fd = fd_take(&fd) };
}

/* --- what they want ------------------------------------------------------------------------- */

/* A run that a client of ours could have ordered; what else there is, is said again and for good
 * when it is admitted (job.c). */
static int judge(struct hatch *hatch, const struct knock *knock, struct error *err)
{
    const struct sandbox *sandbox = hatch->sandbox;
    const char *differs = footing_differs(&sandbox->footing, &knock->from);
    if (differs)
        return fail_policy(err, EPERM, "%s of the server's start: not the same", differs);
    const char *policy = knock->policy[0] ? knock->policy : sandbox->config.default_policy;
    if (!list_has(config_policies(&sandbox->config, OWNER_LOCAL), policy))
        return fail_policy(err, EPERM, "the server's clients may not name policy %s", policy);
    if (!hatch->has_room(hatch->context))
        return fail_host_as(err, EAGAIN, "the server has no room");
    if (!knock->directory)
        return 0;
    autofree char *canonical = NULL;
    autoclose int dir = roots_directory(sandbox, OWNER_LOCAL, knock->directory, &canonical, err);
    return dir < 0 ? dir : 0;
}

static bool answer(struct hatch_caller *caller, const struct error *refusal)
{
    char words[1 + HATCH_REASON_MAX] = { HATCH_WELCOME };
    size_t len = 1;
    if (refusal) {
        words[0] = HATCH_NO;
        len += (size_t)snprintf(words + 1, sizeof(words) - 1, "%.*s", HATCH_REASON_MAX - 1,
                                refusal->text);
    }
    caller->welcome = !refusal;
    return send(caller->fd, words, len, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)len && !refusal;
}

/* False: this connection is over. */
static bool take_knock(struct hatch *hatch, struct hatch_caller *caller, size_t len)
{
    struct knock knock;
    struct error err = { 0 };
    int r = knock_decode(hatch->frame, len, &knock, &err);
    if (r == 0)
        r = judge(hatch, &knock, &err);
    knock_done(&knock);
    return answer(caller, r < 0 ? &err : NULL);
}

static bool take_frame(struct hatch *hatch, struct hatch_caller *caller)
{
    int fds[FD_COUNT];
    size_t count = 0;
    struct error err = { 0 };
    ssize_t n =
        socket_receive(caller->fd, hatch->frame, LAUNCH_FRAME_MAX, fds, FD_COUNT, &count, &err);
    if (n < 0 && err.code == EAGAIN)
        return true;
    if (n > 0 && caller->welcome && hatch->frame[0] == FRAME_LAUNCH) {
        hatch->launched(hatch->context, caller->fd, (size_t)n, fds, count);
        return false;
    }
    for (size_t i = 0; n > 0 && i < count; i++)
        own_close(&fds[i]);
    return n > 0 && !caller->welcome && count == 0 && take_knock(hatch, caller, (size_t)n);
}

bool hatch_taken(int caller)
{
    return send(caller, &(char){ HATCH_TAKEN }, 1, MSG_NOSIGNAL | MSG_DONTWAIT) == 1;
}

/* --- the loop ----------------------------------------------------------------------------------
 */

size_t hatch_watch(const struct hatch *hatch, struct pollfd polls[HATCH_POLLS])
{
    size_t count = 0;
    if (hatch->listener < 0)
        return 0;
    polls[count++] = (struct pollfd){ .fd = hatch->listener, .events = POLLIN };
    for (size_t i = 0; i < HATCH_CALLERS && hatch->callers[i].fd >= 0; i++)
        polls[count++] = (struct pollfd){ .fd = hatch->callers[i].fd, .events = POLLIN };
    return count;
}

void hatch_serve(struct hatch *hatch, const struct pollfd *polls, size_t count)
{
    /* From the last, because one that is over leaves a gap. */
    for (size_t i = count; i-- > 1;)
        if (polls[i].revents && !take_frame(hatch, &hatch->callers[i - 1]))
            drop(hatch, i - 1);
    if (count > 0 && polls[0].revents)
        welcome_new(hatch);
}
