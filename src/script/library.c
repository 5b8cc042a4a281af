/* SPDX-License-Identifier: Apache-2.0 */
/* library.c - saved scripts, one part of the path after the other, never through a link. */
#include "script/library.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>

#include <cordon/launch.h>

#include "fd.h"
#include "script/check.h"
#include "script/docstring.h"
#include "script/pep723.h"
#include "script/prologue.h"
#include "str.h"

#define PLACE  "scripts"
#define SUFFIX ".py"

/* No name of a script begins with a dot, so these are never listed. */
#define UNFINISHED ".new-"

/* One that is older was left behind by a process that was killed. */
#define UNFINISHED_MAX_AGE_S 3600

/* --- names ------------------------------------------------------------------------ */

static bool is_letter_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Of a name without its suffix. */
static bool name_fits(const char *name, size_t len)
{
    bool fits = len > 0 && len <= SCRIPT_NAME_MAX && (is_letter_or_digit(*name) || *name == '_');
    for (size_t i = 0; fits && i < len; i++)
        fits = is_letter_or_digit(name[i]) || name[i] == '-' || name[i] == '_' || name[i] == '.';
    return fits;
}

int script_name_check(const char *text, char **ret, struct error *err)
{
    char shown[64];
    size_t len = strlen(text);
    if (ends_with(text, SUFFIX))
        len -= strlen(SUFFIX);
    autofree char *name = xstrndup(text, len);
    /* "a.py.py" would be another script's name once its ".py" is dropped. */
    if (!name_fits(name, len) || ends_with(name, SUFFIX))
        return fail_caller(err, EINVAL,
                           "\"%s\" is not a name for a script: letters, digits, '-', '_' and '.', "
                           "at most %d, beginning with a letter, a digit or '_'",
                           printable(text, shown, sizeof(shown)), SCRIPT_NAME_MAX);
    *ret = TAKE(&name);
    return 0;
}

char *library_path(const struct library *library, const char *name)
{
    return xasprintf("%s/%s/%s/%s%s", library->path, PLACE, library->owner, name, SUFFIX);
}

/* --- places ------------------------------------------------------------------------- */

static int open_directory(int parent, const char *name, bool make)
{
    static const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    int fd = openat(parent, name, flags);
    if (fd < 0 && errno == ENOENT && make && (mkdirat(parent, name, 0700) == 0 || errno == EEXIST))
        fd = openat(parent, name, flags);
    return fd;
}

/* The directory of the scripts; -ENOENT without a word where there is none yet. */
static int open_place(const struct library *library, bool make, struct error *err)
{
    autoclose int all = open_directory(library->front, PLACE, make);
    autoclose int own = all < 0 ? -1 : open_directory(all, library->owner, make);
    if (own >= 0)
        return fd_take(&own);
    if (errno == ENOENT && !make)
        return -ENOENT;
    return fail_host(err, "open %s/%s/%s", library->path, PLACE, library->owner);
}

