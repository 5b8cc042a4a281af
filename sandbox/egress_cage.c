/* SPDX-License-Identifier: Apache-2.0 */
/* egress_cage.c - what an egress process may ask of the kernel: sockets, memory, time.
 *
 * It reads what a stranger's code sends, and stands in the host's network. So
 * there is no file, no process, no other family of sockets within its reach.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <seccomp.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "egress_parts.h"
#include "landlock.h"

/* A wall against a leak of our own: buffers of all connections take a tenth of it. */
#define MEMORY_MAX (512ULL << 20)

#define SOCKET_TYPE 0xf /* without SOCK_NONBLOCK and SOCK_CLOEXEC (socket(2)) */

struct call_rule {
    const char *name;
    enum { ANY, IS, WITHOUT } check;
    unsigned argument;
    uint64_t mask;  /* IS: compared under it; WITHOUT: none of these bits */
    uint64_t value; /* IS */
};

/* One row per value; argument 0 of socket is checked here, its type is in no
 * need of a check: raw ones want a capability. */
static const struct call_rule rules[] = {
    /* bytes */
    { .name = "read" },
    { .name = "readv" },
    { .name = "recvfrom" },
    { .name = "recvmsg" },
    { .name = "write" },
    { .name = "writev" },
    { .name = "sendto" },
    { .name = "sendmsg" },
    { .name = "close" },
    { .name = "shutdown" },
    /* connections; "accept" and not "bind": nobody reaches it from the network */
    { .name = "accept4" },
    { .name = "socket", .check = IS, .argument = 0, .mask = ~0U, .value = AF_INET },
    { .name = "socket", .check = IS, .argument = 0, .mask = ~0U, .value = AF_INET6 },
    { .name = "connect" },
    { .name = "getsockopt" },
    { .name = "getsockname" },
    { .name = "setsockopt", .check = IS, .argument = 1, .mask = ~0U, .value = IPPROTO_TCP },
    { .name = "fcntl", .check = IS, .argument = 1, .mask = ~0U, .value = F_GETFL },
    { .name = "fcntl", .check = IS, .argument = 1, .mask = ~0U, .value = F_SETFL },
    { .name = "fcntl", .check = IS, .argument = 1, .mask = ~0U, .value = F_GETFD },
    { .name = "fcntl", .check = IS, .argument = 1, .mask = ~0U, .value = F_SETFD },
    { .name = "ioctl", .check = IS, .argument = 1, .mask = ~0U, .value = FIONREAD },
    /* waiting */
    { .name = "epoll_ctl" },
    { .name = "epoll_wait" },
    { .name = "epoll_pwait" },
    { .name = "restart_syscall" },
    /* memory, never executable */
    { .name = "brk" },
    { .name = "munmap" },
    { .name = "mremap" },
    { .name = "madvise" },
    { .name = "mmap", .check = WITHOUT, .argument = 2, .mask = PROT_EXEC },
    { .name = "mprotect", .check = WITHOUT, .argument = 2, .mask = PROT_EXEC },
    /* time and chance */
    { .name = "clock_gettime" },
    { .name = "gettimeofday" },
    { .name = "getrandom" },
    { .name = "getpid" },
    /* the end */
    { .name = "rt_sigreturn" },
    { .name = "futex" },
    { .name = "exit" },
    { .name = "exit_group" },
};

static int add_rule(scmp_filter_ctx filter, const struct call_rule *rule)
{
    int number = seccomp_syscall_resolve_name(rule->name);
    if (number < 0)
        return 0; /* not on this architecture, which has another for it */
    struct scmp_arg_cmp compare = { .arg = rule->argument,
                                    .op = SCMP_CMP_MASKED_EQ,
                                    .datum_a = rule->mask,
                                    .datum_b = rule->value };
    return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, number, rule->check != ANY, &compare);
}

/* What is not in the table is EPERM: a library that tries its luck goes on without. */
static int filter_calls(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    int r = filter ? 0 : -ENOMEM;
    for (size_t i = 0; r == 0 && i < COUNT(rules); i++)
        r = add_rule(filter, &rules[i]);
    if (r == 0)
        r = seccomp_load(filter);
    seccomp_release(filter);
    errno = -r;
    return r < 0 ? -1 : 0;
}

/* Bytes of data the process has mapped, as RLIMIT_DATA counts them (proc(5)). */
static uint64_t data_mapped(void)
{
    unsigned long long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (!file)
        return 0;
    if (fscanf(file, "%*u %*u %*u %*u %*u %llu", &pages) != 1)
        pages = 0;
    (void)fclose(file);
    return pages * (unsigned long long)sysconf(_SC_PAGESIZE);
}

static int set_limits(uint64_t cpu_ms)
{
    const struct {
        int resource;
        rlim_t value;
    } limits[] = {
        { RLIMIT_NOFILE, DESCRIPTORS_MAX },
        { RLIMIT_DATA, data_mapped() + MEMORY_MAX },
        { RLIMIT_CPU, cpu_ms / 1000 + 1 }, /* as much as the box itself may have */
        { RLIMIT_FSIZE, 0 },
        { RLIMIT_NPROC, 0 },
        { RLIMIT_MEMLOCK, 0 },
        { RLIMIT_CORE, 1 }, /* 0 does not stop a core_pattern that is a pipe (core(5)) */
    };
    for (size_t i = 0; i < COUNT(limits); i++) {
        struct rlimit limit = { limits[i].value, limits[i].value }, now;
        if (getrlimit((__rlimit_resource_t)limits[i].resource, &now) == 0 &&
            now.rlim_max < limit.rlim_max)
            limit.rlim_cur = limit.rlim_max = now.rlim_max;
        if (setrlimit((__rlimit_resource_t)limits[i].resource, &limit) < 0)
            return -1;
    }
    return 0;
}

int egress_cage(uint64_t cpu_ms)
{
    if (set_limits(cpu_ms) < 0 || prctl(PR_SET_DUMPABLE, 0) < 0 ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return -1;
    /* Without a rule no file at all, and no signal to anybody. */
    if (landlock_apply(landlock_abi(), NULL, 0) < 0)
        return -1;
    return filter_calls();
}
