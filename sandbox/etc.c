/* SPDX-License-Identifier: Apache-2.0 */
/* etc.c - the box's /etc. */
#include "etc.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "kernel.h"
#include "str.h"

struct etc_file {
    const char *path, *text;
};

/* One user, no host names, no resolver: what getpwuid(), getaddrinfo("localhost")
 * and the like need to answer sensibly. */
static const struct etc_file made[] = {
    { "/etc/passwd", "user:x:1000:1000:user:/box/home:/bin/sh\n"
                     "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n" },
    { "/etc/group", "user:x:1000:\nnogroup:x:65534:\n" },
    { "/etc/hosts", "127.0.0.1 localhost box\n::1 localhost box\n" },
    { "/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\nservices: files\n" },
    { "/etc/resolv.conf", "# a box has no resolver of its own\n" },
    { "/etc/hostname", "box\n" },
};

/* Public facts about the distribution; left out where the host has none. */
static const char *const bound[] = {
    "/etc/ld.so.cache", "/etc/services",        "/etc/protocols",     "/etc/mime.types",
    "/etc/localtime",   "/etc/ssl/openssl.cnf", "/etc/pki/tls/certs", "/etc/ca-certificates",
};

static int bind_file(struct root_plan *root, const char *path, struct error *err)
{
    autoclose int tree = tree_clone(-1, path);
    struct stat st;
    if (tree == -EPERM || tree == -EINVAL) /* what no host lacks: the right to clone it */
        return fail_host(err, "open_tree %s", path);
    if (tree < 0 || fstat(tree, &st) < 0)
        return 0;
    struct tree_options options = { .idmap = -1 };
    int r = tree_confine(tree, &options, path, err);
    if (r == 0)
        mounts_add(root, MOUNT_TREE, xstrdup(path), fd_take(&tree), S_ISDIR(st.st_mode), false);
    return r;
}

/* By the caller or the policy, who meant the host's own. */
static bool shown(const struct root_plan *root, size_t count, const char *path)
{
    for (size_t i = 0; i < count; i++)
        if (root->mounts[i].kind == MOUNT_TREE && path_within(path, root->mounts[i].inside))
            return true;
    return false;
}

int etc_add(struct root_plan *root, struct error *err)
{
    size_t asked = root->mount_count;
    for (size_t i = 0; i < COUNT(made); i++) {
        if (shown(root, asked, made[i].path))
            continue;
        root->files[root->file_count++] = (struct made_file){ .path = made[i].path,
                                                              .text = xstrdup(made[i].text),
                                                              .len = strlen(made[i].text) };
    }
    for (size_t i = 0; i < COUNT(bound); i++) {
        int r = shown(root, asked, bound[i]) ? 0 : bind_file(root, bound[i], err);
        if (r < 0)
            return r;
    }
    return 0;
}

const char *etc_of_host(size_t i)
{
    return i < COUNT(bound) ? bound[i] : NULL;
}

enum etc_whose etc_whose(const char *path)
{
    for (size_t i = 0; i < COUNT(made); i++)
        if (strcmp(made[i].path, path) == 0)
            return ETC_MADE;
    for (size_t i = 0; i < COUNT(bound); i++)
        if (path_within(path, bound[i]))
            return ETC_HOSTS;
    return ETC_NOBODYS;
}
