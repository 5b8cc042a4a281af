/* SPDX-License-Identifier: Apache-2.0 */
#include "job/output.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "job/part.h"
#include "job/store.h"

#define DIRECTORY "output"

struct outputs {
    int front, directory; /* directory -1: could not be opened yet */
};

struct output_writer {
    struct outputs *outputs;
    char id[JOB_ID_MAX];
    int fd[2];
    bool failed; /* told once */
    uint64_t lost;
};

static int directory_ready(struct outputs *outputs, struct error *err)
{
    if (outputs->directory >= 0)
        return 0;
    if (outputs->front < 0)
        return fail_host_as(err, ENOENT, "keep output: there is no place for it");
    outputs->directory = part_open(outputs->front, DIRECTORY);
    return outputs->directory < 0 ? fail_host(err, "make " DIRECTORY) : 0;
}

int outputs_open(int front, struct outputs **ret, struct error *err)
{
    struct error later;
    autoclose int own = front < 0 ? -1 : fcntl(front, F_DUPFD_CLOEXEC, 3);
    if (front >= 0 && own < 0)
        return fail_host(err, "keep the directory of outputs");
    struct outputs *outputs = xcalloc(1, sizeof(*outputs));
    *outputs = (struct outputs){ fd_take(&own), -1 };
    (void)!directory_ready(outputs, &later);
    *ret = outputs;
    return 0;
}

void outputs_close(struct outputs *outputs)
{
    if (!outputs)
        return;
    own_close(&outputs->front);
    own_close(&outputs->directory);
    free(outputs);
}

#define NAME_ROOM (JOB_ID_MAX + 8)

static void name_of(const char *id, int stream, char out[NAME_ROOM])
{
    (void)snprintf(out, NAME_ROOM, "%s.%s", id, stream == 1 ? "stdout" : "stderr");
}

/* --- writing ---------------------------------------------------------------------------- */

struct output_writer *output_begin(struct outputs *outputs, const char *id)
{
    struct output_writer *writer = xcalloc(1, sizeof(*writer));
    *writer = (struct output_writer){ .outputs = outputs, .fd = { -1, -1 } };
    (void)snprintf(writer->id, sizeof(writer->id), "%s", id);
    return writer;
}

