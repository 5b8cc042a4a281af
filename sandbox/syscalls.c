/* SPDX-License-Identifier: Apache-2.0 */
/* syscalls.c - tables of names: system calls, their arguments' constants, errnos. */
#include "syscalls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "str.h"

struct named {
    const char *name;
    uint64_t value;
};

/* Newer than the libseccomp we may be linked with. Since 5.1 new system calls
 * have one number on all architectures. */
static const struct named newer_calls[] = {
    { "epoll_pwait2", 441 },      { "mount_setattr", 442 },
    { "quotactl_fd", 443 },       { "landlock_create_ruleset", 444 },
    { "landlock_add_rule", 445 }, { "landlock_restrict_self", 446 },
    { "memfd_secret", 447 },      { "process_mrelease", 448 },
    { "futex_waitv", 449 },       { "set_mempolicy_home_node", 450 },
    { "cachestat", 451 },         { "fchmodat2", 452 },
    { "map_shadow_stack", 453 },  { "futex_wake", 454 },
    { "futex_wait", 455 },        { "futex_requeue", 456 },
    { "statmount", 457 },         { "listmount", 458 },
    { "lsm_get_self_attr", 459 }, { "lsm_set_self_attr", 460 },
    { "lsm_list_modules", 461 },  { "mseal", 462 },
    { "setxattrat", 463 },        { "getxattrat", 464 },
    { "listxattrat", 465 },       { "removexattrat", 466 },
    { "open_tree_attr", 467 },    { "file_getattr", 468 },
    { "file_setattr", 469 },
};

#define NAMED(constant)     \
    {                       \
#constant, constant \
    }

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif
#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#endif
#ifndef PR_SET_PTRACER
#define PR_SET_PTRACER 0x59616d61
#endif

static const struct named constants[] = {
    NAMED(AF_UNIX),
    NAMED(AF_INET),
    NAMED(AF_INET6),
    NAMED(AF_NETLINK),
    NAMED(AF_PACKET),
    NAMED(AF_VSOCK),
    NAMED(AF_ALG),
    NAMED(SOCK_STREAM),
    NAMED(SOCK_DGRAM),
    NAMED(SOCK_SEQPACKET),
    NAMED(SOCK_RAW),
    NAMED(IPPROTO_IP),
    NAMED(IPPROTO_TCP),
    NAMED(IPPROTO_UDP),
    NAMED(IPPROTO_ICMP),
    NAMED(IPPROTO_ICMPV6),
    NAMED(NETLINK_ROUTE),
    NAMED(CLONE_NEWNS),
    NAMED(CLONE_NEWCGROUP),
    NAMED(CLONE_NEWUTS),
    NAMED(CLONE_NEWIPC),
    NAMED(CLONE_NEWUSER),
    NAMED(CLONE_NEWPID),
    NAMED(CLONE_NEWNET),
    NAMED(CLONE_NEWTIME),
    NAMED(CLONE_THREAD),
    NAMED(CLONE_VM),
    NAMED(CLONE_VFORK),
    NAMED(CLONE_PARENT),
    NAMED(CLONE_PTRACE),
    NAMED(CLONE_UNTRACED),
    NAMED(O_WRONLY),
    NAMED(O_RDWR),
    NAMED(O_CREAT),
    NAMED(O_TRUNC),
    NAMED(O_APPEND),
    /* O_TMPFILE is O_DIRECTORY and this bit; the bit alone is what makes a file. */
    { "O_TMPFILE", O_TMPFILE & ~O_DIRECTORY },
    NAMED(F_NOTIFY),
    NAMED(F_SETLEASE),
    NAMED(RWF_NOWAIT),
    NAMED(SOL_SOCKET),
    NAMED(SO_ATTACH_FILTER),
    NAMED(SO_ATTACH_BPF),
    NAMED(SO_ATTACH_REUSEPORT_CBPF),
    NAMED(SO_ATTACH_REUSEPORT_EBPF),
    NAMED(TCP_MD5SIG),
    { "TCP_ULP", 31 },
    { "TCP_MD5SIG_EXT", 32 },
    { "TCP_AO_ADD_KEY", 38 },
    NAMED(POSIX_FADV_DONTNEED),
    NAMED(S_IFMT),
    NAMED(S_IFCHR),
    NAMED(S_IFBLK),
    NAMED(S_IFIFO),
    NAMED(S_IFSOCK),
    NAMED(S_IFREG),
    NAMED(S_ISUID),
    NAMED(S_ISGID),
    NAMED(S_ISVTX),
    NAMED(TIOCSTI),
    { "TIOCLINUX", 0x541c },
    NAMED(TIOCSETD),
    NAMED(TIOCSCTTY),
    NAMED(TIOCCONS),
    NAMED(PROT_READ),
    NAMED(PROT_WRITE),
    NAMED(PROT_EXEC),
    NAMED(MAP_SHARED),
    NAMED(MAP_ANONYMOUS),
    NAMED(PRIO_PROCESS),
    NAMED(PRIO_PGRP),
    NAMED(PRIO_USER),
    NAMED(ADDR_NO_RANDOMIZE),
    NAMED(PR_SET_PDEATHSIG),
    NAMED(PR_GET_PDEATHSIG),
    NAMED(PR_GET_DUMPABLE),
    NAMED(PR_SET_DUMPABLE),
    NAMED(PR_GET_KEEPCAPS),
    NAMED(PR_SET_NAME),
    NAMED(PR_GET_NAME),
    NAMED(PR_GET_SECCOMP),
    NAMED(PR_CAPBSET_READ),
    NAMED(PR_SET_TIMERSLACK),
    NAMED(PR_GET_TIMERSLACK),
    NAMED(PR_SET_CHILD_SUBREAPER),
    NAMED(PR_GET_CHILD_SUBREAPER),
    NAMED(PR_SET_NO_NEW_PRIVS),
    NAMED(PR_GET_NO_NEW_PRIVS),
    NAMED(PR_SET_THP_DISABLE),
    NAMED(PR_GET_THP_DISABLE),
    NAMED(PR_CAP_AMBIENT),
    NAMED(PR_SET_VMA),
    NAMED(PR_SET_PTRACER),
    NAMED(PR_SET_MM),
};

