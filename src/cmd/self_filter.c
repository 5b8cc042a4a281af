/* SPDX-License-Identifier: Apache-2.0 */
/* self_filter.c - the system calls of the front, as a table and as BPF.
 *
 * Assembled by hand: it is a list of numbers, and this program links no
 * library that could make another filter. Everything that is not in the table
 * is EPERM: a library that tries its luck goes on without.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cmd/self_confine.h"

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#define X32_BIT      0x40000000U
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "the front's filter knows no numbers for this architecture"
#endif

#define VALUES_MAX 12

enum check {
    ANY,     /* whatever the arguments */
    ONE_OF,  /* argument `argument` is one of `values` */
    NO_BITS, /* argument `argument` has none of the bits of values[0] */
    SELF,    /* argument `argument` is our own process */
};

struct call_rule {
    int number;
    enum check check;
    unsigned argument;
    uint32_t values[VALUES_MAX]; /* 0-ended, unless the only one is 0 */
    bool listening;              /* only where the front has a listener */
};

/* The numbers of fcntl.h are the low 32 bits of a register that the kernel
 * reads as int: comparing those is comparing all of it. */
static const struct call_rule rules[] = {
    /* what came, what goes */
    { .number = SYS_read },
    { .number = SYS_write },
    { .number = SYS_readv },
    { .number = SYS_writev },
    { .number = SYS_recvmsg },
    { .number = SYS_sendmsg },
    { .number = SYS_shutdown },
    { .number = SYS_close },
    { .number = SYS_accept4, .listening = true },
    /* waiting */
    { .number = SYS_epoll_ctl },
    { .number = SYS_epoll_pwait },
    { .number = SYS_ppoll },
#ifdef __x86_64__
    { .number = SYS_epoll_wait },
    { .number = SYS_poll },
#endif
    { .number = SYS_wait4 },
    { .number = SYS_restart_syscall },
    /* a run: four pipes and a sealed memfd */
    { .number = SYS_pipe2 },
    { .number = SYS_memfd_create },
    { .number = SYS_lseek },
    { .number = SYS_fstat },
#ifdef SYS_newfstatat
    { .number = SYS_newfstatat }, /* glibc's fstat() */
#endif
    /* Not F_SETOWN and F_SETSIG: they send signals to any process of this user. */
    { .number = SYS_fcntl,
      .check = ONE_OF,
      .argument = 1,
      .values = { F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_DUPFD_CLOEXEC, F_ADD_SEALS, F_GET_SEALS,
                  F_SETLK, F_GETLK, F_OFD_SETLK,
                  F_OFD_GETLK } }, /* the last four: jobs.db, keepers */
    { .number = SYS_ioctl, .check = ONE_OF, .argument = 1, .values = { FIONREAD } },
    /* files, where Landlock lets them be: beneath the front's own part of the state */
    { .number = SYS_openat },
    { .number = SYS_mkdirat },
    { .number = SYS_unlinkat },
    { .number = SYS_linkat },
    { .number = SYS_renameat },
    { .number = SYS_renameat2 },
    { .number = SYS_getdents64 },
    { .number = SYS_fsync },
    /* jobs.db: pages, and what a checkpoint does */
    { .number = SYS_pread64 },
    { .number = SYS_pwrite64 },
    { .number = SYS_ftruncate },
    { .number = SYS_fdatasync },
    { .number = SYS_geteuid }, /* whose is it? */
    /* memory, never executable */
    { .number = SYS_brk },
    { .number = SYS_munmap },
    { .number = SYS_mremap },
    { .number = SYS_madvise },
    { .number = SYS_mmap, .check = NO_BITS, .argument = 2, .values = { PROT_EXEC } },
    { .number = SYS_mprotect, .check = NO_BITS, .argument = 2, .values = { PROT_EXEC } },
    /* time and chance */
    { .number = SYS_clock_gettime },
    { .number = SYS_gettimeofday },
    { .number = SYS_getrandom },
    /* signals to ourselves: the loop's handlers, abort() */
    { .number = SYS_rt_sigaction },
    { .number = SYS_rt_sigprocmask },
    { .number = SYS_rt_sigreturn },
    { .number = SYS_tgkill, .check = SELF, .argument = 0 },
    { .number = SYS_getpid },
    { .number = SYS_gettid },
    { .number = SYS_futex },
    { .number = SYS_exit },
    { .number = SYS_exit_group },
};

