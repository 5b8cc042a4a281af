/* SPDX-License-Identifier: Apache-2.0 */
/* interpreter_table.c - the table of interpreters as it was last time.
 *
 * A search asks for hundreds of names, and every run would pay for it. The table
 * is kept with a seal over everything that decided it: the settings, and every
 * path that was searched and every interpreter by device, inode, size and mtime.
 */
#include <fcntl.h>
#include <sha256.h>
#include <string.h>
#include <sys/stat.h>

#include <cordon/log.h>

#include "fd.h"
#include "helper.h"
#include "interpreter.h"
#include "str.h"

#define TABLE           "interpreters.table"
#define TABLE_FORMAT    "2"
#define TABLE_BYTES_MAX (1024UL * 1024)

static void seal_path(struct str *text, const char *path)
{
    autofree char *stamp = file_stamp(path);
    str_printf(text, "%s\n", stamp ? stamp : path);
}

static char *seal_make(const struct sandbox *sandbox, char *const *watched, char *const *paths)
{
    autostr struct str text = { 0 };
    autofree char *settings = candidates_settings(sandbox);
    str_printf(&text, TABLE_FORMAT "\n%s", settings);
    for (size_t i = 0; watched && watched[i]; i++)
        seal_path(&text, watched[i]);
    for (size_t i = 0; paths && paths[i]; i++)
        seal_path(&text, paths[i]);
    char hash[SHA256_DIGEST_STRING_LENGTH];
    SHA256Data((const uint8_t *)text.data, text.len, hash);
    return xstrdup(hash);
}

void table_keep(const struct sandbox *sandbox, const struct candidates *candidates,
                const struct pythons *pythons)
{
    autolist char **paths = NULL;
    for (size_t i = 0; i < pythons->count; i++)
        list_add(&paths, pythons->list[i].path);
    autofree char *seal = seal_make(sandbox, candidates->watched, paths);
    autostr struct str text = { 0 };
    str_printf(&text, "seal %s\n", seal);
    for (size_t i = 0; candidates->watched && candidates->watched[i]; i++)
        str_printf(&text, "watch %s\n", candidates->watched[i]);
    for (size_t i = 0; i < pythons->count; i++)
        str_printf(&text, "facts %s %s\npython %s\n", pythons->list[i].version,
                   pythons->list[i].modules, pythons->list[i].path);
    str_puts(&text, "end\n");
    struct error why = { 0 };
    if (file_write(sandbox->state_fd, TABLE, text.data, text.len, 0600, &why) < 0)
        log_event(LOG_DEBUG, "not_remembered", KV("reason", why.text));
}

struct kept {
    const char *seal;
    char **watched, **facts, **paths;
};

static void kept_done(struct kept *kept)
{
    list_free(kept->watched);
    list_free(kept->facts);
    list_free(kept->paths);
}

static void read_lines(char *const *lines, struct kept *kept)
{
    for (size_t i = 0; lines && lines[i]; i++) {
        const char *value;
        if ((value = helper_value(lines[i], "seal")))
            kept->seal = value;
        else if ((value = helper_value(lines[i], "watch")))
            list_add(&kept->watched, value);
        else if ((value = helper_value(lines[i], "facts")))
            list_add(&kept->facts, value);
        else if ((value = helper_value(lines[i], "python")))
            list_add(&kept->paths, value);
    }
}

static bool row_make(const char *path, const char *facts, struct python *ret)
{
    struct error ignored = { 0 };
    autofree char *prefix = installation_prefix(path);
    autofree char *stamp = file_stamp(path);
    autofree char *own = xstrdup(path);
    if (!stamp)
        return false;
    struct candidate candidate = { .path = own, .prefix = prefix, .stamp = stamp };
    return python_make(&candidate, facts, ret, &ignored) == 0;
}

static bool rows_make(const struct kept *kept, struct pythons *ret)
{
    size_t count = list_len(kept->paths);
    struct pythons pythons = { .list = xcalloc(count + 1, sizeof(struct python)) };
    while (pythons.count < count && row_make(kept->paths[pythons.count], kept->facts[pythons.count],
                                             &pythons.list[pythons.count]))
        pythons.count++;
    if (pythons.count < count) {
        pythons_done(&pythons);
        return false;
    }
    *ret = pythons;
    return true;
}

/* --- what this process has read before ------------------------------------------------- */

/* A box that waits is made by a process that reads the table again for its order, and one whose
 * interpreter forks does so for each. */
static struct {
    struct stat file; /* as it was read; st_ino 0: nothing was */
    char *seal, **watched, **paths;
    struct pythons pythons;
} before;

static void before_forget(void)
{
    free(before.seal);
    list_free(before.watched);
    list_free(before.paths);
    pythons_done(&before.pythons);
    memset(&before, 0, sizeof(before));
}

static void before_keep(const struct stat *file, const struct kept *kept,
                        const struct pythons *pythons)
{
    before_forget();
    before.file = *file;
    before.seal = xstrdup(kept->seal);
    before.watched = list_copy(kept->watched);
    before.paths = list_copy(kept->paths);
    pythons_copy(pythons, &before.pythons);
}

static bool same_time(struct timespec one, struct timespec other)
{
    return one.tv_sec == other.tv_sec && one.tv_nsec == other.tv_nsec;
}

static bool is_as_before(const struct stat *file)
{
    const struct stat *was = &before.file;
    return was->st_ino > 0 && file->st_ino == was->st_ino && file->st_dev == was->st_dev &&
           file->st_size == was->st_size && same_time(file->st_mtim, was->st_mtim) &&
           same_time(file->st_ctim, was->st_ctim);
}

static bool table_read(const struct sandbox *sandbox, const struct stat *file, struct pythons *ret)
{
    struct error ignored = { 0 };
    autofree char *text = NULL;
    autolist char **lines = NULL;
    size_t len = 0;
    if (file_read(sandbox->state_fd, TABLE, TABLE_BYTES_MAX, &text, &len, &ignored) < 0 ||
        len == 0 || helper_lines(text, len, &lines, &ignored) < 0)
        return false;
    struct kept kept = { 0 };
    read_lines(lines, &kept);
    autofree char *seal = seal_make(sandbox, kept.watched, kept.paths);
    bool good = kept.seal && strcmp(seal, kept.seal) == 0 &&
                list_len(kept.paths) == list_len(kept.facts) && rows_make(&kept, ret);
    if (good)
        before_keep(file, &kept, ret);
    kept_done(&kept);
    return good;
}

bool table_recall(const struct sandbox *sandbox, struct pythons *ret)
{
    struct stat file;
    if (fstatat(sandbox->state_fd, TABLE, &file, AT_SYMLINK_NOFOLLOW) < 0)
        return false;
    if (!is_as_before(&file))
        return table_read(sandbox, &file, ret);
    autofree char *seal = seal_make(sandbox, before.watched, before.paths);
    if (strcmp(seal, before.seal) != 0)
        return false;
    pythons_copy(&before.pythons, ret);
    return true;
}
