/* SPDX-License-Identifier: Apache-2.0 */
/* The filters in force: a child puts one on and tries what a script might.
 *
 * Every call that must fail here is one that would do something without the
 * filter, or at least fail otherwise. */
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "filter.h"
#include "policy.h"
#include "str.h"
#include "syscalls.h"
#include "unit.h"

#if defined(__x86_64__)

#define RUBBISH 0x5a5a5a5a00000000UL
#define WORKS   0 /* any result but a failure */

static char policy_dir[] = SOURCE_DIR "/policies";
static char *shipped[] = { policy_dir, NULL };
static const struct sandbox sandbox = { .policy_dirs = shipped, .state_fd = -1 };

/* The directory the calls are tried in, and a file in it. */
static char place[64] = "/tmp/cordon-kernel-XXXXXX";
static char file[80], fresh[80];
static int file_fd = -1;

struct attempt {
    const char *what;
    long number;
    unsigned long arguments[6];
    int wanted; /* errno, or WORKS */
};

#define PATH(text) ((unsigned long)(text))
#define AT_CWD     ((unsigned long)AT_FDCWD)

static void put_on(const struct filter *filter)
{
    struct sock_fprog program = { .len = filter->length, .filter = filter->program };
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
        _exit(99);
}

static struct filter filter_of(const char *name)
{
    struct error err;
    struct filter filter;
    struct policy *policy = NULL;
    assert_ok(policy_load(&sandbox, name, &policy, &err), &err);
    assert_ok(filter_for(&sandbox, policy, &filter, &err), &err);
    policy_free(policy);
    return filter;
}

/* Each attempt in turn; the errnos come back in `results`. */
static void try_all(const struct filter *filter, const struct attempt *attempts, size_t count,
                    int *results)
{
    put_on(filter);
    for (size_t i = 0; i < count; i++) {
        const unsigned long *a = attempts[i].arguments;
        long r = syscall(attempts[i].number, a[0], a[1], a[2], a[3], a[4], a[5]);
        results[i] = r < 0 ? errno : WORKS;
        bool made = attempts[i].number == SYS_openat || attempts[i].number == SYS_open ||
                    attempts[i].number == SYS_creat;
        if (r >= 0 && made)
            close((int)r);
        (void)unlink(fresh);
        (void)rmdir(fresh);
    }
    _exit(0);
}