struct program {
    struct sock_filter *at;
    unsigned short len;
};

static void put(struct program *program, struct sock_filter instruction)
{
    if (program->len < FILTER_LENGTH_MAX)
        program->at[program->len++] = instruction;
}

static void load(struct program *program, size_t offset)
{
    put(program, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset));
}

static void answer(struct program *program, uint32_t verdict)
{
    put(program, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, verdict));
}

/* Unless the loaded word compares with `value`, skip that many instructions. */
static void unless(struct program *program, unsigned short compare, uint32_t value, uint8_t skip)
{
    put(program,
        (struct sock_filter)BPF_JUMP((unsigned short)(BPF_JMP | compare | BPF_K), value, 0, skip));
}

static void load_argument(struct program *program, unsigned argument)
{
    /* The low half: both architectures are little-endian. */
    load(program, offsetof(struct seccomp_data, args) + argument * sizeof(uint64_t));
}

static unsigned value_count(const struct call_rule *rule)
{
    unsigned count = 1;
    while (count < VALUES_MAX && rule->values[count] != 0)
        count++;
    return count;
}

/* After the number matched: each ends with an answer for this call. */
static void put_check(struct program *program, const struct call_rule *rule)
{
    if (rule->check != ANY)
        load_argument(program, rule->argument);
    switch (rule->check) {
    case ANY:
        break;
    case ONE_OF:
        for (unsigned i = 0; i < value_count(rule); i++) {
            unless(program, BPF_JEQ, rule->values[i], 1);
            answer(program, SECCOMP_RET_ALLOW);
        }
        answer(program, SECCOMP_RET_ERRNO | EPERM);
        return;
    case NO_BITS:
        unless(program, BPF_JSET, rule->values[0], 1);
        answer(program, SECCOMP_RET_ERRNO | EPERM);
        break;
    case SELF:
        unless(program, BPF_JEQ, (uint32_t)getpid(), 1);
        answer(program, SECCOMP_RET_ALLOW);
        answer(program, SECCOMP_RET_ERRNO | EPERM);
        return;
    }
    answer(program, SECCOMP_RET_ALLOW);
}

unsigned short filter_assemble(bool listens, struct sock_filter out[FILTER_LENGTH_MAX])
{
    struct program program = { .at = out };
    load(&program, offsetof(struct seccomp_data, arch));
    put(&program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0));
    answer(&program, SECCOMP_RET_KILL_PROCESS);
    load(&program, offsetof(struct seccomp_data, nr));
#ifdef X32_BIT
    unless(&program, BPF_JGE, X32_BIT, 1);
    answer(&program, SECCOMP_RET_KILL_PROCESS);
#endif
    for (size_t i = 0; i < COUNT(rules); i++) {
        if (rules[i].listening && !listens)
            continue;
        struct sock_filter body[2 * VALUES_MAX + 3];
        struct program check = { .at = body };
        put_check(&check, &rules[i]);
        unless(&program, BPF_JEQ, (uint32_t)rules[i].number, (uint8_t)check.len);
        for (unsigned short n = 0; n < check.len; n++)
            put(&program, body[n]);
    }
    answer(&program, SECCOMP_RET_ERRNO | EPERM);
    return program.len;
}

int confine_calls(bool listens, struct error *err)
{
    /* For every thread: one that tidies the store is there already. */
    struct sock_filter instructions[FILTER_LENGTH_MAX];
    const struct sock_fprog program = { .len = filter_assemble(listens, instructions),
                                        .filter = instructions };
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) != 0)
        return fail_host(err, "load the front's system call filter");
    return 0;
}
