/* SPDX-License-Identifier: Apache-2.0 */
/* witness.c - one attempt per layer. */
#include "witness.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <cordon/own.h>

#include "plan.h"

/* Every attempt returns NULL when the layer held, else what went through. */

static const char *try_user(const struct bait *bait)
{
    (void)bait;
    if (getuid() != INSIDE_ID || geteuid() != INSIDE_ID)
        return "the script is not the box's ordinary user";
    return setresuid(0, 0, 0) == 0 ? "setresuid(0) was allowed" : NULL;
}

static const char *try_mount(const struct bait *bait)
{
    (void)bait;
    if (mount("none", "/tmp", "tmpfs", 0, NULL) == 0)
        return "mount() was allowed";
    int fd = open("/usr/.cordon-witness", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return access("/root", F_OK) == 0 || access("/var", F_OK) == 0 ? "the host's tree is seen"
                                                                       : NULL;
    close(fd);
    return "/usr could be written";
}

/* Where cordon is among the first processes of a container, the box has a process of the same
 * number; it is another one, if numbers mean something else here. */
static bool numbers_are_own(const struct bait *bait)
{
    struct stat ours;
    return bait->pid <= getpid() && bait->pid_namespace != 0 &&
           stat("/proc/self/ns/pid", &ours) == 0 && ours.st_ino != bait->pid_namespace;
}

static const char *try_pid(const struct bait *bait)
{
    bool named = kill(bait->pid, 0) == 0 || errno == EPERM;
    return named && !numbers_are_own(bait) ? "a process of the host can be named" : NULL;
}

static const char *try_net(const struct bait *bait)
{
    int sock = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in to = { .sin_family = AF_INET,
                              .sin_port = htons(bait->port),
                              .sin_addr = { htonl(INADDR_LOOPBACK) } };
    const struct sockaddr *address = (const struct sockaddr *)&to;
    bool reached = sock >= 0 && connect(sock, address, sizeof(to)) == 0;
    own_close(&sock);
    return reached ? "a listener of the host was reached" : NULL;
}

static const char *try_ipc(const struct bait *bait)
{
    return shmget(bait->key, 0, 0) >= 0 ? "shared memory of the host was found" : NULL;
}

static const char *try_uts(const struct bait *bait)
{
    (void)bait;
    struct utsname name;
    return uname(&name) < 0 || strcmp(name.nodename, "box") != 0 ? "the host's name is seen" : NULL;
}

static const char *try_cgroup_ns(const struct bait *bait)
{
    (void)bait;
    FILE *file = fopen("/proc/self/cgroup", "re");
    char line[512];
    bool seen = false;
    while (file && fgets(line, sizeof(line), file)) {
        const char *path = strrchr(line, ':');
        seen = seen || (path && strcmp(path, ":/\n") != 0);
    }
    if (file)
        fclose(file);
    return seen ? "the path of the host's control group is seen" : NULL;
}

static const char *try_time(const struct bait *bait)
{
    struct timespec now;
    /* A host that has just booted cannot be told from a box that has. */
    if (clock_gettime(CLOCK_BOOTTIME, &now) < 0 || bait->boottime_s < 60)
        return NULL;
    return (uint64_t)now.tv_sec >= bait->boottime_s ? "the host's boot time is seen" : NULL;
}

static const char *try_seccomp(const struct bait *bait)
{
    (void)bait;
    errno = 0;
    if (syscall(SYS_bpf, 0, NULL, 0) != -1 || errno != ENOSYS)
        return "bpf() reached the kernel";
    return prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 2 || errno == EINVAL ? NULL : "no filter is loaded";
}

/* Our own /proc files belong to us, and no mount or filter forbids writing them. */
static const char *try_landlock(const struct bait *bait)
{
    (void)bait;
    int fd = open("/proc/self/comm", O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    close(fd);
    return "a file outside the writable places could be opened for writing";
}

static const char *try_capabilities(const struct bait *bait)
{
    (void)bait;
    struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct data[2] = { { 0 } };
    if (syscall(SYS_capget, &header, data) == 0 &&
        (data[0].effective | data[0].permitted | data[0].inheritable | data[1].effective |
         data[1].permitted | data[1].inheritable))
        return "a capability is left";
    return prctl(PR_CAPBSET_READ, CAP_SYS_ADMIN, 0, 0, 0) == 1 ? "the bounding set is not empty"
                                                               : NULL;
}

static const char *try_no_new_privileges(const struct bait *bait)
{
    (void)bait;
    return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? NULL : "the bit is not set";
}

static const char *try_rlimits(const struct bait *bait)
{
    (void)bait;
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return "the limits cannot be read";
    struct rlimit more = { limit.rlim_cur, limit.rlim_max + 1 };
    if (setrlimit(RLIMIT_NOFILE, &more) == 0)
        return "a hard limit could be raised";
    long opened = 0;
    while (opened <= (long)limit.rlim_cur && dup(STDOUT_FILENO) >= 0)
        opened++;
    bool bounded = errno == EMFILE;
    (void)close_range(STDERR_FILENO + 1, ~0U, 0);
    return bounded ? NULL : "more files could be opened than the limit allows";
}

static const struct attempt {
    const char *layer;
    const char *(*try)(const struct bait *bait);
} attempts[] = {
    { "user", try_user },
    { "mount", try_mount },
    { "pid", try_pid },
    { "net", try_net },
    { "ipc", try_ipc },
    { "uts", try_uts },
    { "cgroup_ns", try_cgroup_ns },
    { "time", try_time },
    { "seccomp", try_seccomp },
    { "landlock", try_landlock },
    { "capabilities", try_capabilities },
    { "no_new_privileges", try_no_new_privileges },
    { "rlimits", try_rlimits },
};

int witness_main(int argc, char *const *argv)
{
    if (argc != BAIT_COUNT)
        return 125;
    const struct bait bait = {
        .pid = (pid_t)strtol(argv[0], NULL, 10),
        .port = (uint16_t)strtoul(argv[1], NULL, 10),
        .key = (int)strtol(argv[2], NULL, 10),
        .boottime_s = strtoull(argv[3], NULL, 10),
        .pid_namespace = strtoull(argv[4], NULL, 10),
    };
    for (size_t i = 0; i < COUNT(attempts); i++) {
        const char *fault = attempts[i].try(&bait);
        printf("%s %s\n", attempts[i].layer, fault ? fault : "ok");
    }
    return fflush(stdout) == 0 ? 0 : 125;
}
