/* SPDX-License-Identifier: Apache-2.0 */
/* env_store.c - environments on disk: where, whole or not, in use or not. */
#include "env_store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cordon/log.h>

#include "clock.h"
#include "fd.h"
#include "helper.h"
#include "str.h"

#define RECORD           ENV_RECORD
#define RECORD_FORMAT    "cordon-environment 2"
#define RECORD_BYTES_MAX (1024UL * 1024)
#define MAKING           ".making-"
#define OLD              ".old-"
#define LOCK             ".lock-"
#define LOCK_POLL_MS     20 /* flock() cannot be waited for beside a descriptor */

/* --- records --------------------------------------------------------------------- */

char *env_record_print(const struct env_record *record)
{
    autostr struct str text = { 0 };
    str_printf(&text, RECORD_FORMAT "\ncreated %llu\npython %s\nuv %s\nmachine %s\n",
               (unsigned long long)record->created_ms, record->python, record->uv, record->machine);
    if (record->builds)
        str_puts(&text, "builds isolated\n");
    if (record->bytes > 0)
        str_printf(&text, "bytes %llu\n", (unsigned long long)record->bytes);
    for (size_t i = 0; record->requirements && record->requirements[i]; i++)
        str_printf(&text, "requirement %s\n", record->requirements[i]);
    for (size_t i = 0; record->installed && record->installed[i]; i++)
        str_printf(&text, "installed %s\n", record->installed[i]);
    str_puts(&text, "end\n");
    return str_take(&text);
}

static void take_line(struct env_record *record, const char *line)
{
    const char *value;
    if ((value = helper_value(line, "created")))
        record->created_ms = strtoull(value, NULL, 10);
    else if ((value = helper_value(line, "python")) && !record->python)
        record->python = xstrdup(value);
    else if ((value = helper_value(line, "uv")) && !record->uv)
        record->uv = xstrdup(value);
    else if ((value = helper_value(line, "machine")) && !record->machine)
        record->machine = xstrdup(value);
    else if (helper_value(line, "builds"))
        record->builds = true;
    else if ((value = helper_value(line, "bytes")))
        record->bytes = strtoull(value, NULL, 10);
    else if ((value = helper_value(line, "requirement")))
        list_add(&record->requirements, value);
    else if ((value = helper_value(line, "installed")))
        list_add(&record->installed, value);
}

int env_record_parse(const char *text, size_t len, struct env_record *ret, struct error *err)
{
    autolist char **lines = NULL;
    int r = helper_lines(text, len, &lines, err);
    if (r < 0)
        return r;
    if (!lines || strcmp(lines[0], RECORD_FORMAT) != 0)
        return fail_host_as(err, EBADMSG, "not a record of this format");
    struct env_record record = { 0 };
    for (size_t i = 1; i < list_len(lines); i++)
        take_line(&record, lines[i]);
    if (!record.python || !record.uv || !record.machine || record.created_ms == 0) {
        env_record_done(&record);
        return fail_host_as(err, EBADMSG, "a record with something missing");
    }
    *ret = record;
    return 0;
}

void env_record_done(struct env_record *record)
{
    free(record->python);
    free(record->uv);
    free(record->machine);
    list_free(record->requirements);
    list_free(record->installed);
    *record = (struct env_record){ 0 };
}

/* --- directories ------------------------------------------------------------------- */

char **names_in(int directory, bool hidden)
{
    char **names = NULL;
    int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = fd < 0 ? NULL : fdopendir(fd);
    if (!stream) {
        own_close(&fd);
        return NULL;
    }
    for (struct dirent *entry; (entry = readdir(stream));)
        if (*entry->d_name != '.' ||
            (hidden && strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0))
            list_add(&names, entry->d_name);
    closedir(stream);
    return names;
}

/* --- one owner's directory --------------------------------------------------------- */

static bool name_is_plain(const char *owner)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._@-";
    return *owner && *owner != '.' && strspn(owner, plain) == strlen(owner);
}

int env_owner_open(const struct sandbox *sandbox, const char *owner, struct error *err)
{
    if (!name_is_plain(owner))
        return fail_host_as(err, EINVAL, "an owner whose name cannot be a directory's");
    autofree char *path = xasprintf("%s/environments/%s", sandbox->state, owner);
    int r = make_directories(path, 0700, err);
    if (r < 0)
        return r;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    return fd < 0 ? fail_host(err, "open %s", path) : fd;
}

/* Is the directory `name` still the one that `fd` is open on? */
static bool is_still(int owner, const char *name, int fd)
{
    struct stat by_name, by_fd;
    return fstatat(owner, name, &by_name, AT_SYMLINK_NOFOLLOW) == 0 && fstat(fd, &by_fd) == 0 &&
           by_name.st_dev == by_fd.st_dev && by_name.st_ino == by_fd.st_ino;
}

int env_hold(int owner, const char *key, struct env_record *ret, struct error *err)
{
    for (;;) {
        autoclose int fd = openat(owner, key, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0)
            return errno == ENOENT ? -ENOENT : fail_host(err, "open environment %s", key);
        if (flock(fd, LOCK_SH) < 0)
            return fail_host(err, "hold environment %s", key);
        /* Between the two calls it may have been replaced or removed. */
        if (!is_still(owner, key, fd))
            continue;
        autofree char *text = NULL;
        size_t len = 0;
        struct error ignored = { 0 };
        if (file_read(fd, RECORD, RECORD_BYTES_MAX, &text, &len, &ignored) < 0 ||
            env_record_parse(text, len, ret, &ignored) < 0)
            return -ENOENT;
        return fd_take(&fd);
    }
}

void env_used(int hold)
{
    (void)utimensat(hold, RECORD, NULL, AT_SYMLINK_NOFOLLOW);
}

