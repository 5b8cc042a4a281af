/* SPDX-License-Identifier: Apache-2.0 */
/* mounts.c - trees opened in the parent, a root built in the child. */
#include "mounts.h"

#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "explain.h"
#include "kernel.h"
#include "special.h"
#include "str.h"
#include "upper.h"

/* What the root itself may take while it is built: mount points, the made /etc and a
 * script of at most 4 MiB. Once it stands the limits are the policy's, beyond that. */
#define ROOT_BYTES  (8ULL << 20)
#define ROOT_INODES 4096

/* Any directory that every host has; the root is attached there for a moment. */
#define STAGE "/usr"

/* Where the layers of an overlay hang until it has them. */
#define LOWER_STAGE "/.lower"
#define UPPER_STAGE "/.upper"

/* Where the script's copy lies that is put over a file; a code's own place. */
#define SCRIPT_COPY "/box/script.py"

/* --- the parent ------------------------------------------------------------ */

int tree_clone(int at, const char *path)
{
    int tree = kernel_open_tree(at < 0 ? AT_FDCWD : at, at < 0 ? path : "",
                                OPEN_TREE_CLONE | O_CLOEXEC | AT_EMPTY_PATH | AT_RECURSIVE);
    return tree < 0 ? -errno : tree;
}

int tree_confine(int tree, const struct tree_options *options, const char *name, struct error *err)
{
    struct kernel_mount_attr attributes = {
        /* Or what is mounted on it inside would be mounted outside as well. */
        .propagation = MS_SLAVE,
        .set = KERNEL_ATTR_NOSUID | (options->device ? 0 : (uint64_t)KERNEL_ATTR_NODEV) |
               (options->no_execution ? KERNEL_ATTR_NOEXEC : 0) |
               (options->write || options->device ? 0 : (uint64_t)KERNEL_ATTR_RDONLY),
    };
    if (kernel_mount_setattr(tree, AT_RECURSIVE, &attributes) < 0)
        return explain_mount_attributes(name, err);
    if (options->idmap >= 0) {
        struct kernel_mount_attr map = { .set = KERNEL_ATTR_IDMAP,
                                         .userns = (uint64_t)options->idmap };
        if (kernel_mount_setattr(tree, AT_RECURSIVE, &map) < 0)
            return fail_host_as(err, errno,
                                "%s lies on a file system without id-mapped mounts (%s); as root "
                                "it cannot be given to a box: run cordon as the owner of the "
                                "directory, or use one on ext4, xfs, btrfs or tmpfs",
                                name, strerror(errno));
    }
    return 0;
}

void mounts_add(struct root_plan *root, enum mount_kind kind, char *inside, int tree,
                bool directory, bool write)
{
    root->mounts = xrealloc(root->mounts, (root->mount_count + 1) * sizeof(*root->mounts));
    root->mounts[root->mount_count++] = (struct mount){
        .kind = kind,
        .inside = inside,
        .tree = tree,
        .upper = -1,
        .directory = directory,
        .write = write,
    };
}

void root_plan_done(struct root_plan *root)
{
    for (size_t i = 0; i < root->mount_count; i++) {
        free(root->mounts[i].inside);
        own_close(&root->mounts[i].tree);
        own_close(&root->mounts[i].upper);
    }
    free(root->mounts);
    for (size_t i = 0; i < root->file_count; i++)
        free(root->files[i].text);
    *root = (struct root_plan){ .script = -1 };
}

/* --- the child: system calls on what is decided ---------------------------- */

int tmpfs_make(const char *size, const char *inodes, unsigned attributes)
{
    int fs = kernel_fsopen("tmpfs");
    if (fs < 0)
        return -errno;
    int r = -1;
    if (kernel_fsconfig(fs, KERNEL_FSCONFIG_STRING, "size", size) == 0 &&
        kernel_fsconfig(fs, KERNEL_FSCONFIG_STRING, "nr_inodes", inodes) == 0 &&
        kernel_fsconfig(fs, KERNEL_FSCONFIG_STRING, "mode", "0755") == 0 &&
        kernel_fsconfig(fs, KERNEL_FSCONFIG_CREATE, NULL, NULL) == 0)
        r = kernel_fsmount(fs, attributes);
    r = r < 0 ? -errno : r;
    close(fs);
    return r;
}

static int open_beneath(int dir, const char *path, uint64_t flags)
{
    /* Until pivot_root a link would lead into the host's tree: none is followed. */
    struct open_how how = { .flags = flags | O_CLOEXEC,
                            .mode = flags & O_CREAT ? 0444 : 0,
                            .resolve =
                                RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS };
    int fd = kernel_openat2(dir, path, &how);
    return fd < 0 ? -errno : fd;
}