static void assert_attempts(const char *policy, const struct attempt *attempts, size_t count)
{
    struct filter filter = filter_of(policy);
    int *results =
        mmap(NULL, count * sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(results != MAP_FAILED);
    memset(results, 0xff, count * sizeof(int));
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        try_all(&filter, attempts, count, results);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail_msg("under %s the child ended with status %#x", policy, status);
    for (size_t i = 0; i < count; i++)
        if (results[i] != attempts[i].wanted)
            fail_msg("under %s: %s: %s instead of %s", policy, attempts[i].what,
                     strerror(results[i]), strerror(attempts[i].wanted));
    (void)munmap(results, count * sizeof(int));
    filter_done(&filter);
}

static int make_place(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(place));
    (void)snprintf(file, sizeof(file), "%s/file", place);
    (void)snprintf(fresh, sizeof(fresh), "%s/fresh", place);
    file_fd = open(file, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    return file_fd >= 0 ? 0 : -1;
}

static int remove_place(void **state)
{
    (void)state;
    close(file_fd);
    return unlink(file) == 0 && rmdir(place) == 0 ? 0 : -1;
}

/* --- what is tried ---------------------------------------------------------- */

static void no_setuid_setgid_or_device_file_can_be_made(void **state)
{
    (void)state;
    const struct attempt attempts[] = {
        { "chmod 0755", SYS_chmod, { PATH(file), 0755 }, WORKS },
        { "chmod 4755", SYS_chmod, { PATH(file), 04755 }, EPERM },
        { "chmod 2755", SYS_chmod, { PATH(file), 02755 }, EPERM },
        { "chmod 1755", SYS_chmod, { PATH(file), 01755 }, EPERM },
        { "chmod 4755 with rubbish above", SYS_chmod, { PATH(file), RUBBISH | 04755 }, EPERM },
        { "chmod 0755 with rubbish above", SYS_chmod, { PATH(file), RUBBISH | 0755 }, WORKS },
        { "fchmod 4755", SYS_fchmod, { (unsigned long)file_fd, 04755 }, EPERM },
        { "fchmod 0755", SYS_fchmod, { (unsigned long)file_fd, 0755 }, WORKS },
        { "fchmodat 4755", SYS_fchmodat, { AT_CWD, PATH(file), 04755 }, EPERM },
        { "fchmodat2 4755", 452, { AT_CWD, PATH(file), 04755, 0 }, EPERM },
        { "open, to make 4755", SYS_open, { PATH(fresh), O_CREAT | O_RDWR, 04755 }, EPERM },
        { "open, to make 0755", SYS_open, { PATH(fresh), O_CREAT | O_RDWR, 0755 }, WORKS },
        { "open with a mode that means nothing", SYS_open, { PATH(file), O_RDONLY, 04755 }, WORKS },
        { "open with rubbish above",
          SYS_open,
          { PATH(fresh), RUBBISH | O_CREAT | O_RDWR, RUBBISH | 04755 },
          EPERM },
        { "openat, to make 2755", SYS_openat, { AT_CWD, PATH(fresh), O_CREAT, 02755 }, EPERM },
        { "openat, to make 0600", SYS_openat, { AT_CWD, PATH(fresh), O_CREAT, 0600 }, WORKS },
        { "openat, nameless 4755",
          SYS_openat,
          { AT_CWD, PATH(place), O_TMPFILE | O_RDWR, 04755 },
          EPERM },
        { "creat 4755", SYS_creat, { PATH(fresh), 04755 }, EPERM },
        { "creat 0755", SYS_creat, { PATH(fresh), 0755 }, WORKS },
        { "mkdir 1777", SYS_mkdir, { PATH(fresh), 01777 }, EPERM },
        { "mkdir 0777", SYS_mkdir, { PATH(fresh), 0777 }, WORKS },
        { "mkdirat 2777", SYS_mkdirat, { AT_CWD, PATH(fresh), 02777 }, EPERM },
        { "mknod, setuid", SYS_mknod, { PATH(fresh), S_IFREG | 04755 }, EPERM },
        { "mknod, a FIFO", SYS_mknod, { PATH(fresh), S_IFIFO | 0600 }, WORKS },
        { "mknod, a character device", SYS_mknod, { PATH(fresh), S_IFCHR | 0600, 0x103 }, EPERM },
        { "mknodat, a block device",
          SYS_mknodat,
          { AT_CWD, PATH(fresh), S_IFBLK | 0600, 0x700 },
          EPERM },
        { "openat2", SYS_openat2, { AT_CWD, PATH(file), 0, 0 }, ENOSYS },
    };
    assert_attempts("default", attempts, COUNT(attempts));
    assert_attempts("strict", attempts, COUNT(attempts));
    assert_attempts("fetch", attempts, COUNT(attempts));
}

static void no_namespace_can_be_made(void **state)
{
    (void)state;
    static const unsigned long flags[] = {
        CLONE_NEWUSER, CLONE_NEWNS,  CLONE_NEWPID,    CLONE_NEWNET,
        CLONE_NEWIPC,  CLONE_NEWUTS, CLONE_NEWCGROUP, CLONE_NEWTIME,
    };
    static struct clone_args arguments = { .flags = CLONE_NEWUSER, .exit_signal = SIGCHLD };
    struct attempt attempts[COUNT(flags) * 2 + 3];
    size_t count = 0;
    for (size_t i = 0; i < COUNT(flags); i++) {
        attempts[count++] = (struct attempt){ "clone", SYS_clone, { SIGCHLD | flags[i] }, EPERM };
        attempts[count++] = (struct attempt){
            "clone with rubbish above", SYS_clone, { RUBBISH | SIGCHLD | flags[i] }, EPERM
        };
    }
    attempts[count++] =
        (struct attempt){ "clone3", SYS_clone3, { PATH(&arguments), sizeof(arguments) }, ENOSYS };
    attempts[count++] = (struct attempt){ "unshare", SYS_unshare, { CLONE_NEWUSER }, ENOSYS };
    attempts[count++] = (struct attempt){ "setns", SYS_setns, { (unsigned long)file_fd }, ENOSYS };
    assert_attempts("default", attempts, count);
    assert_attempts("strict", attempts, count);
    assert_attempts("fetch", attempts, count);
}

static void only_ordinary_sockets_can_be_made(void **state)
{
    (void)state;
    static int pair[2];
    const struct attempt attempts[] = {
        { "TCP", SYS_socket, { AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0 }, WORKS },
        { "TCP by name", SYS_socket, { AF_INET, SOCK_STREAM, 6 }, WORKS },
        { "UDP", SYS_socket, { AF_INET6, SOCK_DGRAM, 17 }, WORKS },
        { "local", SYS_socket, { AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0 }, WORKS },
        { "a pair", SYS_socketpair, { AF_UNIX, SOCK_STREAM, 0, PATH(pair) }, WORKS },
        { "netlink", SYS_socket, { AF_NETLINK, SOCK_RAW, NETLINK_ROUTE }, EAFNOSUPPORT },
        { "packet", SYS_socket, { AF_PACKET, SOCK_RAW, 0 }, EAFNOSUPPORT },
        { "vsock", SYS_socket, { AF_VSOCK, SOCK_STREAM, 0 }, EAFNOSUPPORT },
        { "crypto", SYS_socket, { AF_ALG, SOCK_SEQPACKET, 0 }, EAFNOSUPPORT },
        { "raw", SYS_socket, { AF_INET, SOCK_RAW, 1 }, EAFNOSUPPORT },
        { "SCTP", SYS_socket, { AF_INET, SOCK_STREAM, 132 }, EAFNOSUPPORT },
        { "DCCP", SYS_socket, { AF_INET, 6, 0 }, EAFNOSUPPORT },
        { "netlink with rubbish above",
          SYS_socket,
          { RUBBISH | AF_NETLINK, SOCK_RAW, 0 },
          EAFNOSUPPORT },
        { "a pair of another family",
          SYS_socketpair,
          { AF_TIPC, SOCK_STREAM, 0, PATH(pair) },
          EAFNOSUPPORT },
    };
    assert_attempts("default", attempts, COUNT(attempts));
    assert_attempts("fetch", attempts, COUNT(attempts));
    static const struct attempt none[] = {
        { "TCP", SYS_socket, { AF_INET, SOCK_STREAM, 0 }, ENOSYS },
        { "local", SYS_socket, { AF_UNIX, SOCK_STREAM, 0 }, ENOSYS },
        { "fork", SYS_fork, { 0 }, ENOSYS },
        { "clone", SYS_clone, { SIGCHLD }, EPERM },
    };
    assert_attempts("strict", none, COUNT(none));
}

static void init_and_the_terminal_are_out_of_reach(void **state)
{
    (void)state;
    static struct rlimit limit;
    static char name[16];
    const struct attempt attempts[] = {
        { "type into a terminal",
          SYS_ioctl,
          { (unsigned long)file_fd, TIOCSTI, PATH("x") },
          EPERM },
        { "the same with rubbish above",
          SYS_ioctl,
          { (unsigned long)file_fd, RUBBISH | TIOCSTI, PATH("x") },
          EPERM },
        { "paste", SYS_ioctl, { (unsigned long)file_fd, 0x541c, PATH("x") }, EPERM },
        { "a line discipline", SYS_ioctl, { (unsigned long)file_fd, TIOCSETD, PATH(pipe) }, EPERM },
        { "another ioctl", SYS_ioctl, { (unsigned long)file_fd, TCGETS, PATH(name) }, ENOTTY },
        { "own limits", SYS_prlimit64, { 0, RLIMIT_NOFILE, 0, PATH(&limit) }, WORKS },
        { "init's limits", SYS_prlimit64, { 1, RLIMIT_NOFILE, 0, PATH(&limit) }, EPERM },
        { "own name", SYS_prctl, { PR_GET_NAME, PATH(name) }, WORKS },
        { "own memory map", SYS_prctl, { PR_SET_MM, PR_SET_MM_BRK, 0, 0, 0 }, EINVAL },
        { "a filter of its own", SYS_prctl, { PR_SET_SECCOMP, SECCOMP_MODE_STRICT }, EINVAL },
    };
    assert_attempts("default", attempts, COUNT(attempts));
    assert_attempts("strict", attempts, COUNT(attempts));
    static const struct attempt processes[] = {
        { "own priority", SYS_setpriority, { PRIO_PROCESS, 0, 19 }, WORKS },
        { "init's priority", SYS_setpriority, { PRIO_PROCESS, 1, 19 }, EPERM },
        { "everybody's priority", SYS_setpriority, { PRIO_USER, 0, 19 }, EPERM },
        { "init's processors", SYS_sched_setaffinity, { 1, 0, 0 }, EPERM },
        { "which personality", SYS_personality, { 0xffffffff }, WORKS },
        { "another personality", SYS_personality, { PER_LINUX32 }, EPERM },
        { "executable data", SYS_personality, { READ_IMPLIES_EXEC }, EPERM },
    };
    assert_attempts("default", processes, COUNT(processes));
    assert_attempts("fetch", processes, COUNT(processes));
}

/* Where the kernel's depths are: all of them answer as if it did not have them. */
static const char *const depths[] = {
    "io_uring_setup",
    "io_uring_enter",
    "io_uring_register",
    "io_setup",
    "bpf",
    "userfaultfd",
    "perf_event_open",
    "keyctl",
    "add_key",
    "request_key",
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "process_madvise",
    "process_mrelease",
    "kcmp",
    "pidfd_getfd",
    "mount",
    "umount2",
    "pivot_root",
    "chroot",
    "open_tree",
    "move_mount",
    "fsopen",
    "fsconfig",
    "fsmount",
    "fspick",
    "mount_setattr",
    "statmount",
    "listmount",
    "name_to_handle_at",
    "open_by_handle_at",
    "quotactl",
    "quotactl_fd",
    "kexec_load",
    "kexec_file_load",
    "init_module",
    "finit_module",
    "delete_module",
    "reboot",
    "swapon",
    "swapoff",
    "acct",
    "syslog",
    "sethostname",
    "setdomainname",
    "settimeofday",
    "clock_settime",
    "adjtimex",
    "clock_adjtime",
    "iopl",
    "ioperm",
    "modify_ldt",
    "lookup_dcookie",
    "nfsservctl",
    "vhangup",
    "fanotify_init",
    "memfd_create",
    "memfd_secret",
    "shmget",
    "msgget",
    "semget",
    "mq_open",
    "seccomp",
    "capset",
    "setuid",
    "setgroups",
    "landlock_create_ruleset",
    "vmsplice",
    "tee",
    "migrate_pages",
    "move_pages",
    "remap_file_pages",
    "sync",
    "syncfs",
    "ioprio_set",
    "sched_setattr",
    "pkey_alloc",
    "setxattrat",
    "mseal",
    "map_shadow_stack",
    "cachestat",
};

static void rarely_used_parts_of_the_kernel_do_not_exist(void **state)
{
    (void)state;
    struct attempt attempts[COUNT(depths) + 2];
    for (size_t i = 0; i < COUNT(depths); i++)
        attempts[i] = (struct attempt){ depths[i], syscall_number(depths[i]), { 0 }, ENOSYS };
    attempts[COUNT(depths)] = (struct attempt){ "a call to come", 479, { 0 }, ENOSYS };
    attempts[COUNT(depths) + 1] = (struct attempt){ "no call", 999, { 0 }, ENOSYS };
    for (size_t i = 0; i < COUNT(depths); i++)
        if (attempts[i].number < 0)
            fail_msg("%s has no number", depths[i]);
    assert_attempts("default", attempts, COUNT(attempts));
    assert_attempts("strict", attempts, COUNT(attempts));
    assert_attempts("fetch", attempts, COUNT(attempts));
}

/* --- other architectures ---------------------------------------------------- */

static int end_of(void (*act)(void))
{
    struct filter filter = filter_of("default");
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        put_on(&filter);
        act();
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    filter_done(&filter);
    return status;
}

static void call_x32_getpid(void)
{
    (void)syscall(0x40000000 | SYS_getpid);
}

static void call_i386_getpid(void)
{
    long result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(20) : "memory");
}

