/* SPDX-License-Identifier: Apache-2.0 */
/* env_transfer.c - `cordon env export KEY FILE` and `cordon env import FILE`. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cordon/log.h>

#include "env_archive.h"
#include "env_command.h"
#include "env_make.h"
#include "env_room.h"
#include "fd.h"
#include "str.h"
#include "tree_size.h"

#define KEY_SHOWN_MIN 4 /* of a key's beginning; `env list` shows 12 */

/* --- export ----------------------------------------------------------------------------- */

/* The one key that begins so. */
static int find_key(int owner, const char *beginning, char **ret, struct error *err)
{
    char shown[80];
    size_t len = strlen(beginning);
    if (len < KEY_SHOWN_MIN || strspn(beginning, "0123456789abcdef") != len)
        return fail_caller(err, EINVAL, "\"%s\" is not a key as `cordon env list` shows them",
                           printable(beginning, shown, sizeof(shown)));
    int fd = openat(owner, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = fd < 0 ? NULL : fdopendir(fd);
    if (!directory) {
        own_close(&fd);
        return fail_host(err, "read the environments");
    }
    autolist char **found = NULL;
    for (struct dirent *entry; (entry = readdir(directory));)
        if (starts_with(entry->d_name, beginning))
            list_add(&found, entry->d_name);
    closedir(directory);
    if (!found || found[1])
        return fail_caller(err, ENOENT, "%s environment has a key that begins with %s",
                           found ? "more than one" : "no", beginning);
    *ret = xstrdup(found[0]);
    return 0;
}

static int write_archive(int hold, const char *file, struct error *err)
{
    autoclose int out = open(file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (out < 0)
        return errno == EEXIST
                   ? fail_caller(err, EEXIST, "%s is there already: export makes a new file", file)
                   : fail_caller(err, errno, "create %s: %s", file, strerror(errno));
    int r = archive_write(hold, out, err);
    if (r == 0 && fsync(out) < 0)
        r = fail_host(err, "write %s", file);
    if (r < 0)
        (void)unlink(file);
    return r;
}

static int export_one(const struct sandbox *sandbox, const char *beginning, const char *file,
                      char **key, struct error *err)
{
    struct env_record record = { 0 };
    autoclose int owner = env_owner_open(sandbox, OWNER_AT_THE_COMMAND_LINE, err);
    if (owner < 0)
        return -err->code;
    int r = find_key(owner, beginning, key, err);
    if (r < 0)
        return r;
    autoclose int hold = env_hold(owner, *key, &record, err);
    if (hold == -ENOENT)
        return fail_host_as(err, ENOENT, "environment %s is not whole", *key);
    if (hold < 0)
        return -err->code;
    env_record_done(&record);
    return write_archive(hold, file, err);
}

int env_export(const struct sandbox *sandbox, int argc, char *const *argv)
{
    struct error err = { 0 };
    autofree char *key = NULL;
    if (argc != 3)
        return env_misused("export takes a key and the file to make");
    if (export_one(sandbox, argv[1], argv[2], &key, &err) < 0)
        return env_complain(&err);
    printf("%s  exported\n", key);
    return 0;
}

/* --- import ------------------------------------------------------------------------------- */

struct import {
    const struct sandbox *sandbox;
    struct archive_reader *reader;
    struct archive_head head;
    struct pythons pythons;
    const struct python *python;
    char *key;
    int owner;
    bool was_there;
};

/* An interpreter for which its packages were made, and the key that it has here. */
static int place_it(struct import *import, struct error *err)
{
    struct env_record *record = &import->head.record;
    autofree char *machine = env_machine();
    if (strcmp(record->machine, machine) != 0)
        return fail_caller(err, EINVAL, "it was made on %s, and this is %s", record->machine,
                           machine);
    int r = pythons_find(import->sandbox, -1, &import->pythons, err);
    if (r < 0)
        return r;
    const char *dot = strchr(record->python, '.');
    const char *end = dot ? strchr(dot + 1, '.') : NULL;
    autofree char *minor =
        end ? xstrndup(record->python, (size_t)(end - record->python)) : xstrdup(record->python);
    const struct python_asked asked = { PYTHON_EXACT, minor, NULL, NULL };
    if (*minor == '/')
        return fail_caller(err, EINVAL, "its version of Python is none");
    r = python_choose(import->sandbox, &import->pythons, &asked, -1, &import->python, err);
    if (r < 0)
        return r;
    const struct env_request request = { .owner = OWNER_AT_THE_COMMAND_LINE,
                                         .python = import->python,
                                         .requirements = record->requirements,
                                         .header = import->head.header,
                                         .builds = record->builds,
                                         .control = -1 };
    return environment_key(import->sandbox, &request, &record->uv, &import->key, err);
}

static int write_head(struct import *import, const char *name, int env, struct error *err)
{
    struct tree_size size;
    tree_size_at(env, &size);
    struct env_record *record = &import->head.record;
    uint64_t now_ms = (uint64_t)time(NULL) * 1000;
    if (record->created_ms > now_ms)
        record->created_ms = now_ms;
    record->bytes = size.bytes;
    free(record->python);
    record->python = xstrdup(import->python->version);
    autofree char *text = env_record_print(record);
    autofree char *record_path = path_join(name, ENV_RECORD);
    autofree char *header_path = path_join(name, ENV_HEADER);
    const char *header = import->head.header;
    int r = header ? file_write(import->owner, header_path, header, strlen(header), 0600, err) : 0;
    return r == 0 ? file_write(import->owner, record_path, text, strlen(text), 0600, err) : r;
}

static int fill(struct import *import, const char *name, struct error *err)
{
    autofree char *path = xasprintf("%s/environments/%s/%s/env", import->sandbox->state,
                                    OWNER_AT_THE_COMMAND_LINE, name);
    int r = env_lay_out(path, import->python, err);
    if (r < 0)
        return r;
    autoclose int env = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (env < 0)
        return fail_host(err, "open %s", path);
    r = archive_extract(import->reader, env, err);
    if (r == 0)
        r = write_head(import, name, env, err);
    return r == 0 ? env_finish(import->owner, name, import->key, err) : r;
}

static int make_locked(struct import *import, struct error *err)
{
    struct env_record there = { 0 };
    autoclose int hold = env_hold(import->owner, import->key, &there, err);
    if (hold >= 0) {
        env_record_done(&there);
        import->was_there = true;
        return archive_verify(import->reader, err); /* of a broken one nothing good is said */
    }
    if (hold != -ENOENT)
        return -err->code;
    autofree char *name = NULL;
    int r = env_begin(import->owner, import->key, &name, err);
    if (r < 0)
        return r;
    r = fill(import, name, err);
    struct error ignored = { 0 };
    if (r < 0 && env_remove(import->owner, name, &ignored) < 0)
        log_event(LOG_WARN, "leftover", KV("reason", ignored.text));
    return r;
}

static int import_one(struct import *import, const char *file, struct error *err)
{
    autoclose int in = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (in < 0)
        return fail_caller(err, errno, "%s", strerror(errno));
    int r = archive_open(in, &import->reader, &import->head, err);
    if (r == 0)
        r = place_it(import, err);
    if (r == 0) {
        import->owner = env_owner_open(import->sandbox, OWNER_AT_THE_COMMAND_LINE, err);
        r = import->owner < 0 ? -err->code : 0;
    }
    if (r < 0)
        return r;
    autoclose int lock = env_lock(import->owner, import->key, -1, NULL, err);
    if (lock < 0)
        return -err->code;
    r = make_locked(import, err);
    env_unlock(import->owner, import->key, &lock, NULL);
    if (r == 0)
        env_make_room(import->sandbox);
    return r;
}

int env_import(const struct sandbox *sandbox, int argc, char *const *argv)
{
    struct error err = { 0 };
    if (argc != 2)
        return env_misused("import takes the file that export has made");
    struct import import = { .sandbox = sandbox, .owner = -1 };
    int r = import_one(&import, argv[1], &err);
    int status = r < 0 ? (fail_within(&err, "%s", argv[1]), env_complain(&err)) : 0;
    if (r == 0)
        printf("%s  %s\n", import.key, import.was_there ? "was there" : "imported");
    archive_close(import.reader);
    archive_head_done(&import.head);
    pythons_done(&import.pythons);
    free(import.key);
    own_close(&import.owner);
    return status;
}
