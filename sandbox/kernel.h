/* SPDX-License-Identifier: Apache-2.0 */
/* kernel.h - system calls and constants newer than the oldest libc we build with (glibc 2.31).
 *
 * Numbers are the same on x86_64 and aarch64 for everything added since Linux 5.1.
 */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

/* An errno of the kernel's own that seccomp(2) lets out all the same. */
#define KERNEL_ENOTSUPP 524

/* clone3(2), Linux 5.3; CLONE_INTO_CGROUP 5.7 */
struct clone3_args {
    uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid,
        set_tid_size, cgroup;
};
#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif
#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ULL
#endif
#ifndef CLONE_NEWCGROUP
#define CLONE_NEWCGROUP 0x02000000
#endif

static inline pid_t kernel_clone3(struct clone3_args *args)
{
    return (pid_t)syscall(435, args, sizeof(*args));
}

static inline int kernel_pidfd_open(pid_t pid)
{
    return (int)syscall(434, pid, 0);
}

static inline int kernel_pidfd_send_signal(int pidfd, int number)
{
    return (int)syscall(424, pidfd, number, NULL, 0);
}

static inline int kernel_close_range(unsigned first, unsigned last, unsigned flags)
{
    return (int)syscall(436, first, last, flags);
}

static inline int kernel_openat2(int dir, const char *path, const struct open_how *how)
{
    return (int)syscall(437, dir, path, how, sizeof(*how));
}

/* The mount API of Linux 5.2; mount_setattr(2) 5.12 */
#ifndef OPEN_TREE_CLONE
#define OPEN_TREE_CLONE 1
#endif
#define KERNEL_OPEN_TREE_CLOEXEC O_CLOEXEC
#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif
enum {
    KERNEL_MOVE_F_EMPTY_PATH = 0x04,
    KERNEL_MOVE_T_EMPTY_PATH = 0x40,
    KERNEL_FSCONFIG_FLAG = 0,
    KERNEL_FSCONFIG_STRING = 1,
    KERNEL_FSCONFIG_CREATE = 6,
    KERNEL_FSCONFIG_RECONFIGURE = 7,
    KERNEL_ATTR_RDONLY = 0x01,
    KERNEL_ATTR_NOSUID = 0x02,
    KERNEL_ATTR_NODEV = 0x04,
    KERNEL_ATTR_NOEXEC = 0x08,
    KERNEL_ATTR_IDMAP = 0x00100000,
};

struct kernel_mount_attr {
    uint64_t set, clear, propagation, userns;
};

static inline int kernel_open_tree(int dir, const char *path, unsigned flags)
{
    return (int)syscall(428, dir, path, flags);
}

static inline int kernel_move_mount(int from, const char *from_path, int to, const char *to_path,
                                    unsigned flags)
{
    return (int)syscall(429, from, from_path, to, to_path, flags);
}

static inline int kernel_fsopen(const char *type)
{
    return (int)syscall(430, type, 1 /* FSOPEN_CLOEXEC */);
}

static inline int kernel_fsconfig(int fs, unsigned command, const char *key, const char *value)
{
    return (int)syscall(431, fs, command, key, value, 0);
}

static inline int kernel_fsmount(int fs, unsigned attributes)
{
    return (int)syscall(432, fs, 1 /* FSMOUNT_CLOEXEC */, attributes);
}

/* The file system that a mount shows, to be configured anew. */
static inline int kernel_fspick(int mount)
{
    return (int)syscall(433, mount, "", 1 | 8 /* FSPICK_CLOEXEC | FSPICK_EMPTY_PATH */);
}

static inline int kernel_mount_setattr(int dir, unsigned flags,
                                       const struct kernel_mount_attr *attributes)
{
    return (int)syscall(442, dir, "", flags | AT_EMPTY_PATH, attributes, sizeof(*attributes));
}

static inline int kernel_pivot_root(const char *new_root, const char *put_old)
{
    return (int)syscall(SYS_pivot_root, new_root, put_old);
}

/* Landlock, Linux 5.13 and on; the ABI number says what there is. */
struct kernel_landlock_ruleset {
    uint64_t handled_fs, handled_net, scoped;
};
struct kernel_landlock_beneath {
    uint64_t allowed;
    int32_t parent;
} __attribute__((packed));

static inline int kernel_landlock_create(const struct kernel_landlock_ruleset *ruleset, size_t size,
                                         unsigned flags)
{
    return (int)syscall(444, ruleset, size, flags);
}

static inline int kernel_landlock_add(int ruleset, const struct kernel_landlock_beneath *rule)
{
    return (int)syscall(445, ruleset, 1 /* LANDLOCK_RULE_PATH_BENEATH */, rule, 0);
}

static inline int kernel_landlock_restrict(int ruleset)
{
    return (int)syscall(446, ruleset, 0);
}
