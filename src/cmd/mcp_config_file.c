/* SPDX-License-Identifier: Apache-2.0 */
/* mcp_config_file.c - a client's settings are read, shown as they change, and replaced whole. */
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "clock.h"
#include "cmd/mcp_config.h"
#include "fd.h"

/* Lines on either side that are compared one by one; of more, all are shown. */
#define SHOWN_MAX 400

static struct mcp_stamp stamp_of(const struct stat *st)
{
    return (struct mcp_stamp){ st->st_dev, st->st_ino, (unsigned long long)st->st_size,
                               (unsigned long long)st->st_mtim.tv_sec,
                               (unsigned long long)st->st_mtim.tv_nsec };
}

int mcp_file_read(const char *path, struct mcp_file *ret, struct error *err)
{
    char real[PATH_MAX];
    struct stat st;
    *ret = (struct mcp_file){ 0 };
    if (!realpath(path, real)) {
        if (errno != ENOENT)
            return fail_host(err, "%s", path);
        if (lstat(path, &st) == 0)
            return fail_host_as(err, ENOENT, "%s is a link to a file that is not there", path);
        ret->path = xstrdup(path);
        ret->text = xstrdup("");
        return 0;
    }
    autoclose int fd = open(real, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &st) < 0)
        return fail_host(err, "read %s", real);
    if (!S_ISREG(st.st_mode))
        return fail_host_as(err, EINVAL, "%s is not a file", real);
    autofree char *text = NULL;
    int r = fd_read_all(fd, MCP_SETTINGS_MAX, &text, &ret->len, err);
    if (r < 0)
        return fail_within(err, "read %s", real);
    if (memchr(text, '\0', ret->len))
        return fail_host_as(err, EINVAL, "%s is not a text", real);
    ret->path = xstrdup(real);
    ret->text = TAKE(&text);
    ret->exists = true;
    ret->stamp = stamp_of(&st);
    return 0;
}

void mcp_file_done(struct mcp_file *file)
{
    free(file->path);
    free(file->text);
    *file = (struct mcp_file){ 0 };
}

static int make_parent(const char *path, struct error *err)
{
    autofree char *parent = xstrdup(path);
    char *slash = strrchr(parent, '/');
    if (!slash || slash == parent)
        return 0;
    *slash = '\0';
    return make_directories(parent, 0700, err);
}

/* As the file that it replaces. An owner that cannot be given is no reason to fail: then the file
 * was ours to write, and becomes ours. */
static int dress(int fd, const struct stat *old, struct error *err)
{
    if (!old)
        return 0;
    (void)!fchown(fd, old->st_uid, old->st_gid);
    return fchmod(fd, old->st_mode & 07777) < 0 ? fail_host(err, "chmod") : 0;
}

static int check_unchanged(const struct mcp_file *file, struct stat *st, struct error *err)
{
    bool exists = lstat(file->path, st) == 0;
    struct mcp_stamp now = stamp_of(st);
    if (exists == file->exists && (!exists || memcmp(&now, &file->stamp, sizeof(now)) == 0))
        return 0;
    return fail_host_as(err, EBUSY,
                        "%s was written by somebody else just now; nothing was "
                        "changed: do it once more",
                        file->path);
}

int mcp_file_replace(const struct mcp_file *file, const struct str *text, struct error *err)
{
    struct stat st = { 0 };
    int r = make_parent(file->path, err);
    if (r == 0)
        r = check_unchanged(file, &st, err);
    if (r < 0)
        return r;
    /* Beside it, so that the rename stays within a file system. */
    autofree char *temporary =
        xasprintf("%s.cordon-%d-%llx", file->path, (int)getpid(), (unsigned long long)now_ns());
    autoclose int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return fail_host(err, "create %s", temporary);
    r = fd_write_all(fd, text->data, text->len, err);
    if (r == 0)
        r = dress(fd, file->exists ? &st : NULL, err);
    if (r == 0 && fsync(fd) < 0)
        r = fail_host(err, "fsync");
    if (r == 0)
        r = check_unchanged(file, &st, err);
    if (r == 0 && rename(temporary, file->path) < 0)
        r = fail_host(err, "rename");
    if (r < 0)
        (void)unlink(temporary);
    return r < 0 && r != -EBUSY ? fail_within(err, "write %s", file->path) : r;
}

/* --- what changes ----------------------------------------------------------------------------- */

struct lines {
    char **line; /* owned, without their ends */
    size_t *at;  /* where in the text each begins */
    size_t count;
    size_t begin, end; /* of the text, what the other does not have */
};

