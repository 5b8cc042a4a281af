/* SPDX-License-Identifier: Apache-2.0 */
/* box.c - a branch's box: what it inherits of the stem's, with everything that could hold
 * another's leftovers made anew and put on top.
 *
 * The mounts of the stem's box come along locked: they cannot be taken apart, and what covers
 * them cannot be taken away once the capabilities are gone.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "branch.h"
#include "kernel.h"
#include "special.h"

/* While it is built; then the limit is the policy's, beyond what is there. */
#define BUILD_BYTES  (8ULL << 20)
#define BUILD_INODES 4096

#define SCRIPT_NAME "script"

static const char *text_at(const struct branch *branch, uint32_t at)
{
    return branch->shape->text + at;
}

static int write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : write(fd, text, strlen(text));
    if (fd >= 0)
        close(fd);
    branch_object = n < 0 ? path : "";
    return n < 0 ? -1 : 0;
}

/* --- the steps ---------------------------------------------------------------------------------
 */

static int die_with_stem(struct branch *branch)
{
    (void)branch;
    return prctl(PR_SET_PDEATHSIG, SIGKILL);
}

/* As pid 1 only what it handles can reach it from inside: that is to be nothing of Python's. */
static int default_signals(struct branch *branch)
{
    for (int i = 1; i < NSIG; i++) {
        struct sigaction *action = &branch->signals[i];
        *action = (struct sigaction){ .sa_handler = SIG_DFL };
        if (sigaction(i, NULL, action) == 0 && action->sa_handler != SIG_DFL)
            (void)signal(i, SIG_DFL);
    }
    return 0;
}

/* One id, the stem's own: all that may be mapped without a capability over its namespace. */
static int take_identity(struct branch *branch)
{
    char map[48];
    (void)branch;
    (void)snprintf(map, sizeof(map), "%u %u 1\n", (unsigned)INSIDE_ID, (unsigned)INSIDE_ID);
    return write_text("/proc/self/setgroups", "deny") < 0 ||
                   write_text("/proc/self/uid_map", map) < 0 ||
                   write_text("/proc/self/gid_map", map) < 0
               ? -1
               : 0;
}

static int new_session(struct branch *branch)
{
    (void)branch;
    return setsid() < 0 ? -1 : 0;
}

static int raise_loopback(struct branch *branch)
{
    (void)branch;
    return pid1_raise_loopback();
}

static int mount_new(const char *type, const char *const (*options)[2], unsigned attributes)
{
    int tree = special_make(type, options, attributes);
    if (tree < 0)
        errno = -tree;
    return tree < 0 ? -1 : tree;
}

/* What a fresh file system has not yet; elsewhere it is there, and nothing can be made. */
static void make_place(const char *place, bool directory)
{
    char part[BRANCH_TEXT_MAX];
    size_t len = strlen(place);
    memcpy(part, place, len + 1);
    for (char *end = part + 1; (end = strchr(end, '/')); *end++ = '/') {
        *end = '\0';
        (void)mkdir(part, 0755);
    }
    if (directory)
        (void)mkdir(place, 0755);
    else
        (void)mknod(place, S_IFREG | 0444, 0);
}

/* Takes the tree. The places are those of the stem's box, whose every part is cordon's own. */
static int cover(int tree, const char *place, bool directory)
{
    struct open_how how = { .flags = O_PATH | O_CLOEXEC,
                            .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS };
    branch_object = place;
    if (tree < 0)
        return -1;
    int target = kernel_openat2(AT_FDCWD, place, &how);
    if (target < 0 && errno == ENOENT) {
        make_place(place, directory);
        target = kernel_openat2(AT_FDCWD, place, &how);
    }
    int r = target < 0 ? -1
                       : kernel_move_mount(tree, "", target, "",
                                           KERNEL_MOVE_F_EMPTY_PATH | KERNEL_MOVE_T_EMPTY_PATH);
    int code = errno;
    if (target >= 0)
        close(target);
    close(tree);
    errno = code;
    if (r == 0)
        branch_object = "";
    return r;
}