/* What a call may be refused with: all of them are answers programs know how to take. */
static const struct named errnos[] = {
    NAMED(EPERM),  NAMED(ENOENT), NAMED(EAGAIN),     NAMED(EACCES),       NAMED(ENODEV),
    NAMED(EINVAL), NAMED(ENOSYS), NAMED(EOPNOTSUPP), NAMED(EAFNOSUPPORT), NAMED(EPROTONOSUPPORT),
    NAMED(ENOTTY), NAMED(ENOMEM), NAMED(EROFS),
};

static const struct named *find(const struct named *table, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    return NULL;
}

int syscall_number(const char *name)
{
    int number = seccomp_syscall_resolve_name_arch(SCMP_ARCH_NATIVE, name);
    if (number >= 0)
        return number;
    const struct named *newer = find(newer_calls, COUNT(newer_calls), name);
    if (newer)
        return (int)newer->value;
    /* A pseudo number: libseccomp knows it for another architecture. */
    return number == __NR_SCMP_ERROR ? SYSCALL_UNKNOWN : SYSCALL_ELSEWHERE;
}

char *syscall_name(int number)
{
    char *known = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number);
    if (known)
        return known;
    for (size_t i = 0; i < COUNT(newer_calls); i++)
        if ((int)newer_calls[i].value == number)
            return xstrdup(newer_calls[i].name);
    return xasprintf("#%d", number);
}

bool constant_value(const char *name, uint64_t *ret)
{
    const struct named *row = find(constants, COUNT(constants), name);
    if (row) {
        *ret = row->value;
        return true;
    }
    if (name[0] < '0' || name[0] > '9')
        return false;
    char *end;
    errno = 0;
    unsigned long long value = strtoull(name, &end, 0);
    if (*end || errno)
        return false;
    *ret = value;
    return true;
}

const char *constant_name(uint64_t value, const char *prefix, size_t len)
{
    for (size_t i = 0; i < COUNT(constants); i++)
        if (constants[i].value == value && strncmp(constants[i].name, prefix, len) == 0)
            return constants[i].name;
    return NULL;
}

int errno_number(const char *name)
{
    const struct named *row = find(errnos, COUNT(errnos), name);
    return row ? (int)row->value : 0;
}

const char *errno_name(int number)
{
    for (size_t i = 0; i < COUNT(errnos); i++)
        if ((int)errnos[i].value == number)
            return errnos[i].name;
    return NULL;
}