static int open_file(int place, const char *file)
{
    /* A FIFO would have us wait for its writer. */
    return openat(place, file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

static int no_such_script(const char *name, struct error *err)
{
    return fail_caller(err, ENOENT, "no saved script \"%s\"", name);
}

/* --- reading --------------------------------------------------------------------------- */

static int read_file(int place, const char *name, size_t max, char **ret, size_t *len,
                     struct error *err)
{
    autofree char *file = xasprintf("%s%s", name, SUFFIX);
    autoclose int fd = open_file(place, file);
    struct stat st;
    if (fd < 0 && errno == ENOENT)
        return no_such_script(name, err);
    if (fd < 0 && errno == ELOOP)
        return fail_caller(err, ELOOP, "%s is a link, and links are not followed", file);
    if (fd < 0 || fstat(fd, &st) < 0)
        return fail_host(err, "open %s", file);
    if (!S_ISREG(st.st_mode))
        return fail_caller(err, EINVAL, "%s is not a regular file", file);
    int r = fd_read_all(fd, max, ret, len, err);
    return r < 0 ? fail_within(err, "%s", file) : 0;
}

int library_read(const struct library *library, const char *name, char **ret, size_t *len,
                 struct error *err)
{
    autoclose int place = open_place(library, false, err);
    if (place < 0)
        return place == -ENOENT ? no_such_script(name, err) : place;
    return read_file(place, name, SCRIPT_BYTES_MAX, ret, len, err);
}

/* Calls `each` for every entry until it says false; the stream reads `place` itself. */
struct visitor {
    bool (*each)(struct visitor *visitor, int place, const char *file);
};

static int visit(int place, struct visitor *visitor, struct error *err)
{
    int again = openat(place, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = again < 0 ? NULL : fdopendir(again);
    if (!stream) {
        int r = fail_host(err, "read the directory of saved scripts");
        own_close(&again);
        return r;
    }
    struct dirent *entry;
    do {
        errno = 0;
        entry = readdir(stream);
    } while (entry && visitor->each(visitor, place, entry->d_name));
    int r = !entry && errno ? fail_host(err, "read the directory of saved scripts") : 0;
    (void)closedir(stream);
    return r;
}

/* Is it a script, by its name and kind? *st may then be looked at. */
static bool is_script(int place, const char *file, struct stat *st)
{
    size_t len = strlen(file);
    return ends_with(file, SUFFIX) && name_fits(file, len - strlen(SUFFIX)) &&
           !ends_with(file, SUFFIX SUFFIX) && fstatat(place, file, st, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISREG(st->st_mode);
}

struct listing {
    struct visitor visitor;
    struct script_list *list;
};

static bool list_one(struct visitor *visitor, int place, const char *file)
{
    struct script_list *list = ((struct listing *)visitor)->list;
    struct stat st;
    if (!is_script(place, file, &st))
        return true;
    list->total++;
    if (list->count < LIBRARY_COUNT_MAX)
        list->scripts[list->count++].name = xstrndup(file, strlen(file) - strlen(SUFFIX));
    return list->total < 100 * (size_t)LIBRARY_COUNT_MAX; /* somebody's joke: counted enough */
}

static int by_name(const void *a, const void *b)
{
    const struct saved_script *left = a, *right = b;
    return strcmp(left->name, right->name);
}

/* Cut after a whole character. */
static void cut(char *text, size_t room)
{
    size_t len = text ? strlen(text) : 0;
    if (len <= room)
        return;
    while (room > 0 && ((unsigned char)text[room] & 0xc0) == 0x80)
        room--;
    text[room] = '\0';
}

/* One that cannot be read, or is too large for what is left, is listed by its name. */
static void describe(int place, struct saved_script *script, size_t *room)
{
    autofree char *text = NULL;
    size_t len = 0;
    struct error ignored;
    size_t most = *room < SCRIPT_BYTES_MAX ? *room : SCRIPT_BYTES_MAX;
    if (read_file(place, script->name, most, &text, &len, &ignored) < 0)
        return;
    *room -= len;
    script->docstring = docstring_find(text, len);
    if (memmem(text, len, "# /// script", strlen("# /// script")) &&
        pep723_find(text, len, &script->header, &ignored) < 0)
        script->header = NULL;
    if (script->header && !utf8_valid(script->header, strlen(script->header)))
        free(TAKE(&script->header));
    cut(script->docstring, DOCSTRING_BYTES_MAX);
    cut(script->header, HEADER_BYTES_MAX);
}

int library_list(const struct library *library, bool names_only, struct script_list *ret,
                 struct error *err)
{
    *ret = (struct script_list){ 0 };
    autoclose int place = open_place(library, false, err);
    if (place < 0)
        return place == -ENOENT ? 0 : place;
    struct script_list list = { .scripts = xcalloc(LIBRARY_COUNT_MAX, sizeof(*list.scripts)) };
    struct listing listing = { { list_one }, &list };
    int r = visit(place, &listing.visitor, err);
    if (r < 0) {
        script_list_done(&list);
        return r;
    }
    qsort(list.scripts, list.count, sizeof(*list.scripts), by_name);
    size_t room = LIBRARY_BYTES_MAX;
    for (size_t i = 0; !names_only && i < list.count; i++)
        describe(place, &list.scripts[i], &room);
    *ret = list;
    return 0;
}

void script_list_done(struct script_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->scripts[i].name);
        free(list->scripts[i].docstring);
        free(list->scripts[i].header);
    }
    free(list->scripts);
    *list = (struct script_list){ 0 };
}

/* --- writing ------------------------------------------------------------------------------ */

int script_text_check(const char *text, size_t len, bool characters, struct error *err)
{
    struct prologue first;
    prologue_read(text, len, &first);
    int r = code_size_check(len, err);
    if (r < 0)
        return r;
    if (memchr(text, '\0', len))
        return fail_caller(err, EINVAL, "the script has a NUL byte in it, which Python refuses");
    if (first.utf8 && !utf8_valid(text, len))
        return fail_caller(err, EILSEQ, "the script is not UTF-8 and names no other encoding");
    for (size_t i = 0; !first.utf8 && characters && i < len; i++)
        if ((unsigned char)text[i] > 0x7f)
            return fail_caller(err, EINVAL,
                               "the source says it is in %s, but it is kept as UTF-8; leave its "
                               "encoding line out",
                               first.encoding);
    return 0;
}

struct census {
    struct visitor visitor;
    const char *file; /* not counted: it will be replaced */
    size_t count, bytes;
    time_t now;
};

static bool count_one(struct visitor *visitor, int place, const char *file)
{
    struct census *census = (struct census *)visitor;
    struct stat st;
    if (is_script(place, file, &st)) {
        bool other = strcmp(file, census->file) != 0;
        census->count += other;
        census->bytes += other ? (size_t)st.st_size : 0;
    } else if (starts_with(file, UNFINISHED) &&
               fstatat(place, file, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
               st.st_mtime < census->now - UNFINISHED_MAX_AGE_S) {
        (void)unlinkat(place, file, 0);
    }
    return census->count < LIBRARY_COUNT_MAX;
}

uint64_t library_bytes(const struct library *library)
{
    struct error ignored;
    struct census census = { .visitor = { count_one }, .file = "" };
    autoclose int place = open_place(library, false, &ignored);
    if (place >= 0)
        (void)!visit(place, &census.visitor, &ignored);
    return census.bytes;
}

static int check_room(int place, const char *file, size_t len, struct error *err)
{
    struct census census = { .visitor = { count_one }, .file = file, .now = time(NULL) };
    int r = visit(place, &census.visitor, err);
    if (r < 0)
        return r;
    if (census.count >= LIBRARY_COUNT_MAX)
        return fail_caller(err, ENOSPC, "there are %d saved scripts, which is the most; remove one",
                           LIBRARY_COUNT_MAX);
    if (census.bytes + len > LIBRARY_BYTES_MAX)
        return fail_caller(err, ENOSPC,
                           "the saved scripts would take more than %zu MiB; remove one",
                           LIBRARY_BYTES_MAX >> 20);
    return 0;
}

/* 0, or -EEXIST without a word where there is one already. */
static int put_in_place(int place, const char *temporary, const char *file, bool overwrite,
                        struct error *err)
{
    if (overwrite)
        return renameat(place, temporary, place, file) < 0 ? fail_host(err, "write %s", file) : 0;
    int r = renameat2(place, temporary, place, file, RENAME_NOREPLACE);
    if (r < 0 && errno == EINVAL) { /* a file system that cannot; a link does the same */
        r = linkat(place, temporary, place, file, 0);
        if (r == 0)
            (void)unlinkat(place, temporary, 0);
    }
    if (r < 0 && errno == EEXIST)
        return -EEXIST;
    return r < 0 ? fail_host(err, "write %s", file) : 0;
}

static int write_unfinished(int place, const char *temporary, const char *text, size_t len,
                            struct error *err)
{
    autoclose int fd =
        openat(place, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0)
        return fail_host(err, "create a file");
    int r = fd_write_all(fd, text, len, err);
    /* Before the rename, which a crash could otherwise let stand alone. */
    if (r == 0 && fsync(fd) < 0)
        r = fail_host(err, "write a file");
    return r;
}

int library_save(const struct library *library, const char *name, const char *text, size_t len,
                 bool overwrite, bool *written, struct error *err)
{
    int r = code_size_check(len, err); /* with its header */
    if (r < 0)
        return r;
    autoclose int place = open_place(library, true, err);
    if (place < 0)
        return place;
    autofree char *file = xasprintf("%s%s", name, SUFFIX);
    struct stat st;
    if (!overwrite && fstatat(place, file, &st, AT_SYMLINK_NOFOLLOW) == 0) {
        *written = false;
        return 0;
    }
    uint64_t number;
    if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
        return fail_host(err, "getrandom");
    autofree char *temporary = xasprintf(UNFINISHED "%016llx", (unsigned long long)number);
    r = check_room(place, file, len, err);
    if (r < 0)
        return r;
    r = write_unfinished(place, temporary, text, len, err);
    if (r == 0)
        r = put_in_place(place, temporary, file, overwrite, err);
    if (r < 0)
        (void)unlinkat(place, temporary, 0);
    if (r == 0 || r == -EEXIST)
        *written = r == 0;
    else
        return fail_within(err, "save %s in %s/%s/%s", file, library->path, PLACE, library->owner);
    return 0;
}

int library_remove(const struct library *library, const char *name, struct error *err)
{
    autoclose int place = open_place(library, false, err);
    if (place < 0)
        return place == -ENOENT ? no_such_script(name, err) : place;
    autofree char *file = xasprintf("%s%s", name, SUFFIX);
    if (unlinkat(place, file, 0) == 0)
        return 0;
    return errno == ENOENT ? no_such_script(name, err) : fail_host(err, "remove %s", file);
}
