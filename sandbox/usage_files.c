/* SPDX-License-Identifier: Apache-2.0 */
/* usage_files.c - /proc/PID/io, fd, fdinfo and maps of a whole box. */
#include "usage_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cordon/own.h>

#include "usage.h"

/* Other limits wait meanwhile. */
#define DESCRIPTORS_MAX 16384
#define SOCKETS_MAX     2048
#define MAPS_BYTES_MAX  (4 * 1024 * 1024)

static ssize_t read_text(const char *path, char *out, size_t room)
{
    autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t len = 0;
    ssize_t n = fd < 0 ? -1 : 1;
    while (n > 0 && len < room - 1) {
        n = read(fd, out + len, room - 1 - len);
        len += n > 0 ? (size_t)n : 0;
    }
    out[len] = '\0';
    return n < 0 ? -1 : (ssize_t)len;
}

static uint64_t number_after(const char *text, const char *name)
{
    const char *at = strstr(text, name);
    return at ? strtoull(at + strlen(name), NULL, 10) : 0;
}

/* --- every thread ------------------------------------------------------------------ */

#define TASK_PATH_MAX 64

/* Without memory (field 23 of stat, proc(5)): a zombie, or on the way to be one. Its files in
 * /proc are root's from then on, and so look hidden. */
static bool is_dying(const char *stat)
{
    const char *at = strrchr(stat, ')');
    for (int field = 2; at && field < 23; field++)
        at = strchr(at + 1, ' ');
    return at && strtoull(at, NULL, 10) == 0;
}

/* What cannot be looked at because it is no more, or holds nothing any more. Else it hides:
 * where /proc is mounted with hidepid that looks like not being there. */
static bool has_ended(const char *task)
{
    char path[TASK_PATH_MAX + 8], text[1024];
    (void)snprintf(path, sizeof(path), "%s/stat", task);
    if (read_text(path, text, sizeof(text)) > 0)
        return is_dying(text);
    pid_t id = (pid_t)strtol(strrchr(task, '/') + 1, NULL, 10);
    return kill(id, 0) < 0 && errno == ESRCH;
}

/* Of every process of the box each thread: it may have descriptors of its own (CLONE_FILES,
 * clone(2)), and the first may have ended before the others. False where a look says so, or
 * where there is more than can be looked at. Pid 1 is ours and holds nothing. */
static bool each_task(pid_t init, bool (*look)(void *context, const char *task), void *context)
{
    const pid_t *pids;
    size_t count = tree_pids(init, &pids);
    bool good = true;
    for (size_t i = 1; good && i < count; i++) {
        char path[TASK_PATH_MAX];
        (void)snprintf(path, sizeof(path), "/proc/%d/task", (int)pids[i]);
        DIR *tasks = opendir(path);
        if (!tasks) {
            (void)snprintf(path, sizeof(path), "/proc/%d", (int)pids[i]);
            good = has_ended(path);
        }
        for (struct dirent *task; tasks && good && (task = readdir(tasks));) {
            if (task->d_name[0] == '.')
                continue;
            (void)snprintf(path, sizeof(path), "/proc/%d/task/%.20s", (int)pids[i], task->d_name);
            good = look(context, path);
        }
        if (tasks)
            closedir(tasks);
    }
    return good;
}

/* --- written --------------------------------------------------------------------- */

uint64_t files_written(pid_t init)
{
    const pid_t *pids;
    size_t count = tree_pids(init, &pids);
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        char path[32], text[512];
        (void)snprintf(path, sizeof(path), "/proc/%d/io", (int)pids[i]);
        if (read_text(path, text, sizeof(text)) <= 0)
            continue;
        uint64_t written = number_after(text, "\nwrite_bytes: ");
        uint64_t cancelled = number_after(text, "\ncancelled_write_bytes: ");
        sum += written > cancelled ? written - cancelled : 0;
    }
    return sum;
}

/* --- open without a name ------------------------------------------------------------ */

/* Files that were counted: a descriptor is inherited and copied. Power of two. */
#define COUNTED_MAX 1024

