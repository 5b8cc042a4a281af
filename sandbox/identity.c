/* SPDX-License-Identifier: Apache-2.0 */
/* identity.c - outside ids, slots, maps. */
#include "identity.h"

#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "fd.h"
#include "kernel.h"
#include "str.h"

static int open_slots(struct error *err)
{
    int r = make_directories(SLOT_DIRECTORY, 0700, err);
    if (r < 0)
        return r;
    int dir = open(SLOT_DIRECTORY, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;
    if (dir < 0 || fstat(dir, &st) < 0) {
        own_close(&dir);
        return fail_host(err, "open %s", SLOT_DIRECTORY);
    }
    if (st.st_uid != 0 || (st.st_mode & 022)) {
        close(dir);
        return fail_host_as(err, EPERM, "%s must belong to root and be writable by nobody else",
                            SLOT_DIRECTORY);
    }
    return dir;
}

static int take_slot(const struct sandbox *sandbox, struct identity *ret, struct error *err)
{
    autoclose int dir = open_slots(err);
    if (dir < 0)
        return dir;
    for (uint32_t i = 0; i < sandbox->config.slot_count; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "%u", i);
        autoclose int lock = openat(dir, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (lock < 0)
            return fail_host(err, "open slot %s/%s", SLOT_DIRECTORY, name);
        if (flock(lock, LOCK_EX | LOCK_NB) < 0)
            continue;
        uid_t id = sandbox->config.slot_first + i;
        *ret = (struct identity){
            .uid = id, .gid = id, .root = true, .slot = (int)i, .lock = fd_take(&lock)
        };
        return 0;
    }
    return fail_host_as(err, EAGAIN,
                        "all %u slots are in use; raise \"slots\" in the configuration",
                        sandbox->config.slot_count);
}

int identity_take(const struct sandbox *sandbox, struct identity *ret, struct error *err)
{
    if (sandbox->root)
        return take_slot(sandbox, ret, err);
    *ret = (struct identity){ .uid = sandbox->uid, .gid = sandbox->gid, .slot = -1, .lock = -1 };
    return 0;
}

void identity_drop(struct identity *identity)
{
    own_close(&identity->lock);
    identity->lock = -1;
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
    char dir[32];
    (void)snprintf(dir, sizeof(dir), "/proc/%d", (int)child);
    return identity_write_maps(dir, !identity->root, INSIDE_ID, identity->uid, INSIDE_ID,
                               identity->gid, err);
}

int identity_idmap(const struct identity *identity, uid_t owner, gid_t group, struct error *err)
{
    /* Only the namespace is wanted; the child that carried it is killed unborn. */
    int pidfd = -1;
    struct clone3_args args = { .flags = CLONE_NEWUSER | CLONE_PIDFD,
                                .pidfd = (uintptr_t)&pidfd,
                                .exit_signal = SIGCHLD };
    pid_t child = kernel_clone3(&args);
    if (child < 0)
        return fail_host(err, "clone3 for an id map");
    if (child == 0)
        for (;;)
            pause();
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