/* One directory further down, made where it is not there. Takes `dir`. */
static int step_down(int dir, const char *name)
{
    int next = open_beneath(dir, name, O_PATH | O_DIRECTORY);
    if (next == -ENOENT) {
        next = mkdirat(dir, name, 0755) < 0 ? -errno : 0;
        if (next == 0)
            next = open_beneath(dir, name, O_PATH | O_DIRECTORY);
    }
    close(dir);
    return next;
}

/* The directory of an absolute path beneath `root`, made where it is not there;
 * *name is the last part of the path. */
static int open_directory_of(int root, const char *path, const char **name)
{
    char part[4096];
    size_t len = strlen(path);
    if (len >= sizeof(part) || *path != '/')
        return -ENAMETOOLONG;
    *name = strrchr(path, '/') + 1;
    memcpy(part, path, len + 1);
    part[*name - path - 1] = '\0';
    int dir = open_beneath(root, part[0] ? part + 1 : ".", O_PATH | O_DIRECTORY);
    if (dir != -ENOENT)
        return dir;
    dir = open_beneath(root, ".", O_PATH | O_DIRECTORY);
    char *rest = part + 1;
    for (char *step; dir >= 0 && (step = strsep(&rest, "/"));)
        dir = step_down(dir, step);
    return dir;
}

/* The last directory that was opened: the mounts are sorted, so their targets lie
 * together. What is mounted on it or above it makes it another one. */
static struct {
    char path[256];
    int fd;
} recent = { .fd = -1 };

static void forget_recent(void)
{
    own_close(&recent.fd);
    recent.fd = -1;
}

/* open_directory_of(), borrowed: the caller closes nothing. */
static int directory_of(int root, const char *path, const char **name)
{
    size_t len = (size_t)(strrchr(path, '/') - path);
    *name = path + len + 1;
    if (recent.fd >= 0 && strlen(recent.path) == len && memcmp(recent.path, path, len) == 0)
        return recent.fd;
    forget_recent();
    int dir = open_directory_of(root, path, name);
    if (dir < 0)
        return dir;
    recent.fd = dir;
    /* Too long to be remembered matches nothing. */
    (void)snprintf(recent.path, sizeof(recent.path), "%.*s", (int)len, path);
    return dir;
}

/* At its mount point, which is made where it is not there. */
static int attach(int root, int tree, const char *inside, bool directory)
{
    const char *name;
    int dir = directory_of(root, inside, &name);
    if (dir < 0)
        return dir;
    /* Beneath something read-only it is there already, or the run cannot have it. */
    (void)(directory ? mkdirat(dir, name, 0755) : mknodat(dir, name, S_IFREG | 0444, 0));
    /* One name in a directory, and a link by that name is not followed. */
    int r = kernel_move_mount(tree, "", dir, name, KERNEL_MOVE_F_EMPTY_PATH);
    r = r < 0 ? -errno : 0;
    if (recent.fd >= 0 && path_within(recent.path, inside))
        forget_recent();
    return r;
}

/* The same where the caller's own entry is the mount point. One that has gone meanwhile would
 * come back empty: there is no box then. */
static int attach_on_owned(int root, int tree, const char *inside)
{
    autofree char *path = xstrdup(inside + 1);
    char *slash = strrchr(path, '/');
    if (!slash)
        return -ENOENT;
    *slash = '\0';
    autoclose int dir = open_beneath(root, path, O_PATH | O_DIRECTORY);
    if (dir < 0)
        return dir;
    return kernel_move_mount(tree, "", dir, slash + 1, KERNEL_MOVE_F_EMPTY_PATH) < 0 ? -errno : 0;
}

/* What hung at a stage is held by the mounts made from it. */
static int unstage(int top, const char *stage)
{
    if (fchdir(top) < 0 || umount2(stage + 1, MNT_DETACH) < 0)
        return -errno;
    return unlinkat(top, stage + 1, AT_REMOVEDIR) < 0 ? -errno : 0;
}

/* A directory of the root's own tmpfs, as a writable mount of itself: root and scratch
 * share one size and one number of inodes, and only the root's mount is read-only. */
static int scratch_directory(int root, const char *inside)
{
    const char *name;
    struct stat top, made;
    int dir = directory_of(root, inside, &name);
    if (dir < 0)
        return dir;
    /* /tmp and /dev/shm are 1777 everywhere; there is one user here, so it is a courtesy. */
    bool shared = strcmp(inside, "/tmp") == 0 || strcmp(inside, "/dev/shm") == 0;
    int tree = -1;
    if (fstat(root, &top) < 0 || fstat(dir, &made) < 0)
        tree = -errno;
    else if (top.st_dev != made.st_dev)
        tree = -EXDEV; /* beneath something of the host's: there it is not ours to make */
    else if (mkdirat(dir, name, 0700) < 0 || (shared && fchmodat(dir, name, 01777, 0) < 0))
        tree = -errno;
    else if ((tree = kernel_open_tree(dir, name, OPEN_TREE_CLONE | O_CLOEXEC)) < 0)
        tree = -errno;
    return tree;
}

