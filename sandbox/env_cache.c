/* SPDX-License-Identifier: Apache-2.0 */
/* env_cache.c - uv's cache of one owner. */
#include "env_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cordon/log.h>

#include "env_store.h"
#include "fd.h"
#include "str.h"
#include "tree_size.h"

#define CACHES "uv-cache"

int cache_open(const struct sandbox *sandbox, const char *owner, char **ret, struct error *err)
{
    autofree char *path = xasprintf("%s/" CACHES "/%s", sandbox->state, owner);
    int r = make_directories(path, 0700, err);
    if (r < 0)
        return r;
    autoclose int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    /* Whoever holds it alone only removes something: that ends. */
    if (fd < 0 || flock(fd, LOCK_SH) < 0)
        return fail_host(err, "open %s", path);
    *ret = TAKE(&path);
    return fd_take(&fd);
}

static bool is_younger(int directory, const char *name, struct timespec since)
{
    struct stat st;
    if (fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return false;
    return st.st_ctim.tv_sec != since.tv_sec ? st.st_ctim.tv_sec > since.tv_sec
                                             : st.st_ctim.tv_nsec >= since.tv_nsec;
}

static void remove_younger(int directory, const char *prefix, struct timespec since)
{
    autolist char **names = names_in(directory, true);
    for (size_t i = 0; names && names[i]; i++) {
        struct error why = { 0 };
        if (starts_with(names[i], prefix) && is_younger(directory, names[i], since) &&
            tree_remove(directory, names[i], &why) < 0)
            log_event(LOG_WARN, "leftover", KV("reason", why.text));
    }
}

/* uv unpacks a wheel into .tmpXXXX and moves it to archive-vN/ID; what else it writes are
 * small files that lead there, and it looks whether they do. */
void cache_forget(int cache, struct timespec since)
{
    if (flock(cache, LOCK_EX | LOCK_NB) < 0)
        return;
    remove_younger(cache, ".tmp", since);
    autolist char **names = names_in(cache, true);
    for (size_t i = 0; names && names[i]; i++) {
        if (!starts_with(names[i], "archive-v"))
            continue;
        autoclose int archive =
            openat(cache, names[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (archive >= 0)
            remove_younger(archive, "", since);
    }
}

void cache_clear(const struct sandbox *sandbox)
{
    autoclose int caches =
        openat(sandbox->state_fd, CACHES, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    autolist char **owners = caches < 0 ? NULL : names_in(caches, true);
    for (size_t i = 0; owners && owners[i]; i++) {
        autoclose int cache =
            openat(caches, owners[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (cache >= 0 && flock(cache, LOCK_EX | LOCK_NB) == 0)
            remove_younger(cache, "", (struct timespec){ 0 });
    }
}

uint64_t cache_size(const struct sandbox *sandbox)
{
    autoclose int caches =
        openat(sandbox->state_fd, CACHES, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    struct tree_size size = { 0 };
    if (caches >= 0)
        tree_size_at(caches, &size);
    return size.bytes;
}
