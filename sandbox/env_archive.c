/* SPDX-License-Identifier: Apache-2.0 */
/* env_archive.c - one environment as a file. */
#include "env_archive.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sha256.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fd.h"
#include "kernel.h"
#include "str.h"

static const char magic[] = "cordon-environment-archive 1\n";

/* In place of a directory or a file: nothing is written. */
#define NOWHERE (-1)

#define LINE_MAX_BYTES 128
#define RECORD_MAX     (1024UL * 1024)
#define HEADER_MAX     (16UL * 1024 * 1024)
#define FILE_BYTES_MAX (64ULL << 30)
#define DEPTH_MAX      64 /* of directories; site-packages of the largest projects have 20 */
#define CHUNK          (64UL * 1024)

/* Made where an environment is imported, for the interpreter there. */
static const char *const made_there[] = { "pyvenv.cfg" };

/* --- writing -------------------------------------------------------------------------- */

struct writer {
    int out;
    SHA256_CTX hash;
    struct str path; /* of the directory that is being written, with a slash; empty: the top */
    unsigned depth;
};

static int put(struct writer *writer, const void *bytes, size_t len, struct error *err)
{
    SHA256Update(&writer->hash, bytes, len);
    return fd_write_all(writer->out, bytes, len, err);
}

static int put_text(struct writer *writer, const char *kind, const char *text, size_t len,
                    struct error *err)
{
    autofree char *line = xasprintf("%s %zu\n", kind, len);
    int r = put(writer, line, strlen(line), err);
    return r < 0 ? r : put(writer, text, len, err);
}