/* userxattr: without privileges on the host its marks are user.overlay.*; a box cannot
 * forge them, because overlayfs keeps that prefix to itself. It also switches redirects
 * off: a directory that exists below is renamed by copying (EXDEV), so each name in the
 * layer stands for itself and whoever reads it resolves nothing a stranger wrote. */
static const char *const overlay_options[][2] = { { "lowerdir", &LOWER_STAGE[1] },
                                                  { "upperdir",
                                                    &(UPPER_STAGE "/" UPPER_WRITES)[1] },
                                                  { "workdir", &(UPPER_STAGE "/" UPPER_WORK)[1] },
                                                  { "userxattr", NULL },
                                                  { "index", "off" },
                                                  { NULL, NULL } };

/* Its options name the layers from our directory; once it stands it has them by itself. */
static int overlay_make(int root, const struct mount *mount)
{
    int r = attach(root, mount->tree, LOWER_STAGE, true);
    if (r == 0)
        r = attach(root, mount->upper, UPPER_STAGE, true);
    if (r == 0 && fchdir(root) < 0)
        r = -errno;
    if (r < 0)
        return r;
    int tree = special_make("overlay", overlay_options, KERNEL_ATTR_NOSUID | KERNEL_ATTR_NODEV);
    r = unstage(root, UPPER_STAGE);
    if (r == 0)
        r = unstage(root, LOWER_STAGE);
    if (r < 0)
        own_close(&tree);
    return r < 0 ? r : tree;
}

/* The directory as the box sees it, with what is mounted beneath it. */
static int anchor_make(int root, const char *inside)
{
    int dir = open_beneath(root, inside + 1, O_PATH | O_DIRECTORY);
    if (dir < 0)
        return dir;
    int tree =
        kernel_open_tree(dir, "", OPEN_TREE_CLONE | O_CLOEXEC | AT_EMPTY_PATH | AT_RECURSIVE);
    tree = tree < 0 ? -errno : tree;
    close(dir);
    return tree;
}

static int attach_one(int root, const struct mount *mount)
{
    int tree = -1;
    switch (mount->kind) {
    case MOUNT_TREE:
        return mount->owned ? attach_on_owned(root, mount->tree, mount->inside)
                            : attach(root, mount->tree, mount->inside, mount->directory);
    case MOUNT_OVERLAY:
        tree = overlay_make(root, mount);
        break;
    case MOUNT_ANCHOR:
        tree = anchor_make(root, mount->inside);
        break;
    case MOUNT_SCRATCH:
        tree = scratch_directory(root, mount->inside);
        break;
    case MOUNT_PROC:
    case MOUNT_PROC_FULL:
        tree = special_make("proc", special_proc + (mount->kind == MOUNT_PROC_FULL),
                            KERNEL_ATTR_NOSUID | KERNEL_ATTR_NOEXEC | KERNEL_ATTR_NODEV);
        break;
    case MOUNT_PTS:
        tree = special_make("devpts", special_pts, KERNEL_ATTR_NOSUID | KERNEL_ATTR_NOEXEC);
        break;
    }
    if (tree < 0)
        return tree;
    int r = mount->kind == MOUNT_ANCHOR ? attach_on_owned(root, tree, mount->inside)
                                        : attach(root, tree, mount->inside, true);
    close(tree);
    return r;
}

/* A new file beneath the root, for writing. */
static int create_file(int root, const char *path)
{
    const char *name;
    int dir = directory_of(root, path, &name);
    return dir < 0 ? dir : open_beneath(dir, name, O_WRONLY | O_CREAT | O_EXCL);
}

static int write_file(int root, const char *path, const void *bytes, size_t len)
{
    int fd = create_file(root, path);
    if (fd < 0)
        return fd;
    ssize_t n = write(fd, bytes, len);
    int r = n == (ssize_t)len ? 0 : n < 0 ? -errno : -ENOSPC;
    close(fd);
    return r;
}

static int make_link(int root, const char *path, const char *target)
{
    const char *name;
    int dir = directory_of(root, path, &name);
    if (dir < 0)
        return dir;
    return symlinkat(target, dir, name) < 0 ? -errno : 0;
}

static int copy_bytes(int from, int to)
{
    struct stat st;
    int r = fstat(from, &st) < 0 ? -errno : 0;
    off_t at = 0;
    while (r == 0 && at < st.st_size) {
        ssize_t n = sendfile(to, from, &at, (size_t)(st.st_size - at));
        if (n <= 0)
            r = n < 0 ? -errno : -EIO;
    }
    return r;
}

