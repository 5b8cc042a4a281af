/* SPDX-License-Identifier: Apache-2.0 */
/* usage.c - the processes of a box, walked by /proc/PID/task/TID/children. */
#include "usage.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cordon/own.h>

#include "clock.h"

/* More processes than any policy allows are not walked: the sample is a lower bound then. */
#define PROCESSES_MAX 4096

struct walk {
    pid_t pids[PROCESSES_MAX];
    size_t parents[PROCESSES_MAX]; /* whose child: an index, or that of none */
    pid_t shown_by[PROCESSES_MAX]; /* a thread that shows its memory, or 0 */
    bool lent[PROCESSES_MAX];      /* it is its parent's */
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

static void add_children(struct walk *walk, size_t parent, const char *list)
{
    char *end;
    for (long pid; (pid = strtol(list, &end, 10)) > 0 && end != list; list = end)
        if (walk->count < PROCESSES_MAX) {
            walk->parents[walk->count] = parent;
            walk->pids[walk->count++] = (pid_t)pid;
        }
}

/* `parent` is the index of `pid`, or PROCESSES_MAX. */
static void visit_children(struct walk *walk, size_t parent, pid_t pid)
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
            add_children(walk, parent, list);
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

/* The number after "NAME:" in a file of /proc whose numbers are kB, in bytes. */
static uint64_t field_bytes(const char *text, const char *name)
{
    const char *at = strstr(text, name);
    return at ? strtoull(at + strlen(name), NULL, 10) * 1024 : 0;
}

struct memory {
    uint64_t own;   /* anonymous and swapped out, copied or not yet; and page tables */
    uint64_t shmem; /* mapped shared memory and files of a tmpfs */
    uint64_t file;  /* mapped files */
};

/* /proc/PID/status (proc_pid_status(5)). False where there is no memory: it has ended. */
static bool read_memory(pid_t thread, struct memory *ret)
{
    char path[32], text[4096];
    (void)snprintf(path, sizeof(path), "/proc/%d/status", (int)thread);
    *ret = (struct memory){ 0 };
    if (read_small(path, text, sizeof(text)) <= 0 || !strstr(text, "\nRssAnon:"))
        return false;
    uint64_t shmem = field_bytes(text, "\nRssShmem:");
    *ret = (struct memory){
        .own = field_bytes(text, "\nRssAnon:") + field_bytes(text, "\nVmSwap:") +
               field_bytes(text, "\nVmPTE:"),
        .shmem = shmem,
        .file = field_bytes(text, "\nRssFile:"),
    };
    return true;
}

/* The first thread of a process may end before the others; then it shows nothing, and they
 * show what all of them have. Returns one that does, or 0: all have ended. */
static pid_t find_memory(pid_t pid, struct memory *ret)
{
    if (read_memory(pid, ret))
        return pid;
    char path[32];
    (void)snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    DIR *tasks = opendir(path);
    pid_t found = 0;
    for (struct dirent *task; tasks && found == 0 && (task = readdir(tasks));) {
        pid_t thread = (pid_t)strtol(task->d_name, NULL, 10);
        if (thread > 0 && thread != pid && read_memory(thread, ret))
            found = thread;
    }
    if (tasks)
        closedir(tasks);
    return found;
}

/* Between vfork(2), which posix_spawn(3) and Python's subprocess use, and execve(2) a child has
 * its parent's memory. Where kcmp(2) is not there it counts twice. */
static bool is_lent(const struct walk *walk, size_t i)
{
    size_t parent = walk->parents[i];
    return parent < PROCESSES_MAX && walk->shown_by[parent] > 0 && walk->shown_by[i] > 0 &&
           syscall(SYS_kcmp, walk->shown_by[parent], walk->shown_by[i], KCMP_VM, 0, 0) == 0;
}

/* Each page divided by the number of those who map it: the kernel walks all of them for it. */
static void add_exactly(pid_t thread, struct tree_sample *sample)
{
    char path[32], text[4096];
    struct memory memory;
    (void)read_memory(thread, &memory);
    (void)snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)thread);
    if (read_small(path, text, sizeof(text)) <= 0) {
        /* Who hides counts in full. */
        sample->memory_bytes += memory.own + memory.shmem;
        sample->shmem_bytes += memory.shmem;
        return;
    }
    uint64_t shmem = field_bytes(text, "\nPss_Shmem:");
    sample->shmem_bytes += shmem;
    sample->memory_bytes +=
        shmem + field_bytes(text, "\nPss_Anon:") + field_bytes(text, "\nSwapPss:");
    (void)snprintf(path, sizeof(path), "/proc/%d/status", (int)thread);
    if (read_small(path, text, sizeof(text)) > 0)
        sample->memory_bytes += field_bytes(text, "\nVmPTE:");
}