static struct lines lines_of(const char *text)
{
    struct lines lines = { .line = xcalloc(1, sizeof(*lines.line)) };
    const char *at = text;
    while (*at) {
        size_t len = strcspn(at, "\n"), shown = len > 0 && at[len - 1] == '\r' ? len - 1 : len;
        list_add_owned(&lines.line, xstrndup(at, shown));
        at += len + (at[len] == '\n');
    }
    lines.count = list_len(lines.line);
    lines.at = xcalloc(lines.count + 1, sizeof(*lines.at));
    at = text;
    for (size_t i = 0; i < lines.count; i++) {
        lines.at[i] = (size_t)(at - text);
        at += strcspn(at, "\n") + 1;
    }
    return lines;
}

static bool is_word(char c)
{
    return c && (isalnum((unsigned char)c) || strchr("-_./", c));
}

/* Whole words, where a part of one is the same by chance. */
static void widen(const char *text, struct lines *lines)
{
    while (lines->begin > 0 && is_word(text[lines->begin - 1]) && is_word(text[lines->begin]))
        lines->begin--;
    while (lines->end > 0 && is_word(text[lines->end - 1]) && is_word(text[lines->end]))
        lines->end++;
}

static void find_change(const char *before, const char *after, struct lines *old, struct lines *new)
{
    size_t n = strlen(before), m = strlen(after), least = n < m ? n : m, head = 0, tail = 0;
    while (head < least && before[head] == after[head])
        head++;
    while (head + tail < least && before[n - 1 - tail] == after[m - 1 - tail])
        tail++;
    old->begin = new->begin = head;
    old->end = n - tail;
    new->end = m - tail;
    widen(before, old);
    widen(after, new);
}

static bool has_words(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!strchr(" \t\"{}[],:", text[i]))
            return true;
    return false;
}

static size_t within(size_t at, size_t begin, size_t len)
{
    return at < begin ? 0 : (at - begin < len ? at - begin : len);
}

/* Only what changed of it: in the same line other servers' secrets may stand. */
static void say_line(char sign, const struct lines *lines, size_t i)
{
    const char *line = lines->line[i];
    size_t len = strlen(line), begin = within(lines->begin, lines->at[i], len);
    size_t end = within(lines->end, lines->at[i], len);
    begin = has_words(line, begin) ? begin : 0;
    end = has_words(line + end, len - end) ? end : len;
    char shown[1024];
    autofree char *part = xasprintf("%s%.*s%s", begin > 0 ? "..." : "", (int)(end - begin),
                                    line + begin, end < len ? "..." : "");
    printf("%c %s\n", sign, printable(part, shown, sizeof(shown)));
}

/* The line itself, or with the comma that a new member behind it needs. */
static bool is_same(const char *old, const char *new)
{
    size_t len = strlen(old);
    return strncmp(old, new, len) == 0 && (!new[len] || strcmp(new + len, ",") == 0);
}

/* The longest common part of the lines between the ends that are the same. */
static void show_between(const struct lines *before, const struct lines *after, size_t head,
                         size_t tail)
{
    size_t n = before->count - head - tail, m = after->count - head - tail, width = m + 1;
    bool small = n <= SHOWN_MAX && m <= SHOWN_MAX;
    assert(before->line && after->line); /* lists, if empty ones */
    char **old = before->line + head, **new = after->line + head;
    autofree unsigned *common = xcalloc(small ? (n + 1) * width : 1, sizeof(*common));
    for (size_t i = small ? n : 0; i-- > 0;)
        for (size_t j = m; j-- > 0;) {
            unsigned down = common[(i + 1) * width + j], right = common[i * width + j + 1];
            common[i * width + j] = is_same(old[i], new[j]) ? common[(i + 1) * width + j + 1] + 1
                                                            : (down > right ? down : right);
        }
    size_t i = 0, j = 0;
    bool quiet = true; /* the last line was no change */
    while (i < n || j < m) {
        if (small && i < n && j < m && is_same(old[i], new[j])) {
            i++, j++;
            quiet = true;
            continue;
        }
        if (quiet)
            printf("@@ line %zu @@\n", head + j + 1);
        quiet = false;
        if (i < n && (j == m || !small || common[(i + 1) * width + j] >= common[i * width + j + 1]))
            say_line('-', before, head + i++);
        else
            say_line('+', after, head + j++);
    }
}

void mcp_show_change(const char *path, const char *before, const char *after)
{
    struct lines old = lines_of(before), new = lines_of(after);
    size_t head = 0, tail = 0, least = old.count < new.count ? old.count : new.count;
    assert(old.line && new.line);
    while (head < least && is_same(old.line[head], new.line[head]))
        head++;
    while (head + tail < least &&
           is_same(old.line[old.count - 1 - tail], new.line[new.count - 1 - tail]))
        tail++;
    find_change(before, after, &old, &new);
    char shown[PATH_MAX];
    printf("%s\n", printable(path, shown, sizeof(shown)));
    show_between(&old, &new, head, tail);
    list_free(old.line);
    list_free(new.line);
    free(old.at);
    free(new.at);
}
