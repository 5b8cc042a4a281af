/* SPDX-License-Identifier: Apache-2.0 */
/* env_room.c - the environments of all owners, by last use. */
#include "env_room.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <cordon/log.h>

#include "env_cache.h"
#include "env_store.h"
#include "str.h"
#include "tree_size.h"

#define SHARE 4 /* of the file system: the rest is for others */

uint64_t env_room(const struct sandbox *sandbox)
{
    struct statvfs fs;
    uint64_t most = sandbox->config.environment_max_bytes;
    if (fstatvfs(sandbox->state_fd, &fs) < 0 || fs.f_blocks == 0)
        return most;
    uint64_t share = (uint64_t)fs.f_blocks * (fs.f_frsize ? fs.f_frsize : fs.f_bsize) / SHARE;
    return share < most ? share : most;
}

struct kept {
    char *owner, *key;
    struct timespec used;
    uint64_t bytes;
};

struct all {
    struct kept *list;
    size_t count;
    uint64_t bytes;
};

static void note(struct all *all, int owner, const char *owner_name, const char *key)
{
    struct env_record record = { 0 };
    struct error ignored = { 0 };
    struct stat st = { 0 };
    autoclose int hold = env_hold(owner, key, &record, &ignored);
    if (hold < 0 || fstatat(hold, ENV_RECORD, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return;
    uint64_t bytes = record.bytes;
    env_record_done(&record);
    if (bytes == 0) { /* made before records said it */
        struct tree_size size;
        tree_size_at(hold, &size);
        bytes = size.bytes;
    }
    all->list = xrealloc(all->list, (all->count + 1) * sizeof(*all->list));
    all->list[all->count++] = (struct kept){
        .owner = xstrdup(owner_name), .key = xstrdup(key), .used = st.st_mtim, .bytes = bytes
    };
    all->bytes += bytes;
}

static int older_first(const void *a, const void *b)
{
    const struct timespec *one = &((const struct kept *)a)->used;
    const struct timespec *other = &((const struct kept *)b)->used;
    if (one->tv_sec != other->tv_sec)
        return one->tv_sec < other->tv_sec ? -1 : 1;
    return one->tv_nsec < other->tv_nsec ? -1 : one->tv_nsec > other->tv_nsec;
}

static void find_all(const struct sandbox *sandbox, struct all *ret)
{
    autoclose int top =
        openat(sandbox->state_fd, "environments", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    autolist char **owners = top < 0 ? NULL : names_in(top, false);
    for (size_t i = 0; owners && owners[i]; i++) {
        struct error ignored = { 0 };
        autoclose int owner = env_owner_open(sandbox, owners[i], &ignored);
        autolist char **keys = owner < 0 ? NULL : names_in(owner, false);
        for (size_t j = 0; keys && keys[j]; j++)
            note(ret, owner, owners[i], keys[j]);
    }
    if (ret->count > 0)
        qsort(ret->list, ret->count, sizeof(*ret->list), older_first);
}

/* False where somebody holds it, or has removed it already. */
static bool remove_one(const struct sandbox *sandbox, const struct kept *kept)
{
    struct error why = { 0 };
    autoclose int owner = env_owner_open(sandbox, kept->owner, &why);
    if (owner < 0 || env_remove(owner, kept->key, &why) < 0)
        return false;
    log_event(LOG_INFO, "environment_removed", KV("key", kept->key), KV("reason", "no room"));
    return true;
}

void env_make_room(const struct sandbox *sandbox)
{
    struct all all = { 0 };
    uint64_t room = env_room(sandbox), cache = cache_size(sandbox);
    find_all(sandbox, &all);
    if (all.bytes + cache > room && cache > room / 2) {
        cache_clear(sandbox);
        cache = cache_size(sandbox);
    }
    uint64_t taken = all.bytes + cache;
    for (size_t i = 0; i < all.count; i++) {
        if (taken > room && remove_one(sandbox, &all.list[i]))
            taken -= all.list[i].bytes;
        free(all.list[i].owner);
        free(all.list[i].key);
    }
    free(all.list);
}
