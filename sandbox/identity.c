/* SPDX-License-Identifier: Apache-2.0 */
/* identity.c - outside ids, maps. */
#include "identity.h"

#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fd.h"
#include "kernel.h"
#include "slots.h"
#include "str.h"

int identity_take(const struct sandbox *sandbox, int control, bool wait, struct identity *ret,
                  struct error *err)
{
    struct identity identity = { .uid = sandbox->uid, .gid = sandbox->gid, .slot = -1, .lock = -1 };
    if (sandbox->root) {
        const uint32_t count = sandbox->config.slot_count;
        int slot = wait ? slot_take(count, control, &identity.lock, err)
                        : slot_try(count, &identity.lock, err);
        if (slot == -EAGAIN && !wait)
            return fail_host_as(err, EAGAIN, "every slot is taken");
        if (slot < 0)
            return slot;
        identity.slot = slot;
        identity.uid = identity.gid = sandbox->config.slot_first + (uint32_t)slot;
        identity.root = true;
    }
    *ret = identity;
    return 0;
}

void identity_drop(struct identity *identity)
{
    slot_give_back(&identity->lock);
}

static int write_map(int dir, const char *name, const char *text, struct error *err)
{
    autoclose int fd = openat(dir, name, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, text, strlen(text)) < 0)
        return fail_host(err, "write %s", name);
    return 0;
}

int identity_write_maps(const char *proc_dir, bool deny_setgroups, uid_t inside_uid, uid_t uid,
                        gid_t inside_gid, gid_t gid, struct error *err)
{
    autoclose int dir = open(proc_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
        return fail_host(err, "open %s", proc_dir);
    char map[64];
    int r = deny_setgroups ? write_map(dir, "setgroups", "deny", err) : 0;
    if (r == 0) {
        (void)snprintf(map, sizeof(map), "%u %u 1\n", inside_uid, uid);
        r = write_map(dir, "uid_map", map, err);
    }
    if (r == 0) {
        (void)snprintf(map, sizeof(map), "%u %u 1\n", inside_gid, gid);
        r = write_map(dir, "gid_map", map, err);
    }
    return r;
}

int identity_map(const struct identity *identity, pid_t child, struct error *err)
{
    char dir[32] = "/proc/self";
    if (child > 0)
        (void)snprintf(dir, sizeof(dir), "/proc/%d", (int)child);
    return identity_write_maps(dir, !identity->root, INSIDE_ID, identity->uid, INSIDE_ID,
                               identity->gid, err);
}

/* It holds what its parent does, a slot among it: if that is killed meanwhile it goes along. */
static _Noreturn void be_unborn(pid_t parent)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0)
        while (getppid() == parent)
            pause();
    _exit(1);
}

int identity_idmap(const struct identity *identity, uid_t owner, gid_t group, struct error *err)
{
    /* Only the namespace is wanted; the child that carried it is killed unborn. */
    int pidfd = -1;
    struct clone3_args args = { .flags = CLONE_NEWUSER | CLONE_PIDFD,
                                .pidfd = (uintptr_t)&pidfd,
                                .exit_signal = SIGCHLD };
    const pid_t parent = getpid();
    pid_t child = kernel_clone3(&args);
    if (child < 0)
        return fail_host(err, "clone3 for an id map");
    if (child == 0)
        be_unborn(parent);
    char path[48];
    (void)snprintf(path, sizeof(path), "/proc/%d", (int)child);
    int r = identity_write_maps(path, false, owner, identity->uid, group, identity->gid, err);
    int ns = -1;
    if (r == 0) {
        (void)snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)child);
        ns = open(path, O_RDONLY | O_CLOEXEC);
        r = ns < 0 ? fail_host(err, "open %s", path) : ns;
    }
    (void)kernel_pidfd_send_signal(pidfd, SIGKILL);
    (void)waitpid(child, NULL, 0);
    close(pidfd);
    return r;
}

int identity_assume(const struct identity *identity)
{
    if (identity->root && setgroups(0, NULL) < 0)
        return -1;
    return setresgid(INSIDE_ID, INSIDE_ID, INSIDE_ID) < 0 ||
                   setresuid(INSIDE_ID, INSIDE_ID, INSIDE_ID) < 0
               ? -1
               : 0;
}