static int writer_open(struct output_writer *writer, int stream, struct error *err)
{
    char name[NAME_ROOM];
    int r = directory_ready(writer->outputs, err);
    if (r < 0)
        return r;
    name_of(writer->id, stream, name);
    int fd = openat(writer->outputs->directory, name,
                    O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    writer->fd[stream - 1] = fd;
    return fd < 0 ? fail_host(err, "make " DIRECTORY "/%s", name) : 0;
}

/* How many went; fewer where the disk said no, and *err says what. */
static size_t write_some(int fd, const char *bytes, size_t len, struct error *err)
{
    size_t done = 0;
    while (done < len) {
        ssize_t n = write(fd, bytes + done, len - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            (void)fail_host(err, "keep output");
            break;
        }
        done += (size_t)n;
    }
    return done;
}

int output_append(struct output_writer *writer, int stream, const void *bytes, size_t len,
                  struct error *err)
{
    struct error failure = { 0 };
    size_t done = 0;
    /* After a loss nothing more is kept of either: a text with a hole in it would lie. */
    if (len == 0)
        return 0;
    if (!writer->failed) {
        int r = writer->fd[stream - 1] >= 0 ? 0 : writer_open(writer, stream, &failure);
        if (r == 0)
            done = write_some(writer->fd[stream - 1], bytes, len, &failure);
    }
    writer->lost += len - done;
    if (done == len || writer->failed)
        return 0;
    writer->failed = true;
    *err = failure;
    return -err->code;
}

uint64_t output_lost(const struct output_writer *writer)
{
    return writer->lost;
}

void output_end(struct output_writer *writer)
{
    if (!writer)
        return;
    own_close(&writer->fd[0]);
    own_close(&writer->fd[1]);
    free(writer);
}

/* --- reading ---------------------------------------------------------------------------- */

uint64_t output_size(struct outputs *outputs, const char *id, int stream)
{
    char name[NAME_ROOM];
    struct stat st;
    struct error ignored;
    name_of(id, stream, name);
    if (directory_ready(outputs, &ignored) < 0 ||
        fstatat(outputs->directory, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
        return 0;
    return (uint64_t)st.st_size;
}

/* A file that somebody else could have put there: a pipe would keep us for ever. */
static int reader_open(struct outputs *outputs, const char *name, struct error *err)
{
    struct stat st;
    int fd = openat(outputs->directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? -ENOENT : fail_host(err, "open " DIRECTORY "/%s", name);
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        return fd;
    close(fd);
    return fail_host_as(err, EPERM, DIRECTORY "/%s is not a regular file", name);
}

/* What one call of ours holds in memory on the way. */
#define CHUNK ((size_t)64 * 1024)

int output_read(struct outputs *outputs, const char *id, int stream, uint64_t offset, size_t len,
                struct str *out, struct error *err)
{
    char name[NAME_ROOM];
    int r = directory_ready(outputs, err);
    if (r < 0)
        return r;
    name_of(id, stream, name);
    autoclose int fd = reader_open(outputs, name, err);
    if (fd == -ENOENT)
        return 0;
    if (fd < 0)
        return fd;
    autofree char *chunk = xrealloc(NULL, CHUNK);
    while (len > 0 && offset <= INT64_MAX) {
        ssize_t n = pread(fd, chunk, len < CHUNK ? len : CHUNK, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail_host(err, "read " DIRECTORY "/%s", name);
        if (n == 0)
            break;
        str_add(out, chunk, (size_t)n);
        offset += (uint64_t)n;
        len -= (size_t)n;
    }
    return 0;
}

/* "6f1c....stdout" -> "6f1c...", the caller's; NULL of another name. */
static char *id_of(const char *name)
{
    const char *dot = strrchr(name, '.');
    if (!dot || (strcmp(dot, ".stdout") != 0 && strcmp(dot, ".stderr") != 0))
        return NULL;
    char *id = xstrndup(name, (size_t)(dot - name));
    if (!job_id_valid(id))
        free(TAKE(&id));
    return id;
}

void output_ids(struct outputs *outputs, int64_t before_ms, char ***ret)
{
    struct error ignored;
    struct stat st;
    if (directory_ready(outputs, &ignored) < 0)
        return;
    autoclose int fd = openat(outputs->directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = fd < 0 ? NULL : fdopendir(fd);
    if (!entries)
        return;
    fd = -1; /* the stream's */
    for (struct dirent *entry; (entry = readdir(entries));) {
        char *id = id_of(entry->d_name);
        if (id && fstatat(outputs->directory, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            (int64_t)st.st_mtime * 1000 < before_ms)
            list_add_owned(ret, id);
        else
            free(id);
    }
    (void)closedir(entries);
}

void output_remove(struct outputs *outputs, const char *id)
{
    struct error ignored;
    if (directory_ready(outputs, &ignored) < 0)
        return;
    for (int stream = 1; stream <= 2; stream++) {
        char name[NAME_ROOM];
        name_of(id, stream, name);
        (void)unlinkat(outputs->directory, name, 0);
    }
}

/* --- characters --------------------------------------------------------------------------- */

/* How many bytes the character that begins with `first` has; 0: nothing begins with it. */
static size_t character_len(unsigned char first)
{
    if (first < 0x80)
        return 1;
    if (first < 0xc2 || first > 0xf4)
        return 0;
    return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/* May the second byte follow the first? Over-long forms, surrogates and what is past U+10FFFF
 * show there. */
static bool may_follow(unsigned char first, unsigned char second)
{
    unsigned char low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    unsigned char high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    return second >= low && second <= high;
}

size_t utf8_whole(const char *bytes, size_t len, bool ended)
{
    for (size_t back = 1; !ended && back <= 3 && back <= len; back++) {
        const unsigned char *at = (const unsigned char *)bytes + len - back;
        if ((*at & 0xc0) == 0x80)
            continue; /* within a character */
        bool begun = character_len(*at) > back && (back < 2 || may_follow(at[0], at[1]));
        return begun ? len - back : len;
    }
    return len;
}