/* A new file, mounted over the one that --read or --write shows at the same path. */
static int cover_file(int root, int file, const char *path)
{
    autoclose int tree = kernel_open_tree(file, "", OPEN_TREE_CLONE | O_CLOEXEC | AT_EMPTY_PATH);
    return tree < 0 ? -errno : attach(root, tree, path, false);
}

/* A memfd cannot be bind-mounted, so its bytes are copied, read-only. */
static int copy_script(int top, const struct root_plan *root)
{
    int fd = create_file(top, root->script_at);
    bool covers = fd == -EEXIST && root->script_covers;
    if (covers)
        fd = create_file(top, SCRIPT_COPY);
    if (fd < 0)
        return fd;
    int r = copy_bytes(root->script, fd);
    if (r == 0 && covers)
        r = cover_file(top, fd, root->script_at);
    close(fd);
    return r;
}

static int make_script_place(int top, const char *path)
{
    autoclose int again = kernel_open_tree(top, "", OPEN_TREE_CLONE | O_CLOEXEC | AT_EMPTY_PATH);
    int made = again < 0 ? -errno : create_file(top, path);
    if (made < 0)
        return made;
    close(made);
    return open_beneath(again, path + 1, O_WRONLY);
}

static int build_tree(const struct root_plan *root, int top, int *later, const char **what)
{
    int r = 0;
    for (size_t i = 0; r == 0 && i < root->mount_count; i++) {
        *what = root->mounts[i].inside;
        r = attach_one(top, &root->mounts[i]);
    }
    for (size_t i = 0; r == 0 && i < root->link_count; i++) {
        *what = root->links[i].path;
        r = make_link(top, *what, root->links[i].target);
    }
    for (size_t i = 0; r == 0 && i < root->file_count; i++) {
        *what = root->files[i].path;
        r = write_file(top, *what, root->files[i].text, root->files[i].len);
    }
    if (r == 0 && root->script >= 0) {
        *what = root->script_at;
        r = copy_script(top, root);
    }
    if (r == 0 && root->script_later) {
        *what = root->script_at;
        *later = make_script_place(top, root->script_at);
        r = *later < 0 ? *later : 0;
    }
    return r;
}

static void decimal(uint64_t number, char out[24])
{
    (void)snprintf(out, 24, "%llu", (unsigned long long)number);
}

static int make_top(const struct root_plan *root)
{
    char size[24], inodes[24];
    decimal(root->scratch_bytes + ROOT_BYTES, size);
    decimal(root->scratch_inodes + ROOT_INODES, inodes);
    return tmpfs_make(size, inodes, KERNEL_ATTR_NOSUID | KERNEL_ATTR_NODEV);
}

/* What the root has taken, and on top of it exactly what the policy allows. */
static int limit_top(const struct root_plan *root, int top)
{
    char size[24], inodes[24];
    struct statfs used;
    if (fstatfs(top, &used) < 0)
        return -errno;
    decimal(root->scratch_bytes + (used.f_blocks - used.f_bfree) * (uint64_t)used.f_bsize, size);
    decimal(root->scratch_inodes + used.f_files - used.f_ffree, inodes);
    int fs = kernel_fspick(top);
    if (fs < 0)
        return -errno;
    int r = 0;
    if (kernel_fsconfig(fs, KERNEL_FSCONFIG_STRING, "size", size) < 0 ||
        kernel_fsconfig(fs, KERNEL_FSCONFIG_STRING, "nr_inodes", inodes) < 0 ||
        kernel_fsconfig(fs, KERNEL_FSCONFIG_RECONFIGURE, NULL, NULL) < 0)
        r = -errno;
    close(fs);
    return r;
}

/* From here on there is no way back to the host's tree. */
static int enter(int top)
{
    struct kernel_mount_attr readonly = { .set = KERNEL_ATTR_RDONLY };
    if (kernel_mount_setattr(top, 0, &readonly) < 0)
        return -errno;
    if (fchdir(top) < 0 || kernel_pivot_root(".", ".") < 0 || umount2(".", MNT_DETACH) < 0 ||
        chdir("/") < 0)
        return -errno;
    return 0;
}

int root_build(const struct root_plan *root, int *later, const char **what)
{
    *later = -1;
    *what = "the root tmpfs";
    int top = make_top(root);
    if (top < 0)
        return top;
    (void)umask(022);
    int r = kernel_move_mount(top, "", AT_FDCWD, STAGE, KERNEL_MOVE_F_EMPTY_PATH) < 0 ? -errno : 0;
    if (r == 0)
        r = build_tree(root, top, later, what);
    if (r == 0) {
        *what = "the size of scratch";
        r = limit_top(root, top);
    }
    if (r == 0) {
        *what = "pivot_root";
        r = enter(top);
    }
    forget_recent();
    close(top);
    return r;
}
