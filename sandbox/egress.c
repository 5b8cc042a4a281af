/* SPDX-License-Identifier: Apache-2.0 */
/* egress.c - the supervisor's side of the way out. */
#include "egress.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/securebits.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "caps.h"
#include "fd.h"
#include "kernel.h"
#include "self.h"
#include "variables.h"

#define BACKLOG 128

/* Far more than it takes; a host so slow has other troubles. */
#define READY_MS 10000
#define LAST_MS  500

/* --- variables ------------------------------------------------------------------- */

static const char *const proxy_names[] = { "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY",
                                           "http_proxy", "https_proxy", "all_proxy" };
static const char *const except_names[] = { "NO_PROXY", "no_proxy" };

void egress_variables(char ***env, bool local)
{
    autofree char *url = xasprintf("http://127.0.0.1:%d", EGRESS_PORT);
    for (size_t i = 0; i < COUNT(proxy_names); i++)
        variables_set(env, proxy_names[i], url);
    for (size_t i = 0; local && i < COUNT(except_names); i++)
        variables_set(env, except_names[i], "localhost,127.0.0.1");
}

bool egress_variable(const char *name)
{
    for (size_t i = 0; i < COUNT(proxy_names); i++)
        if (strcmp(name, proxy_names[i]) == 0)
            return true;
    return strcmp(name, except_names[0]) == 0 || strcmp(name, except_names[1]) == 0;
}

/* --- the process ------------------------------------------------------------------- */

/* Ids first, with capabilities kept over the change; then those go for good. */
static int give_up_privileges(const struct identity *identity)
{
    if (identity->root &&
        (prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP) < 0 || setgroups(0, NULL) < 0 ||
         setresgid(identity->gid, identity->gid, identity->gid) < 0 ||
         setresuid(identity->uid, identity->uid, identity->uid) < 0))
        return -1;
    return caps_drop_all();
}

static _Noreturn void say_fault(int socket, const char *step)
{
    struct error why = { 0 };
    struct error ignored;
    autostr struct str message = { 0 };
    (void)fail_host(&why, "%s", step);
    egress_fault_encode(&why, &message);
    (void)!socket_send(socket, message.data, message.len, NULL, 0, &ignored);
    _exit(1);
}

static _Noreturn void become_process(const struct identity *identity, int socket, pid_t supervisor)
{
    char *const argv[] = { (char *)(uintptr_t) "cordon-sandbox", (char *)(uintptr_t)EGRESS_WORD,
                           NULL };
    char *const env[] = { NULL };
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    /* Now: without our ids we may not be able to walk there. */
    int program = open(self_path(), O_PATH | O_CLOEXEC);
    if (give_up_privileges(identity) < 0)
        say_fault(socket, "drop privileges");
    /* After the ids: a change of them clears it. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        say_fault(socket, "prctl");
    if (getppid() != supervisor)
        _exit(1);
    /* dup2() of a descriptor onto itself would leave it to be closed by exec. */
    int away = fcntl(socket, F_DUPFD_CLOEXEC, EGRESS_FD + 1);
    int image = fcntl(program, F_DUPFD_CLOEXEC, EGRESS_FD + 1);
    for (int fd = 0; fd <= STDERR_FILENO; fd++)
        if (nothing < 0 || dup2(nothing, fd) < 0)
            say_fault(socket, "open /dev/null");
    if (away < 0 || dup2(away, EGRESS_FD) < 0)
        say_fault(socket, "dup2");
    (void)execveat(image, "", argv, env, AT_EMPTY_PATH);
    say_fault(EGRESS_FD, "execute itself");
}

int egress_start(const struct egress_order *order, const struct identity *identity,
                 struct egress *ret, struct error *err)
{
    autostr struct str message = { 0 };
    int pair[2];
    int r = egress_order_encode(order, &message, err);
    if (r < 0)
        return r;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return fail_host(err, "socketpair");
    autoclose int ours = pair[0], theirs = pair[1];
    r = socket_send(ours, message.data, message.len, NULL, 0, err);
    if (r < 0)
        return fail_within(err, "egress");
    pid_t supervisor = getpid(), pid = fork();
    if (pid < 0)
        return fail_host(err, "fork an egress process");
    if (pid == 0)
        become_process(identity, theirs, supervisor);
    *ret = (struct egress){ .pid = pid, .socket = fd_take(&ours) };
    return 0;
}

/* --- the listener -------------------------------------------------------------------- */

/* In a process of its own: as a user there is no way back into our namespace. */
static int listen_inside(int init, int socket_out)
{
    struct sockaddr_in at = { .sin_family = AF_INET,
                              .sin_port = htons(EGRESS_PORT),
                              .sin_addr = { htonl(INADDR_LOOPBACK) } };
    const char kind = EGRESS_LISTENER;
    struct error ignored;
    if (setns(init, CLONE_NEWNET) < 0)
        return errno;
    int sock = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    /* The loopback is about to be raised: between the making of its routing table and
     * of the first route in that, its address is nobody's (ip(7), IP_FREEBIND). */
    const int on = 1;
    if (sock < 0 || setsockopt(sock, IPPROTO_IP, IP_FREEBIND, &on, sizeof(on)) < 0 ||
        bind(sock, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(sock, BACKLOG) < 0)
        return errno;
    return -socket_send(socket_out, &kind, 1, &sock, 1, &ignored);
}

static int make_listener(const struct egress *egress, int init, struct error *err)
{
    pid_t maker = fork();
    if (maker < 0)
        return fail_host(err, "fork for the box's listener");
    if (maker == 0)
        _exit(listen_inside(init, egress->socket));
    int status;
    while (waitpid(maker, &status, 0) < 0 && errno == EINTR)
        ;
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
    return code == 0 ? 0 : fail_host_as(err, code, "listen inside the box: %s", strerror(code));
}

static ssize_t receive(const struct egress *egress, int patience_ms, void *message, size_t room)
{
    struct pollfd readable = { .fd = egress->socket, .events = POLLIN };
    int n;
    do
        n = poll(&readable, 1, patience_ms);
    while (n < 0 && errno == EINTR);
    return n <= 0 ? n : recv(egress->socket, message, room, MSG_DONTWAIT);
}

int egress_open(struct egress *egress, int init, struct error *err)
{
    char message[ERROR_TEXT_MAX + 64] = { 0 };
    int r = make_listener(egress, init, err);
    if (r < 0)
        return r;
    ssize_t n = receive(egress, READY_MS, message, sizeof(message));
    if (n == 1 && message[0] == EGRESS_READY)
        return 0;
    egress_fault_decode(message, n > 0 ? (size_t)n : 0, err);
    return fail_within(err, "egress");
}

void egress_end(struct egress *egress, struct outcome *outcome)
{
    if (egress->pid <= 0)
        return;
    /* The end of what we have to say is its sign to leave. */
    (void)shutdown(egress->socket, SHUT_WR);
    if (outcome) {
        autofree char *message = xcalloc(1, EGRESS_MESSAGE_MAX);
        ssize_t n = receive(egress, LAST_MS, message, EGRESS_MESSAGE_MAX);
        if (n <= 0 || !egress_denied_decode(message, (size_t)n, outcome))
            log_event(LOG_WARN, "egress-died", KV_U64("pid", (uint64_t)egress->pid));
    }
    (void)kill(egress->pid, SIGKILL);
    while (waitpid(egress->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    close(egress->socket);
    *egress = (struct egress){ .socket = -1 };
}
