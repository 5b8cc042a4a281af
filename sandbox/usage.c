/* SPDX-License-Identifier: Apache-2.0 */
/* usage.c - the processes of a box, walked by /proc/PID/task/TID/children. */
#include "usage.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cordon/own.h>

#include "clock.h"

/* More processes than any policy allows are not walked: the sample is a lower bound then. */
#define PROCESSES_MAX 4096

struct walk {
    pid_t pids[PROCESSES_MAX];
    size_t count;
    size_t tasks;
};

static ssize_t read_small(const char *path, char *out, size_t room)
{
    autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, out, room - 1);
    if (n >= 0)
        out[n] = '\0';
    return n;
}

static void add_children(struct walk *walk, const char *list)
{
    char *end;
    for (long pid; (pid = strtol(list, &end, 10)) > 0 && end != list; list = end)
        if (walk->count < PROCESSES_MAX)
            walk->pids[walk->count++] = (pid_t)pid;
}

static void visit_children(struct walk *walk, pid_t pid)
{
    char path[64], list[16384];
    (void)snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    DIR *tasks = opendir(path);
    if (!tasks)
        return;
    for (struct dirent *task; (task = readdir(tasks));) {
        if (task->d_name[0] == '.')
            continue;
        walk->tasks++;
        (void)snprintf(path, sizeof(path), "/proc/%d/task/%.20s/children", (int)pid, task->d_name);
        if (read_small(path, list, sizeof(list)) > 0)
            add_children(walk, list);
    }
    closedir(tasks);
}

/* Fields of /proc/PID/stat after the name, which may hold anything but ends at the last ')'. */
enum { STAT_CUTIME = 13, STAT_CSTIME = 14 };

static uint64_t waited_cpu_ns(pid_t pid)
{
    char path[32], text[1024];
    (void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    if (read_small(path, text, sizeof(text)) <= 0)
        return 0;
    char *at = strrchr(text, ')');
    uint64_t ticks = 0;
    int field = 0;
    for (char *word = at ? strtok_r(at + 1, " ", &at) : NULL; word;
         word = strtok_r(NULL, " ", &at)) {
        if (field == STAT_CUTIME || field == STAT_CSTIME)
            ticks += strtoull(word, NULL, 10);
        field++;
    }
    return ticks * (NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK));
}

static uint64_t own_cpu_ns(pid_t pid)
{
    clockid_t clock;
    struct timespec ts;
    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &ts) < 0)
        return 0;
    return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

static void add_memory(pid_t pid, uint64_t *private_pages, uint64_t *shared_pages)
{
    char path[32], text[128];
    (void)snprintf(path, sizeof(path), "/proc/%d/statm", (int)pid);
    unsigned long long size, resident, shared;
    if (read_small(path, text, sizeof(text)) <= 0 ||
        sscanf(text, "%llu %llu %llu", &size, &resident, &shared) != 3)
        return;
    *private_pages += resident - shared;
    if (shared > *shared_pages)
        *shared_pages = shared;
}

void tree_read(pid_t init, struct tree_sample *ret)
{
    static struct walk walk; /* one supervisor, one thread; too large for a stack */
    uint64_t private_pages = 0, shared_pages = 0;
    walk.count = walk.tasks = 0;
    *ret = (struct tree_sample){ .cpu_ns = waited_cpu_ns(init) };
    visit_children(&walk, init);
    for (size_t i = 0; i < walk.count; i++) {
        ret->cpu_ns += own_cpu_ns(walk.pids[i]) + waited_cpu_ns(walk.pids[i]);
        add_memory(walk.pids[i], &private_pages, &shared_pages);
        visit_children(&walk, walk.pids[i]);
    }
    ret->processes = walk.count;
    ret->tasks = walk.tasks;
    ret->memory_bytes = (private_pages + shared_pages) * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* --- files ---------------------------------------------------------------------- */

/* One supervisor, one thread; too large for a stack. */
static const struct walk *walk_tree(pid_t init)
{
    static struct walk walk;
    walk.pids[0] = init;
    walk.count = 1;
    for (size_t i = 0; i < walk.count; i++)
        visit_children(&walk, walk.pids[i]);
    return &walk;
}

static uint64_t number_after(const char *text, const char *name)
{
    const char *at = strstr(text, name);
    return at ? strtoull(at + strlen(name), NULL, 10) : 0;
}

uint64_t tree_written(pid_t init)
{
    const struct walk *walk = walk_tree(init);
    uint64_t sum = 0;
    for (size_t i = 0; i < walk->count; i++) {
        char path[32], text[512];
        (void)snprintf(path, sizeof(path), "/proc/%d/io", (int)walk->pids[i]);
        if (read_small(path, text, sizeof(text)) <= 0)
            continue;
        uint64_t written = number_after(text, "\nwrite_bytes: ");
        uint64_t cancelled = number_after(text, "\ncancelled_write_bytes: ");
        sum += written > cancelled ? written - cancelled : 0;
    }
    return sum;
}

/* A stranger decides how many there are, and other limits wait meanwhile. */
#define DESCRIPTORS_LOOKED_AT_MAX 16384

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

uint64_t tree_unlinked(pid_t init, dev_t device)
{
    const struct walk *walk = walk_tree(init);
    ino_t counted[COUNTED_MAX] = { 0 };
    uint64_t sum = 0;
    unsigned looked = 0;
    for (size_t i = 0; i < walk->count && looked < DESCRIPTORS_LOOKED_AT_MAX; i++) {
        char path[32];
        (void)snprintf(path, sizeof(path), "/proc/%d/fd", (int)walk->pids[i]);
        DIR *files = opendir(path);
        struct stat st;
        for (struct dirent *file; files && (file = readdir(files));) {
            if (++looked > DESCRIPTORS_LOOKED_AT_MAX || fstatat(dirfd(files), file->d_name, &st, 0))
                continue;
            if (st.st_dev == device && st.st_nlink == 0 && is_new(counted, st.st_ino))
                sum += (uint64_t)st.st_blocks * 512;
        }
        if (files)
            closedir(files);
    }
    return sum;
}
