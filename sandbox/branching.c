/* SPDX-License-Identifier: Apache-2.0 */
/* branching.c - the keeper's side of boxes that are forked. */
#include "branching.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "branch_order.h"
#include "clock.h"
#include "fd.h"
#include "kernel.h"
#include "notify.h"
#include "self.h"
#include "str.h"
#include "syscalls.h"

/* As for any box. */
#define STAND_DEADLINE_MS 30000

/* What an interpreter may take while it gets ready. */
#define STEM_BYTES (64ULL << 20)

/* --- the library --- */

/* Beside this program, as it is installed and as it is built. */
char *stem_library(struct error *err)
{
    autofree char *self = NULL;
    int r = self_find(&self, err);
    char *slash = r < 0 ? NULL : strrchr(self, '/');
    if (slash)
        *slash = '\0';
    autofree char *path = slash ? path_join(self, "cordon-branch.so") : NULL;
    if (path && access(path, R_OK) == 0)
        return TAKE(&path);
    if (r == 0)
        (void)fail_host_as(err, ENOENT, "cordon-branch.so is not installed beside cordon-sandbox");
    return NULL;
}

/* --- the stem's filter --------------------------------------------------------------------- */

/* What making a box takes. A payload loads the policy's own filter on top of this one, so that
 * nothing here is open to it. */
static const char *const opened[] = {
    "clone3",
    "clone",
    "unshare",
    "open_tree",
    "move_mount",
    "fsopen",
    "fsconfig",
    "fsmount",
    "fspick",
    "mount_setattr",
    "openat2",
    "openat",
    "mkdirat",
    "fchmodat",
    "sendfile",
    "setsid",
    "socket",
    "ioctl",
    "fcntl",
    "prctl",
    "prlimit64",
    "setrlimit",
    "capset",
    "seccomp",
    "landlock_create_ruleset",
    "landlock_add_rule",
    "landlock_restrict_self",
    "kill",
    "wait4",
    "waitid",
    "sendmsg",
    "recvmsg",
    "chdir",
    "umask",
    "dup2",
    "dup3",
    "pipe2",
    "fstatfs",
    "close_range",
};

#if defined(__x86_64__)
#define NATIVE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE AUDIT_ARCH_AARCH64
#else
#define NATIVE 0
#endif

/* Denials become "ask a tracer", and without one the kernel answers ENOSYS: of the filters a
 * process has the strictest answer counts, and a plain denial here would silence the payload's
 * own, which asks the supervisor so that it is counted. What the payload's filter lets through
 * this one lets through as well: nothing is left for a tracer to decide. */