static int put_file(struct writer *writer, int dir, const char *name, const char *path,
                    struct error *err)
{
    autoclose int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0)
        return fail_host(err, "read %s", path);
    autofree char *line = xasprintf("f %c %zu %llu\n%s", st.st_mode & 0100 ? 'x' : '-',
                                    strlen(path), (unsigned long long)st.st_size, path);
    int r = put(writer, line, strlen(line), err);
    autofree char *chunk = xcalloc(1, CHUNK);
    uint64_t left = (uint64_t)st.st_size;
    while (r == 0 && left > 0) {
        ssize_t n = read(fd, chunk, left < CHUNK ? (size_t)left : CHUNK);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? fail_host(err, "read %s", path)
                         : fail_host_as(err, EIO, "%s became shorter while it was read", path);
        r = put(writer, chunk, (size_t)n, err);
        left -= (uint64_t)n;
    }
    return r;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int list_names(int dir, const char *path, char ***ret, struct error *err)
{
    int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = fd < 0 ? NULL : fdopendir(fd);
    if (!stream) {
        own_close(&fd);
        return fail_host(err, "read directory %s", path);
    }
    for (struct dirent *entry; (entry = readdir(stream));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            list_add(ret, entry->d_name);
    closedir(stream);
    if (*ret)
        qsort(*ret, list_len(*ret), sizeof(**ret), compare_names);
    return 0;
}

static bool is_made_there(const struct writer *writer, const char *name)
{
    for (size_t i = 0; i < COUNT(made_there); i++)
        if (writer->depth == 0 && strcmp(name, made_there[i]) == 0)
            return true;
    return false;
}

static int put_directory(struct writer *writer, int dir, struct error *err);

/* Links are those of an empty environment, to the interpreter; no wheel brings any. */
static int put_entry(struct writer *writer, int dir, const char *name, struct error *err)
{
    struct stat st;
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return fail_host(err, "look at %s", name);
    autofree char *path = xasprintf("%s%s", writer->path.data ? writer->path.data : "", name);
    if (S_ISREG(st.st_mode) && !is_made_there(writer, name))
        return put_file(writer, dir, name, path, err);
    if (!S_ISDIR(st.st_mode))
        return 0;
    if (writer->depth == DEPTH_MAX)
        return fail_host_as(err, ELOOP, "%s: more than %d directories deep", path, DEPTH_MAX);
    autofree char *line = xasprintf("d %zu\n%s", strlen(path), path);
    int r = put(writer, line, strlen(line), err);
    autoclose int below = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (r == 0 && below < 0)
        r = fail_host(err, "open %s", path);
    if (r < 0)
        return r;
    size_t len = writer->path.len;
    str_printf(&writer->path, "%s/", name);
    writer->depth++;
    r = put_directory(writer, below, err);
    writer->depth--;
    writer->path.len = len;
    writer->path.data[len] = '\0';
    return r;
}

static int put_directory(struct writer *writer, int dir, struct error *err)
{
    autolist char **names = NULL;
    int r = list_names(dir, writer->path.data ? writer->path.data : "env", &names, err);
    for (size_t i = 0; r == 0 && names && names[i]; i++)
        r = put_entry(writer, dir, names[i], err);
    return r;
}

static int put_named(struct writer *writer, int hold, const char *name, size_t max, bool needed,
                     struct error *err)
{
    autofree char *text = NULL;
    size_t len = 0;
    if (!needed && faccessat(hold, name, F_OK, 0) < 0)
        return 0;
    int r = file_read(hold, name, max, &text, &len, err);
    return r < 0 ? r : put_text(writer, name, text, len, err);
}

int archive_write(int hold, int out, struct error *err)
{
    struct writer writer = { .out = out };
    SHA256Init(&writer.hash);
    int r = put(&writer, magic, strlen(magic), err);
    if (r == 0)
        r = put_named(&writer, hold, ENV_RECORD, RECORD_MAX, true, err);
    if (r == 0)
        r = put_named(&writer, hold, ENV_HEADER, HEADER_MAX, false, err);
    autoclose int env = openat(hold, "env", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (r == 0 && env < 0)
        r = fail_host(err, "open the environment");
    if (r == 0)
        r = put_directory(&writer, env, err);
    str_done(&writer.path);
    if (r < 0)
        return r;
    char hash[SHA256_DIGEST_STRING_LENGTH];
    autofree char *line = xasprintf("end %s\n", SHA256End(&writer.hash, hash));
    return fd_write_all(out, line, strlen(line), err);
}

/* --- reading ---------------------------------------------------------------------------- */

struct archive_reader {
    FILE *in;
    SHA256_CTX hash;
    char line[LINE_MAX_BYTES]; /* the next entry's, not hashed yet */
    char *chunk;
};

static int broken(struct error *err, const char *why)
{
    return fail_caller(err, EBADMSG, "not a whole archive of an environment: %s", why);
}

static int get(struct archive_reader *reader, void *bytes, size_t len, struct error *err)
{
    if (fread(bytes, 1, len, reader->in) != len)
        return broken(err, "it is cut off");
    SHA256Update(&reader->hash, bytes, len);
    return 0;
}

/* A line with its end, which must be there. */
static int next_line(struct archive_reader *reader, struct error *err)
{
    char *line = reader->line;
    if (!fgets(line, LINE_MAX_BYTES, reader->in))
        return broken(err, "it is cut off");
    size_t len = strlen(line);
    return len > 0 && line[len - 1] == '\n' ? 0 : broken(err, "a line that is not as agreed");
}

static void accept_line(struct archive_reader *reader)
{
    SHA256Update(&reader->hash, (const uint8_t *)reader->line, strlen(reader->line));
}

/* A number at *at, in the one way to write it, with `end` behind it. */
static bool take_number(const char **at, char end, uint64_t max, uint64_t *ret)
{
    const char *p = *at;
    uint64_t value = 0;
    if (*p == '0' && p[1] != end)
        return false;
    while (*p >= '0' && *p <= '9' && p - *at < 18)
        value = value * 10 + (uint64_t)(*p++ - '0');
    if (p == *at || *p != end || value > max)
        return false;
    *at = p + 1;
    *ret = value;
    return true;
}

static int get_text(struct archive_reader *reader, const char *kind, size_t max, char **ret,
                    size_t *len, struct error *err)
{
    autofree char *beginning = xasprintf("%s ", kind);
    const char *at = reader->line + strlen(beginning);
    uint64_t length;
    if (!starts_with(reader->line, beginning) || !take_number(&at, '\n', max, &length) || *at)
        return broken(err, "a line that is not as agreed");
    accept_line(reader);
    autofree char *text = xcalloc(length + 1, 1);
    int r = get(reader, text, length, err);
    if (r == 0)
        r = next_line(reader, err);
    if (r < 0)
        return r;
    *len = length;
    *ret = TAKE(&text);
    return 0;
}

static int get_record(struct archive_reader *reader, struct env_record *ret, struct error *err)
{
    autofree char *text = NULL;
    size_t len = 0;
    struct error why = { 0 };
    int r = get_text(reader, ENV_RECORD, RECORD_MAX, &text, &len, err);
    if (r < 0)
        return r;
    return env_record_parse(text, len, ret, &why) < 0 ? broken(err, why.text) : 0;
}

static int get_head(struct archive_reader *reader, struct archive_head *head, struct error *err)
{
    char begins[sizeof(magic)] = "";
    size_t len = 0;
    struct error ignored = { 0 };
    if (get(reader, begins, strlen(magic), &ignored) < 0 || strcmp(begins, magic) != 0)
        return fail_caller(err, EBADMSG, "not an archive that cordon env export has made");
    int r = next_line(reader, err);
    if (r == 0)
        r = get_record(reader, &head->record, err);
    if (r == 0 && starts_with(reader->line, ENV_HEADER " "))
        r = get_text(reader, ENV_HEADER, HEADER_MAX, &head->header, &len, err);
    if (r == 0 && head->header && strlen(head->header) != len)
        r = broken(err, "a header with a NUL byte in it");
    return r;
}

int archive_open(int in, struct archive_reader **ret, struct archive_head *head, struct error *err)
{
    struct archive_reader *reader = xcalloc(1, sizeof(*reader));
    int fd = fcntl(in, F_DUPFD_CLOEXEC, 0);
    reader->in = fd < 0 ? NULL : fdopen(fd, "r");
    reader->chunk = xcalloc(1, CHUNK);
    SHA256Init(&reader->hash);
    *head = (struct archive_head){ 0 };
    int r = reader->in ? get_head(reader, head, err) : fail_host(err, "open the archive");
    if (r < 0) {
        if (!reader->in)
            own_close(&fd);
        archive_close(reader);
        archive_head_done(head);
        return r;
    }
    *ret = reader;
    return 0;
}

/* Relative, without empty, "." or ".." components. */
static bool path_is_plain(const char *path, size_t len)
{
    if (strlen(path) != len || len == 0)
        return false;
    for (const char *at = path;; at++) {
        size_t part = strcspn(at, "/");
        if (part == 0 || part > 255 || (part == 1 && *at == '.') ||
            (part == 2 && at[0] == '.' && at[1] == '.'))
            return false;
        at += part;
        if (!*at)
            return true;
    }
}

static int get_path(struct archive_reader *reader, uint64_t len, char path[ARCHIVE_PATH_MAX + 1],
                    struct error *err)
{
    int r = get(reader, path, len, err);
    path[len] = '\0';
    if (r == 0 && !path_is_plain(path, len))
        return broken(err, "a path that leads elsewhere");
    return r;
}

/* The directory that an entry lies in; no link on the way, whoever made one. */
static int open_parent(int env, const char *path, const char **name, struct error *err)
{
    const char *slash = strrchr(path, '/');
    autofree char *parent = slash ? xstrndup(path, (size_t)(slash - path)) : xstrdup(".");
    struct open_how how = { .flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
                            .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS };
    int fd = kernel_openat2(env, parent, &how);
    *name = slash ? slash + 1 : path;
    return fd >= 0 ? fd : broken(err, "a path without its directory");
}

/* The rest of an entry's head, whose line is good: its path, and the directory it lies in, a
 * descriptor. *name points into `path`. */
static int open_place(struct archive_reader *reader, int env, uint64_t len,
                      char path[ARCHIVE_PATH_MAX + 1], const char **name, struct error *err)
{
    accept_line(reader);
    int r = get_path(reader, len, path, err);
    return r < 0 ? r : open_parent(env, path, name, err);
}

/* The same of what is only looked through. */
static int pass_path(struct archive_reader *reader, uint64_t len, char path[ARCHIVE_PATH_MAX + 1],
                     struct error *err)
{
    accept_line(reader);
    return get_path(reader, len, path, err);
}

static int get_directory(struct archive_reader *reader, int env, struct error *err)
{
    char path[ARCHIVE_PATH_MAX + 1];
    const char *at = reader->line + 2, *name;
    uint64_t len;
    if (!take_number(&at, '\n', ARCHIVE_PATH_MAX, &len) || *at)
        return broken(err, "a line that is not as agreed");
    if (env == NOWHERE)
        return pass_path(reader, len, path, err);
    autoclose int parent = open_place(reader, env, len, path, &name, err);
    if (parent < 0)
        return -err->code;
    struct stat st;
    /* Those of an empty environment are there. */
    if (mkdirat(parent, name, 0755) < 0 &&
        (errno != EEXIST || fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
         !S_ISDIR(st.st_mode)))
        return broken(err, "a directory that cannot be made");
    return fchmodat(parent, name, 0755, 0) < 0 ? fail_host(err, "open up a directory") : 0;
}

static int get_content(struct archive_reader *reader, int fd, uint64_t left, struct error *err)
{
    int r = 0;
    while (r == 0 && left > 0) {
        size_t n = left < CHUNK ? (size_t)left : CHUNK;
        r = get(reader, reader->chunk, n, err);
        if (r == 0 && fd != NOWHERE)
            r = fd_write_all(fd, reader->chunk, n, err);
        left -= n;
    }
    return r;
}

static int get_file(struct archive_reader *reader, int env, struct error *err)
{
    char path[ARCHIVE_PATH_MAX + 1];
    const char *at = reader->line + 4, *name;
    uint64_t len, size;
    char shown[120];
    char kind = reader->line[2];
    if ((kind != 'x' && kind != '-') || reader->line[3] != ' ' ||
        !take_number(&at, ' ', ARCHIVE_PATH_MAX, &len) ||
        !take_number(&at, '\n', FILE_BYTES_MAX, &size) || *at)
        return broken(err, "a line that is not as agreed");
    if (env == NOWHERE) {
        int r = pass_path(reader, len, path, err);
        return r < 0 ? r : get_content(reader, NOWHERE, size, err);
    }
    autoclose int parent = open_place(reader, env, len, path, &name, err);
    if (parent < 0)
        return -err->code;
    autoclose int fd =
        openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno == EEXIST ? broken(err, "a file that is there already")
                               : fail_host(err, "create %s", printable(path, shown, sizeof(shown)));
    int r = get_content(reader, fd, size, err);
    if (r == 0 && fchmod(fd, kind == 'x' ? 0755 : 0644) < 0)
        r = fail_host(err, "open up %s", printable(path, shown, sizeof(shown)));
    return r;
}

/* The last line is of everything before it, and nothing is behind it. */
static int check_end(struct archive_reader *reader, struct error *err)
{
    char hash[SHA256_DIGEST_STRING_LENGTH];
    autofree char *expected = xasprintf("end %s\n", SHA256End(&reader->hash, hash));
    if (strcmp(reader->line, expected) != 0)
        return broken(err, "its checksum is another");
    return fgetc(reader->in) == EOF ? 0 : broken(err, "something follows its end");
}

static int read_entries(struct archive_reader *reader, int env, struct error *err)
{
    for (unsigned count = 0; count < ARCHIVE_ENTRIES_MAX; count++) {
        int r;
        if (starts_with(reader->line, "end "))
            return check_end(reader, err);
        if (starts_with(reader->line, "d "))
            r = get_directory(reader, env, err);
        else if (starts_with(reader->line, "f "))
            r = get_file(reader, env, err);
        else
            r = broken(err, "a line that is not as agreed");
        if (r == 0)
            r = next_line(reader, err);
        if (r < 0)
            return r;
    }
    return broken(err, "more than a million files");
}

int archive_extract(struct archive_reader *reader, int env, struct error *err)
{
    return read_entries(reader, env, err);
}

int archive_verify(struct archive_reader *reader, struct error *err)
{
    return read_entries(reader, NOWHERE, err);
}

void archive_close(struct archive_reader *reader)
{
    if (!reader)
        return;
    if (reader->in)
        (void)fclose(reader->in);
    free(reader->chunk);
    free(reader);
}

void archive_head_done(struct archive_head *head)
{
    env_record_done(&head->record);
    free(head->header);
    *head = (struct archive_head){ 0 };
}
