/* SPDX-License-Identifier: Apache-2.0 */
/* explain.c - from an errno to something a person can do. */
#include "explain.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fd.h"
#include "kernel.h"
#include "str.h"

#define LISTING_MAX (1024 * 1024)

/* --- namespaces ---------------------------------------------------------------------- */

static const struct {
    const char *file;
    long forbids; /* this value, or what is at most this for a maximum */
    const char *why;
} switches[] = {
    { "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", 1,
      "AppArmor restricts user namespaces: give cordon a profile with \"userns\" "
      "(cordon-check(1)), or set "
      "kernel.apparmor_restrict_unprivileged_userns=0" },
    { "/proc/sys/kernel/unprivileged_userns_clone", 0, "set kernel.unprivileged_userns_clone=1" },
    { "/proc/sys/user/max_user_namespaces", 0, "set user.max_user_namespaces above 0" },
};

#define SWITCHED_OFF "user namespaces are switched off here: "

static bool switched_off(size_t row)
{
    autofree char *text = NULL;
    struct error ignored;
    return file_read(AT_FDCWD, switches[row].file, 64, &text, NULL, &ignored) == 0 &&
           strtol(text, NULL, 10) == switches[row].forbids;
}

/* In a chroot nothing is mounted on "/" that we can see (proc(5), mountinfo). */
static bool in_chroot(void)
{
    autofree char *text = NULL;
    struct error ignored;
    if (file_read(AT_FDCWD, "/proc/self/mountinfo", LISTING_MAX, &text, NULL, &ignored) < 0)
        return false;
    char *rest = text;
    for (char *line; (line = strsep(&rest, "\n"));) {
        char where[8];
        if (sscanf(line, "%*s %*s %*s %*s %7s", where) == 1 && strcmp(where, "/") == 0)
            return false;
    }
    return true;
}

#define INSIDE_CHROOT                                                                              \
    "inside a chroot the kernel makes no user namespace: enter the tree by pivot_root in a mount " \
    "namespace instead (unshare, systemd-nspawn)"

static bool filtered(void)
{
    autofree char *text = NULL;
    struct error ignored;
    return file_read(AT_FDCWD, "/proc/self/status", 16384, &text, NULL, &ignored) == 0 &&
           strstr(text, "\nSeccomp:\t2");
}

int explain_namespaces(struct error *err)
{
    int code = errno;
    for (size_t i = 0; i < COUNT(switches); i++)
        if (switched_off(i))
            return fail_host_as(err, code, SWITCHED_OFF "%s", switches[i].why);
    if (in_chroot())
        return fail_host_as(err, code, INSIDE_CHROOT);
    if (filtered())
        return fail_host_as(err, code,
                            "a system call filter around cordon forbids namespaces (%s): a "
                            "container's seccomp profile, or cordon inside a box",
                            strerror(code));
    if (code == ENOSPC || code == EUSERS)
        return fail_host_as(err, code,
                            "no more namespaces are allowed (the maxima in /proc/sys/user, or too "
                            "deeply nested)");
    return fail_host_as(err, code,
                        "namespaces cannot be made here (%s): cordon is inside a chroot, or a "
                        "security module forbids them",
                        strerror(code));
}

/* What AppArmor lets an unprivileged program make may be a namespace without capabilities. */
int explain_maps(struct error *err)
{
    if (err->code == EACCES || err->code == EPERM)
        for (size_t i = 0; i < COUNT(switches); i++)
            if (switched_off(i))
                return fail_host_as(err, err->code, SWITCHED_OFF "%s", switches[i].why);
    return fail_within(err, "own user namespace");
}

int explain_surroundings(const char *what, struct error *err)
{
    pid_t child = fork();
    if (child == 0)
        _exit(unshare(CLONE_NEWUSER) < 0 ? errno : 0);
    int status = 0;
    if (child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
        WEXITSTATUS(status) != 0) {
        errno = WEXITSTATUS(status);
        return explain_namespaces(err);
    }
    return fail_host_as(err, ENOENT, "%s", what);
}

#define MOUNTING_FORBIDDEN                                                                        \
    "mounting is forbidden: cordon was started inside a Landlock domain, or a profile around it " \
    "forbids mount"

int explain_mounting(struct error *err)
{
    if (errno == EPERM || errno == EACCES)
        return fail_host_as(err, errno, MOUNTING_FORBIDDEN);
    return fail_host(err, "make the mount namespace our own");
}

/* It is the newest call that no box can do without: where it is, all others are. */
#define KERNEL_WANTED "5.12"

int explain_mount_attributes(const char *name, struct error *err)
{
    int code = errno;
    struct utsname kernel;
    if (code != ENOSYS || uname(&kernel) < 0)
        return fail_host_as(err, code, "mount_setattr %s: %s", name, strerror(code));
    return fail_host_as(err, code,
                        "no mount_setattr here (Linux %.40s%s): boxes need Linux " KERNEL_WANTED
                        " or newer, as Debian 12 and Ubuntu 22.04 have it",
                        kernel.release, filtered() ? ", behind a filter of system calls" : "");
}

/* --- steps ------------------------------------------------------------------------------ */

static const struct {
    const char *step;
    const char *what; /* NULL: any object */
    int code;
    const char *advice;
} advices[] = {
    { "build root", "/proc", EPERM,
      "parts of /proc are masked here, so no new one may be mounted: start the container with "
      "unmasked paths (Docker and Podman: --security-opt systempaths=unconfined)" },
    { "build root", NULL, EPERM, MOUNTING_FORBIDDEN },
    { "build root", NULL, ENOSPC, "no more mounts are allowed (/proc/sys/fs/mount-max)" },
    { "descriptors", "/dev/ptmx", ENOSPC,
      "no more terminals are allowed (/proc/sys/kernel/pty/max)" },
    { "fork", NULL, EAGAIN, "no more processes are allowed" },
    { "system calls", NULL, KERNEL_ENOTSUPP,
      "the kernel has no room left for compiled filters: somebody has attached very many (see "
      "net.core.bpf_jit_limit)" },
};

int explain_step(const struct report *report, struct error *err)
{
    (void)fail_host_as(err, report->code, "the box: %s%s%s: %s", report->step,
                       report->what[0] ? ": " : "", report->what, strerror(report->code));
    for (size_t i = 0; i < COUNT(advices); i++) {
        if (strcmp(advices[i].step, report->step) != 0 || advices[i].code != report->code ||
            (advices[i].what && strcmp(advices[i].what, report->what) != 0))
            continue;
        size_t used = strlen(err->text);
        (void)snprintf(err->text + used, sizeof(err->text) - used, "; %s", advices[i].advice);
        break;
    }
    return -err->code;
}

/* --- limits -------------------------------------------------------------------------- */

void explain_limit(const struct limits *limits, bool child, struct outcome *outcome)
{
    static const struct {
        enum end end;
        const char *name;
    } rows[] = {
        { END_WALL, "wall" }, { END_CPU, "cpu" }, { END_MEMORY, "memory" }, { END_OUTPUT, "output" }
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (rows[i].end != outcome->end)
            continue;
        for (size_t j = 0; j < LIMIT_COUNT; j++) {
            char value[32];
            if (strcmp(limit_fields[j].name, rows[i].name) != 0)
                continue;
            limit_print(limit_get(limits, &limit_fields[j]), limit_fields[j].unit, value);
            (void)fail_policy(&outcome->error, EDQUOT, "%s limit of %s reached%s", rows[i].name,
                              value,
                              child && outcome->end == END_MEMORY
                                  ? " by a process that the script had started"
                                  : "");
        }
    }
}
