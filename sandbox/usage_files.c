/* SPDX-License-Identifier: Apache-2.0 */
/* usage_files.c - /proc/PID/io, fd, fdinfo and maps of a whole box. */
#include "usage_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cordon/own.h>

#include "usage.h"

/* Other limits wait meanwhile. */
#define DESCRIPTORS_MAX 16384
#define SOCKETS_MAX     2048
#define MAPS_BYTES_MAX  (1024 * 1024)

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

uint64_t files_unlinked(pid_t init, dev_t device)
{
    const pid_t *pids;
    size_t count = tree_pids(init, &pids);
    ino_t counted[COUNTED_MAX] = { 0 };
    uint64_t sum = 0;
    unsigned looked = 0;
    for (size_t i = 0; i < count && looked < DESCRIPTORS_MAX; i++) {
        char path[32];
        (void)snprintf(path, sizeof(path), "/proc/%d/fd", (int)pids[i]);
        DIR *files = opendir(path);
        struct stat st;
        for (struct dirent *file; files && (file = readdir(files));) {
            if (++looked > DESCRIPTORS_MAX || fstatat(dirfd(files), file->d_name, &st, 0) < 0)
                continue;
            if (st.st_dev == device && st.st_nlink == 0 && is_new(counted, st.st_ino))
                sum += (uint64_t)st.st_blocks * 512;
        }
        if (files)
            closedir(files);
    }
    return sum;
}

/* --- hidden --------------------------------------------------------------------------- */

/* A line of maps: range, permissions, offset, device, inode, name (proc(5)). */
static bool maps_unlinked(pid_t pid, dev_t device, size_t *room)
{
    static char text[MAPS_BYTES_MAX];
    char path[32], wanted[32];
    (void)snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
    (void)snprintf(wanted, sizeof(wanted), " %02x:%02x ", major(device), minor(device));
    ssize_t len = *room > 1 ? read_text(path, text, *room) : 0;
    *room -= len > 0 ? (size_t)len : 0;
    char *rest = text;
    for (char *line; len > 0 && (line = strsep(&rest, "\n"));) {
        size_t n = strlen(line);
        if (n > 10 && strcmp(line + n - 10, " (deleted)") == 0 && strstr(line, wanted))
            return true;
    }
    return false;
}

/* Descriptors wait in one of its sockets (Linux 5.6 says how many). */
static bool sends_descriptors(pid_t pid, unsigned *looked)
{
    char path[48], text[1024];
    (void)snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
    DIR *files = opendir(path);
    struct stat st;
    bool found = false;
    for (struct dirent *file; !found && files && (file = readdir(files));) {
        if (*looked >= SOCKETS_MAX || fstatat(dirfd(files), file->d_name, &st, 0) < 0 ||
            !S_ISSOCK(st.st_mode))
            continue;
        ++*looked;
        (void)snprintf(path, sizeof(path), "/proc/%d/fdinfo/%.20s", (int)pid, file->d_name);
        found = read_text(path, text, sizeof(text)) > 0 && number_after(text, "\nscm_fds:") > 0;
    }
    if (files)
        closedir(files);
    return found;
}

bool files_hidden(pid_t init, dev_t device)
{
    const pid_t *pids;
    size_t count = tree_pids(init, &pids), room = MAPS_BYTES_MAX;
    unsigned looked = 0;
    for (size_t i = 0; i < count; i++)
        if (maps_unlinked(pids[i], device, &room) || sends_descriptors(pids[i], &looked))
            return true;
    return false;
}