/* --- making one --------------------------------------------------------------------- */

static void remove_starting_with(int owner, const char *prefix)
{
    autolist char **names = names_in(owner, true);
    struct error ignored = { 0 };
    for (size_t i = 0; names && names[i]; i++)
        if (starts_with(names[i], prefix) && env_remove(owner, names[i], &ignored) < 0)
            continue;
}

/* Waits as long as the caller wants the run. */
static int await_lock(int fd, int control, struct error *err)
{
    while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return fail_host(err, "lock an environment");
        /* A closed control pipe shows as POLLHUP, whatever is asked for. */
        struct pollfd wait = { .fd = control, .events = 0 };
        if (poll(&wait, 1, LOCK_POLL_MS) > 0)
            return fail_host_as(err, ECANCELED, "cancelled");
    }
    return 0;
}

/* Into the very file on which they wait: it goes with its name, so that nobody hears of it who did
 * not wait for this one. */
static void leave_word(int lock, const struct error *word)
{
    (void)dprintf(lock, "%d %d %s", word->code, (int)word->blame, word->text);
}

static bool hear_word(int lock, struct error *ret)
{
    char text[ERROR_TEXT_MAX + 40];
    int code, blame, at = 0;
    ssize_t n = pread(lock, text, sizeof(text) - 1, 0);
    if (n <= 0)
        return false;
    text[n] = '\0';
    if (sscanf(text, "%d %d %n", &code, &blame, &at) != 2 || code <= 0 || at == 0)
        return false;
    *ret = (struct error){ .code = code, .blame = (enum blame)blame };
    (void)snprintf(ret->text, sizeof(ret->text), "%s", text + at);
    return true;
}

int env_lock(int owner, const char *key, int control, struct error *word, struct error *err)
{
    autofree char *name = xasprintf(LOCK "%s", key);
    for (;;) {
        autoclose int fd = openat(owner, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
            return fail_host(err, "open %s", name);
        int r = await_lock(fd, control, err);
        if (r < 0)
            return r;
        /* The one before us removed the file with its lock: ours is nobody's. */
        if (!is_still(owner, name, fd)) {
            if (word && hear_word(fd, word))
                return -EALREADY;
            continue;
        }
        autofree char *leftovers = xasprintf(MAKING "%s-", key);
        remove_starting_with(owner, leftovers);
        return fd_take(&fd);
    }
}

void env_unlock(int owner, const char *key, int *lock, const struct error *word)
{
    autofree char *name = xasprintf(LOCK "%s", key);
    if (word)
        leave_word(*lock, word);
    (void)unlinkat(owner, name, 0);
    close(fd_take(lock));
}

int env_begin(int owner, const char *key, char **name, struct error *err)
{
    autofree char *made =
        xasprintf(MAKING "%s-%d-%llx", key, (int)getpid(), (unsigned long long)now_ns());
    /* Boxes run under other ids; the state directory above is closed to all but us. */
    if (mkdirat(owner, made, 0755) < 0 || fchmodat(owner, made, 0755, 0) < 0)
        return fail_host(err, "make directory %s", made);
    *name = TAKE(&made);
    return 0;
}

/* Puts `name` in the place of KEY and what was there under `old`. Exchanged, so
 * that at every moment there is a whole one; where the file system cannot, there
 * is none for a moment, and we hold the lock. */
static int replace(int owner, const char *name, const char *key, const char *old)
{
    if (renameat2(owner, name, owner, key, RENAME_EXCHANGE) == 0)
        return renameat(owner, name, owner, old);
    if (renameat(owner, key, owner, old) < 0)
        return -1;
    return renameat(owner, name, owner, key);
}

int env_finish(int owner, const char *name, const char *key, struct error *err)
{
    /* A directory does not replace one that holds something: ENOTEMPTY, EEXIST. */
    if (renameat(owner, name, owner, key) == 0)
        return 0;
    autofree char *old = xasprintf(OLD "%s-%llx", key, (unsigned long long)now_ns());
    if (replace(owner, name, key, old) < 0)
        return fail_host(err, "rename environment %s", key);
    struct error in_use = { 0 };
    if (env_remove(owner, old, &in_use) < 0)
        log_event(LOG_DEBUG, "environment_kept", KV("reason", in_use.text));
    return 0;
}

int env_remove(int owner, const char *name, struct error *err)
{
    autoclose int fd = openat(owner, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return fail_host(err, "open environment %s", name);
    if (flock(fd, LOCK_EX | LOCK_NB) < 0)
        return fail_host_as(err, EBUSY, "environment %s is in use", name);
    /* Out of the way first: whoever looks for it sees none instead of half of one. */
    autofree char *away = starts_with(name, OLD) ? xstrdup(name)
                                                 : xasprintf(OLD "%s-%llx", name + (*name == '.'),
                                                             (unsigned long long)now_ns());
    if (strcmp(away, name) != 0 && renameat(owner, name, owner, away) < 0)
        return fail_host(err, "remove environment %s", name);
    return tree_remove(owner, away, err);
}

/* A maker holds the lock of its key; a lock that is free, or gone, has none. */
static bool maker_lives(int owner, const char *making)
{
    autofree char *key = xstrndup(making + strlen(MAKING), ENV_KEY_LEN);
    autofree char *name = xasprintf(LOCK "%s", key);
    autoclose int fd = openat(owner, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    return fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0;
}

void env_sweep(int owner)
{
    remove_starting_with(owner, OLD);
    autolist char **names = names_in(owner, true);
    for (size_t i = 0; names && names[i]; i++)
        if (starts_with(names[i], MAKING) && !maker_lives(owner, names[i]))
            remove_starting_with(owner, names[i]);
}