static void decimal(uint64_t number, char out[24])
{
    (void)snprintf(out, 24, "%llu", (unsigned long long)number);
}

/* One file system for all of scratch and the script, as in every box. It needs a place to hang
 * while its directories are cloned, and hangs beneath the first of them for good. */
static int make_scratch(struct branch *branch)
{
    const struct branch_shape *shape = branch->shape;
    const char *first = NULL;
    for (uint32_t i = 0; !first && i < shape->mount_count; i++)
        if (shape->mounts[i].kind == MOUNT_SCRATCH)
            first = text_at(branch, shape->mounts[i].at);
    if (!first && !shape->script_at)
        return 0;
    char size[24], inodes[24];
    decimal(shape->scratch_bytes + BUILD_BYTES, size);
    decimal(shape->scratch_inodes + BUILD_INODES, inodes);
    const char *const options[][2] = {
        { "size", size }, { "nr_inodes", inodes }, { "mode", "0755" }, { NULL, NULL }
    };
    (void)umask(022);
    branch->top = mount_new("tmpfs", options, KERNEL_ATTR_NOSUID | KERNEL_ATTR_NODEV);
    /* Not closed: the directories and the limit are reached through it. */
    return branch->top < 0
               ? -1
               : cover(fcntl(branch->top, F_DUPFD_CLOEXEC, 0), first ? first : "/dev/shm", true);
}

static int add_scratch(struct branch *branch, uint32_t index)
{
    const char *place = text_at(branch, branch->shape->mounts[index].at);
    bool shared = strcmp(place, "/tmp") == 0 || strcmp(place, "/dev/shm") == 0;
    char name[24];
    decimal(index, name);
    if (mkdirat(branch->top, name, 0700) < 0 ||
        (shared && fchmodat(branch->top, name, 01777, 0) < 0))
        return -1;
    return cover(kernel_open_tree(branch->top, name, OPEN_TREE_CLONE | O_CLOEXEC), place, true);
}