/* The memory of all of them, before it is looked at page by page. */
struct sums {
    uint64_t own, shmem;
    uint64_t shared, file; /* of the one that has most */
    uint64_t largest;      /* all that one of them has */
};

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static void add_memory(struct sums *sums, const struct memory *memory)
{
    sums->own += memory->own;
    sums->shmem += memory->shmem;
    sums->shared = larger(sums->shared, memory->shmem + memory->file);
    sums->file = larger(sums->file, memory->file);
    sums->largest = larger(sums->largest, memory->own + memory->shmem + memory->file);
}

static void visit_all(pid_t init, struct walk *walk, struct seen *seen, struct tree_sample *ret,
                      struct sums *sums)
{
    walk->count = walk->tasks = 0;
    visit_children(walk, PROCESSES_MAX, init);
    for (size_t i = 0; i < walk->count; i++) {
        ret->cpu_ns += seen_note(seen, walk->pids[i]) + waited_cpu_ns(walk->pids[i]);
        struct memory memory;
        walk->shown_by[i] = find_memory(walk->pids[i], &memory);
        if (ret->one == 0)
            ret->one = walk->shown_by[i];
        walk->lent[i] = is_lent(walk, i);
        if (!walk->lent[i])
            add_memory(sums, &memory);
        visit_children(walk, i, walk->pids[i]);
    }
}

void tree_read(pid_t init, uint64_t worth_bytes, uint64_t several_bytes, struct seen *seen,
               struct tree_sample *ret)
{
    static struct walk walk; /* one supervisor, one thread; too large for a stack */
    struct sums sums = { 0 };
    *ret = (struct tree_sample){ .cpu_ns = waited_cpu_ns(init) };
    visit_all(init, &walk, seen, ret, &sums);
    if (seen)
        ret->cpu_ns = seen_used_ns(seen, ret->cpu_ns);
    ret->processes = walk.count;
    ret->tasks = walk.tasks;
    ret->memory_bytes = sums.own + sums.shared;
    ret->shmem_bytes = sums.shmem;
    ret->least_bytes = sums.largest;
    bool several = walk.count > 1 && ret->memory_bytes > several_bytes;
    if (sums.own + sums.shmem <= worth_bytes && !several)
        return;
    ret->memory_exact = true;
    ret->memory_bytes = ret->shmem_bytes = 0;
    for (size_t i = 0; i < walk.count; i++)
        if (walk.shown_by[i] > 0 && !walk.lent[i])
            add_exactly(walk.shown_by[i], ret);
    ret->least_bytes = ret->memory_bytes + sums.file; /* of one moment, with shmem_bytes */
}

uint64_t tree_cpu_ns(pid_t init, struct seen *seen)
{
    static struct walk walk; /* as above */
    walk.count = walk.tasks = 0;
    uint64_t counted = waited_cpu_ns(init);
    visit_children(&walk, PROCESSES_MAX, init);
    for (size_t i = 0; i < walk.count; i++) {
        counted += seen_note(seen, walk.pids[i]);
        counted += waited_cpu_ns(walk.pids[i]); /* before its children, or one counts twice */
        visit_children(&walk, i, walk.pids[i]);
    }
    return seen ? seen_used_ns(seen, counted) : counted;
}

size_t tree_pids(pid_t init, const pid_t **pids)
{
    static struct walk walk; /* as above */
    walk.pids[0] = init;
    walk.count = 1;
    for (size_t i = 0; i < walk.count; i++)
        visit_children(&walk, i, walk.pids[i]);
    *pids = walk.pids;
    return walk.count;
}

pid_t tree_shown_by(pid_t pid)
{
    struct memory ignored;
    return find_memory(pid, &ignored);
}

/* A signal that is sent but not taken yet (proc_pid_status(5)); SIGKILL goes to every thread. */
static bool is_doomed(pid_t thread)
{
    char path[32], text[4096];
    (void)snprintf(path, sizeof(path), "/proc/%d/status", (int)thread);
    const char *at = read_small(path, text, sizeof(text)) > 0 ? strstr(text, "\nSigPnd:") : NULL;
    return at && (strtoull(at + strlen("\nSigPnd:"), NULL, 16) >> (SIGKILL - 1) & 1);
}

bool tree_lives(pid_t pid)
{
    pid_t shown_by = tree_shown_by(pid);
    return shown_by > 0 && !is_doomed(shown_by);
}