static int stem_filter(const struct filter *plain, struct filter *ret, struct error *err)
{
    size_t length = 3 + 2 * COUNT(opened) + plain->length, at = 0;
    if (NATIVE == 0 || length > BPF_MAXINSNS)
        return fail_host_as(err, E2BIG, "the filter has no room for what a fork needs");
    struct sock_filter *program = xcalloc(length, sizeof(*program));
    size_t skip = 1 + 2 * COUNT(opened);
    program[at++] =
        (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
    /* Numbers of foreign architectures are judged by the filter behind: it ends them. */
    program[at++] =
        (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NATIVE, 0, (uint8_t)skip);
    program[at++] =
        (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (size_t i = 0; i < COUNT(opened); i++) {
        uint32_t number = (uint32_t)syscall_number(opened[i]);
        program[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1);
        program[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    }
    for (unsigned i = 0; i < plain->length; i++, at++) {
        program[at] = plain->program[i];
        if (program[at].code == (BPF_RET | BPF_K) &&
            (program[at].k & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO)
            program[at].k = SECCOMP_RET_TRACE;
    }
    *ret = (struct filter){ .program = program, .length = (unsigned short)length };
    return 0;
}

/* --- the stem's plan ------------------------------------------------------------------------- */

static bool lets_through(const struct filter *filter, const char *call)
{
    const struct seccomp_data asked = { .nr = syscall_number(call), .arch = NATIVE };
    return filter_answer(filter, &asked) == SECCOMP_RET_ALLOW;
}

const char *stem_obstacle(const struct plan *plan)
{
    if (plan->terminal)
        return "a terminal is made for a fresh box only";
    if (plan->root.script_covers)
        return "the script's place is shown by the operator";
    if (plan->egress)
        return "the policy has a way out";
    for (size_t i = 0; i < plan->root.mount_count; i++)
        if (plan->root.mounts[i].kind == MOUNT_OVERLAY)
            return "an overlay's layer is made for a fresh box only";
    /* A payload's last acts come after its filter. */
    if (!lets_through(&plan->filter, "write") || !lets_through(&plan->filter, "close_range"))
        return "the policy's filter forbids what a forked interpreter does last";
    return NULL;
}

struct limits stem_limits(const struct limits *limits)
{
    struct limits wide = *limits;
    wide.pids += STEM_PROCESSES;
    wide.memory_bytes += STEM_BYTES;
    return wide;
}

int stem_plan(struct plan *plan, struct error *err)
{
    struct filter filter;
    int r = stem_filter(&plan->filter, &filter, err);
    if (r < 0)
        return r;
    filter_done(&plan->filter);
    filter_done(&plan->asking); /* a second listener could not be had: it is the payload's */
    plan->filter = filter;
    plan->landlock = 0;
    for (size_t i = 0; i < plan->rlimit_count; i++) {
        struct plan_rlimit *limit = &plan->rlimits[i];
        /* A namespace is held to what its maker may have, too. */
        if (limit->resource == RLIMIT_NPROC)
            limit->value += STEM_PROCESSES + 1;
        if (limit->resource == RLIMIT_CPU)
            limit->value = RLIM_INFINITY;
    }
    return 0;
}

/* --- standing -----------------------------------------------------------------------------------
 */

static int shape_text(struct branch_shape *shape, size_t *used, const char *text, uint32_t *ret)
{
    size_t len = strlen(text) + 1;
    if (len > sizeof(shape->text) - *used)
        return -ENAMETOOLONG;
    memcpy(shape->text + *used, text, len);
    *ret = (uint32_t)*used;
    *used += len;
    return 0;
}

static bool is_made_anew(enum mount_kind kind)
{
    return kind == MOUNT_SCRATCH || kind == MOUNT_PROC || kind == MOUNT_PROC_FULL ||
           kind == MOUNT_PTS;
}

/* Covered by a scratch directory that is made anew, and by nothing else of the host's. */
static bool is_put_back(const struct root_plan *root, size_t which)
{
    bool covered = false;
    for (size_t i = 0; i < root->mount_count; i++) {
        const struct mount *above = &root->mounts[i];
        if (i == which || !path_within(root->mounts[which].inside, above->inside))
            continue;
        if (above->kind != MOUNT_SCRATCH)
            return false;
        covered = true;
    }
    return covered;
}

static int make_shape(const struct plan *plan, struct branch_shape *ret, struct error *err)
{
    size_t used = 1;
    int r = 0;
    *ret = (struct branch_shape){ .ask = BRANCH_MAKE,
                                  .scratch_bytes = plan->root.scratch_bytes,
                                  .scratch_inodes = plan->root.scratch_inodes };
    for (size_t i = 0; r == 0 && i < plan->root.mount_count; i++) {
        const struct mount *mount = &plan->root.mounts[i];
        if (!is_made_anew(mount->kind) && !is_put_back(&plan->root, i))
            continue;
        if (ret->mount_count == BRANCH_MOUNTS_MAX)
            return fail_host_as(err, E2BIG, "more than %d places to make anew", BRANCH_MOUNTS_MAX);
        ret->mounts[ret->mount_count].kind = mount->kind;
        ret->mounts[ret->mount_count].directory = mount->directory;
        r = shape_text(ret, &used, mount->inside, &ret->mounts[ret->mount_count++].at);
    }
    if (r == 0 && plan->root.script >= 0)
        r = shape_text(ret, &used, plan->root.script_at, &ret->script_at);
    return r < 0 ? fail_host_as(err, -r, "the names of a box's places are too long") : 0;
}

static int hear(struct stem *stem, struct branch_told *ret, int *pidfd, struct error *err)
{
    size_t count = 0;
    int fd = -1;
    struct pollfd wanted = { .fd = stem->sock, .events = POLLIN };
    int n;
    do
        n = poll(&wanted, 1, STAND_DEADLINE_MS);
    while (n < 0 && errno == EINTR);
    if (n <= 0)
        return fail_host_as(err, ETIMEDOUT, "the waiting interpreter does not answer");
    ssize_t len = socket_receive(stem->sock, ret, sizeof(*ret), &fd, 1, &count, err);
    if (len >= 0 && len != (ssize_t)sizeof(*ret))
        len = fail_host_as(err, EPIPE, "the waiting interpreter has ended");
    if (pidfd && count == 1 && len >= 0)
        *pidfd = fd;
    else if (count == 1)
        close(fd);
    if (len < 0)
        return (int)len;
    stem->ns = ret->stem_ns;
    return 0;
}

/* The pid behind a descriptor, as we count (proc(5), fdinfo). */
static pid_t pid_of(int pidfd)
{
    autofree char *path = xasprintf("/proc/self/fdinfo/%d", pidfd), *text = NULL;
    struct error ignored;
    if (file_read(AT_FDCWD, path, 4096, &text, NULL, &ignored) < 0)
        return -1;
    const char *line = strstr(text, "\nPid:");
    return line ? (pid_t)strtol(line + 5, NULL, 10) : -1;
}

static pid_t parent_of(pid_t pid)
{
    autofree char *path = xasprintf("/proc/%d/stat", (int)pid), *text = NULL;
    struct error ignored;
    int parent = -1;
    if (file_read(AT_FDCWD, path, 4096, &text, NULL, &ignored) < 0)
        return -1;
    const char *rest = strrchr(text, ')');
    return rest && sscanf(rest + 1, " %*c %d", &parent) == 1 ? parent : -1;
}

static const char *const apart[] = { "user", "mnt", "pid", "net", "ipc", "uts", "cgroup" };
_Static_assert(COUNT(apart) == STEM_NAMESPACES, "as branching.h says");

static int look_at_namespaces(pid_t pid, ino_t ret[STEM_NAMESPACES], struct error *err)
{
    autofree char *path = xasprintf("/proc/%d/ns", (int)pid);
    autoclose int place = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    for (size_t i = 0; i < STEM_NAMESPACES; i++) {
        struct stat st;
        if (place < 0 || fstatat(place, apart[i], &st, 0) < 0)
            return fail_host(err, "look at the %s namespace of a forked box", apart[i]);
        ret[i] = st.st_ino;
    }
    return 0;
}

/* The kernel says of each namespace which it is: none is the stem's, and so none is a box's around.
 * The stem's never change: it has no capability. */
static int look_from_outside(struct stem *stem, pid_t pid, struct error *err)
{
    ino_t theirs[STEM_NAMESPACES];
    int r = stem->looked_at ? 0 : look_at_namespaces(parent_of(pid), stem->namespaces, err);
    stem->looked_at = r == 0;
    if (r == 0)
        r = look_at_namespaces(pid, theirs, err);
    for (size_t i = 0; r == 0 && i < STEM_NAMESPACES; i++)
        if (theirs[i] == stem->namespaces[i])
            r = fail_host_as(err, EPROTO, "a forked box shares its %s namespace", apart[i]);
    return r;
}

static int ask_for_one(struct stem *stem, const struct branch_shape *shape, struct box *box,
                       struct error *err)
{
    autoclose int control = -1, report = -1;
    int ends[2];
    struct branch_told told;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return fail_host(err, "pipe");
    control = ends[0];
    box->control = ends[1];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return fail_host(err, "socketpair");
    report = ends[0];
    box->report = ends[1];
    const int fds[] = { control, report };
    int r = socket_send(stem->sock, shape, sizeof(*shape), fds, COUNT(fds), err);
    if (r == 0)
        r = hear(stem, &told, &box->pidfd, err);
    if (r < 0)
        return r;
    if (told.code != 0 || box->pidfd < 0)
        return fail_host_as(err, told.code ? told.code : EPROTO, "%.23s: %s", told.step,
                            strerror(told.code));
    box->stem = stem; /* from here on there is somebody to reap */
    box->pid = pid_of(box->pidfd);
    return box->pid > 0 ? 0 : fail_host_as(err, ESRCH, "pid 1 died");
}

int branch_stand(struct stem *stem, const struct plan *plan, struct box *ret, struct error *err)
{
    struct branch_shape shape;
    *ret = box_none();
    int r = make_shape(plan, &shape, err);
    if (r == 0)
        r = ask_for_one(stem, &shape, ret, err);
    if (r == 0)
        r = box_hear(ret, REPORT_STANDING, err);
    if (r == 0)
        r = look_from_outside(stem, ret->pid, err);
    if (r < 0)
        box_done(ret);
    return r < 0 ? fail_within(err, "a forked box") : 0;
}

/* --- the order
 * ------------------------------------------------------------------------------------ */

/* Aligned for everything that stands in an order. */
static uint32_t put(struct str *bytes, const void *what, size_t len)
{
    static const char zeros[8];
    uint32_t at = (uint32_t)bytes->len;
    str_add(bytes, what, len);
    str_add(bytes, zeros, -len & 7);
    return at;
}

static uint32_t put_text(struct str *bytes, const char *text)
{
    return put(bytes, text, strlen(text) + 1);
}

static void write_down(const struct plan *plan, const void *text, size_t len,
                       struct branch_order *head, struct str *bytes)
{
    *head = (struct branch_order){ .landlock = plan->landlock,
                                   .rule_count = plan->rule_count,
                                   .rlimit_count = (uint32_t)plan->rlimit_count,
                                   .filter_length = plan->filter.length,
                                   .asking_length = plan->asking.length,
                                   .text_len = (uint32_t)len };
    for (unsigned i = 0; i < plan->rule_count; i++) {
        head->rules[i].path = put_text(bytes, plan->rules[i].path);
        head->rules[i].right = plan->rules[i].right;
    }
    memcpy(head->rlimits, plan->rlimits, sizeof(head->rlimits));
    head->filter =
        put(bytes, plan->filter.program, plan->filter.length * sizeof(*plan->filter.program));
    head->asking =
        put(bytes, plan->asking.program, plan->asking.length * sizeof(*plan->asking.program));
    head->cwd = put_text(bytes, plan->cwd);
    head->text = put(bytes, text, len);
    head->size = (uint32_t)(sizeof(*head) + bytes->len);
}

int branch_order(const struct box *box, const struct plan *plan, const void *text, size_t len,
                 struct error *err)
{
    struct branch_order head;
    autostr struct str bytes = { 0 };
    write_down(plan, text, len, &head, &bytes);
    autoclose int memfd = memfd_create("order", MFD_CLOEXEC);
    if (memfd < 0)
        return fail_host(err, "memfd_create");
    int r = fd_write_all(memfd, &head, sizeof(head), err);
    if (r == 0)
        r = fd_write_all(memfd, bytes.data, bytes.len, err);
    if (r < 0)
        return r;
    const int fds[] = { [BRANCH_STDIN] = plan->stdio[0],
                        [BRANCH_STDOUT] = plan->stdio[1],
                        [BRANCH_STDERR] = plan->stdio[2],
                        [BRANCH_ORDER] = memfd,
                        [BRANCH_SCRIPT] = plan->root.script };
    return socket_send(box->report, "o", 1, fds, COUNT(fds), err);
}

/* --- the end
 * ---------------------------------------------------------------------------------------- */

int branch_reap(struct stem *stem, struct rusage *ret)
{
    const char ask = BRANCH_WAIT;
    struct branch_told told = { .code = EPIPE };
    struct error ignored;
    *ret = (struct rusage){ 0 };
    int r = socket_send(stem->sock, &ask, 1, NULL, 0, &ignored);
    if (r == 0)
        r = hear(stem, &told, NULL, &ignored);
    if (r < 0 || told.code != 0)
        return r < 0 ? r : -told.code;
    ret->ru_utime = (struct timeval){ .tv_sec = (time_t)(told.user_ns / NS_PER_S),
                                      .tv_usec = (suseconds_t)(told.user_ns % NS_PER_S / 1000) };
    ret->ru_stime = (struct timeval){ .tv_sec = (time_t)(told.system_ns / NS_PER_S),
                                      .tv_usec = (suseconds_t)(told.system_ns % NS_PER_S / 1000) };
    return 0;
}