static void call_getpid(void)
{
    (void)syscall(SYS_getpid);
}

static void other_calling_conventions_end_the_process(void **state)
{
    (void)state;
    assert_int_equal(end_of(call_getpid), 0);
    int x32 = end_of(call_x32_getpid), i386 = end_of(call_i386_getpid);
    assert_true(WIFSIGNALED(x32) && WTERMSIG(x32) == SIGSYS);
    /* A kernel without 32-bit calls faults at the instruction itself. */
    assert_true(WIFSIGNALED(i386) && (WTERMSIG(i386) == SIGSYS || WTERMSIG(i386) == SIGSEGV));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(no_setuid_setgid_or_device_file_can_be_made),
    cmocka_unit_test(no_namespace_can_be_made),
    cmocka_unit_test(only_ordinary_sockets_can_be_made),
    cmocka_unit_test(init_and_the_terminal_are_out_of_reach),
    cmocka_unit_test(rarely_used_parts_of_the_kernel_do_not_exist),
    cmocka_unit_test(other_calling_conventions_end_the_process),
};

int main(void)
{
    return cmocka_run_group_tests(tests, make_place, remove_place);
}

#else

/* The numbers above are one architecture's; 77 tells ctest that nothing was tried. */
int main(void)
{
    return 77;
}

#endif