/* True the first time; when there is no room for more, always. */
static bool is_new(ino_t *counted, ino_t inode)
{
    size_t at = (size_t)(inode * 0x9e3779b97f4a7c15ULL >> 54); /* the upper 10 bits */
    for (size_t n = 0; n < COUNTED_MAX; n++, at = (at + 1) % COUNTED_MAX) {
        if (counted[at] == inode)
            return false;
        if (counted[at] == 0) {
            counted[at] = inode;
            return true;
        }
    }
    return true;
}

struct descriptors {
    dev_t device;
    ino_t counted[COUNTED_MAX];
    uint64_t bytes;
    unsigned looked;
};

static bool count_table(void *context, const char *task)
{
    struct descriptors *found = context;
    char path[TASK_PATH_MAX + 8];
    (void)snprintf(path, sizeof(path), "%s/fd", task);
    DIR *files = opendir(path);
    struct stat st;
    bool all = files || has_ended(task);
    for (struct dirent *file; files && all && (file = readdir(files));) {
        all = ++found->looked <= DESCRIPTORS_MAX;
        if (all && fstatat(dirfd(files), file->d_name, &st, 0) == 0 && st.st_dev == found->device &&
            st.st_nlink == 0 && is_new(found->counted, st.st_ino))
            found->bytes += (uint64_t)st.st_blocks * 512;
    }
    if (files)
        closedir(files);
    return all;
}

bool files_unlinked(pid_t init, dev_t device, uint64_t *bytes)
{
    struct descriptors found = { .device = device };
    bool all = each_task(init, count_table, &found);
    *bytes = found.bytes;
    return all;
}

/* --- hidden --------------------------------------------------------------------------- */

struct mappings {
    dev_t device;
    size_t room;
    long seen; /* the process whose maps were read: its threads have the same */
    unsigned sockets;
};

/* A line of maps: range, permissions, offset, device, inode, name (proc(5)). */
static bool maps_show(void *context, const char *task)
{
    static char text[MAPS_BYTES_MAX];
    struct mappings *left = context;
    char path[TASK_PATH_MAX + 8], wanted[32];
    (void)snprintf(path, sizeof(path), "%s/maps", task);
    (void)snprintf(wanted, sizeof(wanted), " %02x:%02x ", major(left->device), minor(left->device));
    long pid = strtol(task + strlen("/proc/"), NULL, 10);
    if (pid == left->seen)
        return true;
    ssize_t len = read_text(path, text, left->room);
    if (len <= 0) /* it may have ended before its threads */
        return len == 0 || has_ended(task);
    left->seen = pid;
    left->room -= (size_t)len;
    if (left->room <= 1)
        return false; /* there is more */
    char *rest = text;
    for (char *line; (line = strsep(&rest, "\n"));) {
        size_t n = strlen(line);
        if (n > 10 && strcmp(line + n - 10, " (deleted)") == 0 && strstr(line, wanted))
            return false;
    }
    return true;
}

/* Descriptors wait in one of the sockets of a table (Linux 5.6 says how many). */
static bool sockets_show(void *context, const char *task)
{
    struct mappings *left = context;
    char path[TASK_PATH_MAX + 32], text[1024];
    (void)snprintf(path, sizeof(path), "%s/fd", task);
    DIR *files = opendir(path);
    struct stat st;
    bool all = files || has_ended(task);
    for (struct dirent *file; files && all && (file = readdir(files));) {
        if (fstatat(dirfd(files), file->d_name, &st, 0) < 0 || !S_ISSOCK(st.st_mode))
            continue;
        (void)snprintf(path, sizeof(path), "%s/fdinfo/%.20s", task, file->d_name);
        all = ++left->sockets <= SOCKETS_MAX &&
              (read_text(path, text, sizeof(text)) <= 0 || number_after(text, "\nscm_fds:") == 0);
    }
    if (files)
        closedir(files);
    return all;
}

bool files_hidden(pid_t init, dev_t device)
{
    struct mappings left = { .device = device, .room = MAPS_BYTES_MAX };
    return !each_task(init, maps_show, &left) || !each_task(init, sockets_show, &left);
}
