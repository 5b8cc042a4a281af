/* SPDX-License-Identifier: Apache-2.0 */
/* stem.c - the interpreter that forks: one branch after the other, on its keeper's word. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "branch.h"
#include "kernel.h"
#include "python.h"

#ifndef PR_GET_TID_ADDRESS
#define PR_GET_TID_ADDRESS 40
#endif

#define BRANCH_NAMESPACES                                                                      \
    (CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | \
     CLONE_NEWCGROUP)

#define EXPORTED __attribute__((visibility("default")))

static int unfit; /* why this process cannot fork so: an errno, or 0 */
static struct branch state;
static struct branch_shape shape;
static pid_t child;

static uint64_t timeval_ns(struct timeval tv)
{
    return (uint64_t)tv.tv_sec * 1000000000 + (uint64_t)tv.tv_usec * 1000;
}

/* --- what has to be known before the first ------------------------------------------------ */

/* The box that the stem waits in has clocks of its own; the host's are what reports tell. */
static void read_clock_shift(void)
{
    char line[96];
    FILE *file = fopen("/proc/self/timens_offsets", "re");
    while (file && fgets(line, sizeof(line), file)) {
        char name[16];
        long long seconds;
        if (sscanf(line, "%15s %lld", name, &seconds) != 2)
            continue;
        if (strcmp(name, "monotonic") == 0)
            state.clock_shift_s = seconds;
        if (strcmp(name, "boottime") == 0)
            state.boot_shift_s = seconds;
    }
    if (file)
        (void)fclose(file);
}

/* A copy has only the one that makes it, and whatever the others held stays held. */
static bool is_alone(void)
{
    DIR *tasks = opendir("/proc/self/task");
    unsigned count = 0;
    for (struct dirent *entry; tasks && (entry = readdir(tasks));)
        count += entry->d_name[0] != '.';
    if (tasks)
        (void)closedir(tasks);
    return count == 1;
}

static int get_ready(void)
{
    if (!PyOS_BeforeFork || !PyOS_AfterFork_Parent || !PyOS_AfterFork_Child || !PyErr_SetObject ||
        !PyBytes_FromStringAndSize || !&PyExc_StopIteration)
        return ENOSYS;
    if (!is_alone())
        return EBUSY;
    if (prctl(PR_GET_TID_ADDRESS, &state.thread_id) < 0)
        return errno;
    /* It would be written to in each branch. */
    if (!state.thread_id || *state.thread_id != (int)syscall(SYS_gettid))
        return ENXIO;
    read_clock_shift();
    return 0;
}

/* --- the keeper's word -------------------------------------------------------------------- */

static ssize_t hear(int sock, int fds[2])
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(2 * sizeof(int))];
    } room;
    struct iovec part = { .iov_base = &shape, .iov_len = sizeof(shape) };
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &room, .msg_controllen = sizeof(room)
    };
    ssize_t n;
    do
        n = recvmsg(sock, &message, MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    fds[0] = fds[1] = -1;
    struct cmsghdr *header = n > 0 ? CMSG_FIRSTHDR(&message) : NULL;
    if (header && header->cmsg_len == CMSG_LEN(2 * sizeof(int)))
        memcpy(fds, CMSG_DATA(header), 2 * sizeof(int));
    return n;
}

static void answer(int sock, struct branch_told *told, int pidfd)
{
    struct rusage own;
    if (getrusage(RUSAGE_SELF, &own) == 0)
        told->stem_ns = timeval_ns(own.ru_utime) + timeval_ns(own.ru_stime);
    (void)pid1_send(sock, told, sizeof(*told), pidfd); /* who is gone will be heard no more */
}

/* --- making one ----------------------------------------------------------------------------- */

/* Its copy of us starts with all capabilities, over its own namespaces alone. */
static pid_t clone_branch(int *pidfd)
{
    struct clone3_args args = { .flags = BRANCH_NAMESPACES | CLONE_PIDFD | CLONE_CHILD_SETTID |
                                         CLONE_CHILD_CLEARTID,
                                .pidfd = (uintptr_t)pidfd,
                                .child_tid = (uintptr_t)state.thread_id,
                                .exit_signal = SIGCHLD };
    return kernel_clone3(&args);
}

/* True in the payload. */
static bool make(int sock, int fds[2])
{
    struct branch_told told = { .code = unfit, .step = "this interpreter" };
    int pidfd = -1;
    if (unfit) {
        close(fds[0]);
        close(fds[1]);
        answer(sock, &told, pidfd);
        return false;
    }
    PyOS_BeforeFork();
    child = clone_branch(&pidfd);
    if (child == 0) {
        /* Not close-on-exec would do: there is no exec. init.c closes what else is open. */
        if (dup2(fds[0], CONTROL_FD) < 0 || dup2(fds[1], REPORT_FD) < 0)
            _exit(125);
        branch_init(&state);
        PyOS_AfterFork_Child();
        return true;
    }
    if (child < 0) {
        told.code = errno;
        memcpy(told.step, "clone3", sizeof("clone3"));
    }
    PyOS_AfterFork_Parent();
    close(fds[0]);
    close(fds[1]);
    answer(sock, &told, pidfd);
    if (pidfd >= 0)
        close(pidfd);
    return false;
}

static void wait_for_child(int sock)
{
    struct branch_told told = { 0 };
    struct rusage used = { 0 };
    pid_t ended;
    do
        ended = wait4(child, NULL, 0, &used);
    while (ended < 0 && errno == EINTR);
    if (ended < 0)
        told.code = errno;
    told.user_ns = timeval_ns(used.ru_utime);
    told.system_ns = timeval_ns(used.ru_stime);
    answer(sock, &told, -1);
}

/* Only a payload comes back; the stem ends with its keeper. */
static void serve(int sock)
{
    unfit = get_ready();
    /* Above what a branch puts where everybody expects it. */
    int high = fcntl(sock, F_DUPFD_CLOEXEC, REPORT_FD + 8);
    if (high < 0)
        _exit(125);
    close(sock);
    state.shape = &shape;
    for (;;) {
        int fds[2];
        ssize_t n = hear(high, fds);
        if (n <= 0)
            _exit(0);
        if (shape.ask == BRANCH_WAIT)
            wait_for_child(high);
        else if (n == (ssize_t)sizeof(shape) && fds[1] >= 0 && make(high, fds))
            return;
    }
}

/* What an import looks for. It makes no module: it waits, and raises in each payload what that one
 * is to know. For that nothing has to be known of how an interpreter lays out its objects. */
EXPORTED struct PyObject *PyInit_cordon_branch(void)
{
    serve(BRANCH_SOCKET);
    const struct branch_order *order = state.order;
    struct PyObject *text =
        PyBytes_FromStringAndSize(order->bytes + order->text, (ssize_t)order->text_len);
    (void)munmap((void *)(uintptr_t)order, order->size);
    state.order = NULL;
    if (text)
        PyErr_SetObject(PyExc_StopIteration, text);
    return NULL;
}

/* The other import: of whatever waits, before it does. */
EXPORTED struct PyObject *PyInit_cordon_end(void)
{
    branch_prepare_end();
    PyErr_SetObject(PyExc_StopIteration, &_Py_NoneStruct);
    return NULL;
}