static int add_script(struct branch *branch)
{
    if (!branch->shape->script_at)
        return 0;
    /* In a directory of its own: who reads it there is the interpreter (init.c). */
    if (mkdirat(branch->top, SCRIPT_NAME, 0755) < 0)
        return -1;
    int directory = openat(branch->top, SCRIPT_NAME, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        return -1;
    branch->script = openat(directory, SCRIPT_NAME, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
    if (branch->script < 0)
        return -1;
    branch->script_directory = directory;
    int tree = kernel_open_tree(directory, SCRIPT_NAME, OPEN_TREE_CLONE | O_CLOEXEC);
    struct kernel_mount_attr readonly = { .set = KERNEL_ATTR_RDONLY };
    if (tree < 0 || kernel_mount_setattr(tree, 0, &readonly) < 0)
        return -1;
    return cover(tree, text_at(branch, branch->shape->script_at), false);
}

static int add_special(const struct branch *branch, uint32_t index)
{
    const char *place = text_at(branch, branch->shape->mounts[index].at);
    switch ((enum mount_kind)branch->shape->mounts[index].kind) {
    case MOUNT_PROC:
    case MOUNT_PROC_FULL:
        return cover(mount_new("proc",
                               special_proc +
                                   (branch->shape->mounts[index].kind == MOUNT_PROC_FULL),
                               KERNEL_ATTR_NOSUID | KERNEL_ATTR_NOEXEC | KERNEL_ATTR_NODEV),
                     place, true);
    case MOUNT_PTS:
        return cover(mount_new("devpts", special_pts, KERNEL_ATTR_NOSUID | KERNEL_ATTR_NOEXEC),
                     place, true);
    case MOUNT_TREE:
    case MOUNT_OVERLAY:
    case MOUNT_ANCHOR:
    case MOUNT_SCRATCH:
        break;
    }
    errno = EINVAL;
    return -1;
}

static bool is_kept(const struct branch *branch, uint32_t index)
{
    switch ((enum mount_kind)branch->shape->mounts[index].kind) {
    case MOUNT_TREE:
    case MOUNT_OVERLAY:
    case MOUNT_ANCHOR:
        return true;
    case MOUNT_SCRATCH:
    case MOUNT_PROC:
    case MOUNT_PROC_FULL:
    case MOUNT_PTS:
        break;
    }
    return false;
}

/* A workspace in /tmp, say: taken up while it can still be seen. */
static int keep_trees(const struct branch *branch, int trees[BRANCH_MOUNTS_MAX])
{
    for (uint32_t i = 0; i < branch->shape->mount_count; i++) {
        trees[i] = -1;
        if (!is_kept(branch, i))
            continue;
        branch_object = text_at(branch, branch->shape->mounts[i].at);
        trees[i] =
            kernel_open_tree(AT_FDCWD, branch_object, OPEN_TREE_CLONE | O_CLOEXEC | AT_RECURSIVE);
        if (trees[i] < 0)
            return -1;
    }
    return 0;
}

static int cover_one(struct branch *branch, uint32_t index, int tree)
{
    if (is_kept(branch, index))
        return cover(tree, text_at(branch, branch->shape->mounts[index].at),
                     branch->shape->mounts[index].directory);
    return branch->shape->mounts[index].kind == MOUNT_SCRATCH ? add_scratch(branch, index)
                                                              : add_special(branch, index);
}

static int cover_places(struct branch *branch)
{
    int trees[BRANCH_MOUNTS_MAX];
    int r = keep_trees(branch, trees);
    if (r == 0)
        r = make_scratch(branch);
    for (uint32_t i = 0; r == 0 && i < branch->shape->mount_count; i++)
        r = cover_one(branch, i, trees[i]);
    return r == 0 ? add_script(branch) : r;
}

/* Where it stands it would go on showing what is now covered. */
static int forget_directory(struct branch *branch)
{
    (void)branch;
    return chdir("/");
}

static const struct branch_step steps[] = {
    { "die with the stem", die_with_stem },
    { "signals", default_signals },
    { "identity", take_identity }, /* through the stem's /proc: ours needs it to be made */
    { "new session", new_session },
    { "loopback", raise_loopback },
    { "cover", cover_places },
    { "leave", forget_directory },
};

void branch_build(struct branch *branch)
{
    branch->top = branch->script = branch->script_directory = -1;
    branch_take(steps, sizeof(steps) / sizeof(*steps), false, branch);
}

/* --- with the order ----------------------------------------------------------------------------
 */

int branch_place_script(struct branch *branch, int memfd)
{
    struct stat st;
    if (branch->script < 0 || memfd < 0)
        return branch->script < 0 && memfd < 0 ? 0 : (errno = EINVAL, -1);
    if (fstat(memfd, &st) < 0)
        return -1;
    off_t at = 0;
    while (at < st.st_size) {
        ssize_t n = sendfile(branch->script, memfd, &at, (size_t)(st.st_size - at));
        if (n <= 0)
            return -1;
    }
    return 0;
}

int branch_limit_scratch(struct branch *branch)
{
    char size[24], inodes[24];
    struct statfs used;
    if (branch->top < 0)
        return 0;
    if (fstatfs(branch->top, &used) < 0)
        return -1;
    decimal(branch->shape->scratch_bytes + (used.f_blocks - used.f_bfree) * (uint64_t)used.f_bsize,
            size);
    decimal(branch->shape->scratch_inodes + used.f_files - used.f_ffree, inodes);
    int fs = kernel_fspick(branch->top);
    int r = fs < 0 || kernel_fsconfig(fs, KERNEL_FSCONFIG_STRING, "size", size) < 0 ||
                    kernel_fsconfig(fs, KERNEL_FSCONFIG_STRING, "nr_inodes", inodes) < 0 ||
                    kernel_fsconfig(fs, KERNEL_FSCONFIG_RECONFIGURE, NULL, NULL) < 0
                ? -1
                : 0;
    if (fs >= 0)
        close(fs);
    return r;
}
