/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup.c - finding, making, reading and removing the groups of one box. */
#include "cgroup.h"

#include <dirent.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "clock.h"
#include "fd.h"
#include "kernel.h"
#include "str.h"

/* Two seconds: a gigabyte takes 75 ms to go. */
#define SWEEP_TRIES 400

/* The files are those of Documentation/admin-guide/cgroup-v1 and cgroup-v2.rst. */

#define FLAT_KEYED_MAX 4096 /* bytes of such a file, far more than there ever were */

/* --- numbers ---------------------------------------------------------------------- */

static bool put_number(int dir, const char *file, uint64_t number)
{
    char text[24];
    (void)snprintf(text, sizeof(text), "%" PRIu64, number);
    return cgroup_put(dir, file, text);
}

static uint64_t get_number(int dir, const char *file)
{
    char text[32];
    return cgroup_get(dir, file, text, sizeof(text)) ? strtoull(text, NULL, 10) : 0;
}

/* The number after "key " at the start of a line of a flat keyed file. */
static uint64_t keyed(const char *text, const char *key)
{
    size_t len = strlen(key);
    for (const char *line = text; line && *line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, key, len) == 0 && line[len] == ' ')
            return strtoull(line + len + 1, NULL, 10);
    }
    return 0;
}

static uint64_t get_keyed(int dir, const char *file, const char *key)
{
    char text[FLAT_KEYED_MAX];
    return cgroup_get(dir, file, text, sizeof(text)) ? keyed(text, key) : 0;
}

/* --- making ----------------------------------------------------------------------- */

/* A pid means something only in its own pid namespace, and containers may share
 * one hierarchy: who cannot see a maker must not take it for gone. */
static void name_end(char out[24])
{
    struct stat st;
    bool known = stat("/proc/self/ns/pid", &st) == 0;
    (void)snprintf(out, 24, "@%llu", known ? (unsigned long long)st.st_ino : 0);
}

/* The name holds the maker's pid: a group whose maker is gone is nobody's. Returns
 * how many of those could not be removed, because something in them still lives. */
static unsigned sweep(int parent)
{
    char end[24];
    name_end(end);
    int again = parent < 0 ? -1 : openat(parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = again < 0 ? NULL : fdopendir(again);
    unsigned left = 0;
    for (struct dirent *entry; stream && (entry = readdir(stream));) {
        if (!starts_with(entry->d_name, CGROUP_PREFIX) || !ends_with(entry->d_name, end))
            continue;
        pid_t maker = (pid_t)strtol(entry->d_name + strlen(CGROUP_PREFIX), NULL, 10);
        if (maker > 0 && kill(maker, 0) < 0 && errno == ESRCH &&
            unlinkat(parent, entry->d_name, AT_REMOVEDIR) < 0 && errno == EBUSY)
            left++;
    }
    if (stream)
        closedir(stream);
    return left;
}

void cgroup_sweep(const struct cgroup_places *places)
{
    /* Version 1 has nothing to wait on: what was killed with its supervisor takes
     * milliseconds to go, and removing is tried again until it has. */
    const struct timespec pause = { .tv_nsec = 5 * (long)NS_PER_MS };
    for (unsigned tries = 0; tries < SWEEP_TRIES; tries++) {
        unsigned left = sweep(places->v2);
        for (int i = 0; i < V1_COUNT; i++)
            left += sweep(places->v1[i]);
        if (left == 0)
            return;
        (void)nanosleep(&pause, NULL);
    }
}

static int make_group(int parent, const char *name)
{
    if (parent < 0)
        return -1;
    (void)sweep(parent);
    if (mkdirat(parent, name, 0755) < 0)
        return -1;
    return openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static bool has_file(int dir, const char *file)
{
    return dir >= 0 && faccessat(dir, file, W_OK, AT_EACCESS) == 0;
}

/* Version 1 counts the buffers of network sockets only if they have a limit, apart from all
 * other memory, and only of sockets made by who is in the group by then. It drops what is
 * beyond: twenty clients that move megabytes at once want 90 MB, and crawl with a third. */
#define SOCKETS_LEAST (16ULL << 20)
#define SOCKETS_SHARE 2

/* How much may lie in them; 0 where this kernel does not count it. */
static uint64_t set_sockets(int dir, uint64_t memory)
{
    uint64_t share = memory / SOCKETS_SHARE;
    if (share < SOCKETS_LEAST)
        share = SOCKETS_LEAST;
    return put_number(dir, "memory.kmem.tcp.limit_in_bytes", share) ? share : 0;
}

static int set_memory(struct cgroup *cgroup, uint64_t bytes, struct error *err)
{
    if (cgroup->memory_v2) {
        (void)put_number(cgroup->v2, "memory.swap.max", 0);
        if (!put_number(cgroup->v2, "memory.max", bytes))
            return fail_host(err, "set memory.max");
        /* memory.oom.group stays off: it would take all at once, and nobody could tell the one
         * that was too large from the others. */
    } else if (cgroup->v1[V1_MEMORY] >= 0) {
        int dir = cgroup->v1[V1_MEMORY];
        if (!put_number(dir, "memory.limit_in_bytes", bytes))
            return fail_host(err, "set memory.limit_in_bytes");
        /* Absent where swap is not accounted; then there is no swap to escape to. */
        (void)put_number(dir, "memory.memsw.limit_in_bytes", bytes);
        cgroup->sockets_bytes = set_sockets(dir, bytes);
    }
    return 0;
}

static int set_pids(const struct cgroup *cgroup, uint64_t pids, struct error *err)
{
    int dir = cgroup->pids_v2 ? cgroup->v2 : cgroup->v1[V1_PIDS];
    /* One more than the policy's: pid 1 is ours. */
    if (dir >= 0 && !put_number(dir, "pids.max", pids + 1))
        return fail_host(err, "set pids.max");
    return 0;
}

int cgroup_make(const struct sandbox *sandbox, const struct limits *limits, struct cgroup *ret,
                struct error *err)
{
    static unsigned counter;
    const struct cgroup_places *places = &sandbox->cgroups;
    *ret = (struct cgroup){ .places = places };
    char end[24];
    name_end(end);
    (void)snprintf(ret->name, sizeof(ret->name), CGROUP_PREFIX "%d-%u%s", (int)getpid(), counter++,
                   end);
    ret->v2 = make_group(places->v2, ret->name);
    ret->memory_v2 = has_file(ret->v2, "memory.max");
    ret->pids_v2 = has_file(ret->v2, "pids.max");
    /* v2's cpu.stat needs no controller, so cpuacct is only for hosts without v2. */
    const bool wanted[V1_COUNT] = {
        [V1_MEMORY] = !ret->memory_v2,
        [V1_PIDS] = !ret->pids_v2,
        [V1_CPUACCT] = ret->v2 < 0,
    };
    for (int i = 0; i < V1_COUNT; i++)
        ret->v1[i] = wanted[i] ? make_group(places->v1[i], ret->name) : -1;
    int r = set_memory(ret, limits->memory_bytes, err);
    if (r == 0)
        r = set_pids(ret, limits->pids, err);
    if (r < 0)
        cgroup_remove(ret);
    return r;
}

int cgroup_widen(const struct cgroup *cgroup, const struct limits *limits, uint64_t processes,
                 struct error *err)
{
    struct cgroup_reading now;
    cgroup_read(cgroup, &now);
    const uint64_t bytes = limits->memory_bytes + now.memory_now;
    int r = set_pids(cgroup, limits->pids + processes, err);
    if (r < 0)
        return r;
    if (cgroup->memory_v2)
        return put_number(cgroup->v2, "memory.max", bytes) ? 0 : fail_host(err, "set memory.max");
    const int dir = cgroup->v1[V1_MEMORY];
    /* The one is never more than the other: it is lowered first. */
    if (dir >= 0 && !put_number(dir, "memory.limit_in_bytes", bytes))
        return fail_host(err, "set memory.limit_in_bytes");
    if (dir >= 0)
        (void)put_number(dir, "memory.memsw.limit_in_bytes", bytes);
    return 0;
}

const char *cgroup_join(const struct cgroup *cgroup)
{
    for (int i = 0; i < V1_COUNT; i++)
        if (cgroup->v1[i] >= 0 && !put_number(cgroup->v1[i], "tasks", 0))
            return cgroup_v1_name((enum cgroup_v1)i);
    return NULL;
}

/* --- reading ------------------------------------------------------------------------ */

/* Exact is only the sum; which part was whose the kernel takes from its ticks. */
static void read_cpuacct(int dir, struct cgroup_reading *ret)
{
    uint64_t all = get_number(dir, "cpuacct.usage");
    double user = (double)get_number(dir, "cpuacct.usage_user");
    double system = (double)get_number(dir, "cpuacct.usage_sys");
    double part = user + system > 0 ? user / (user + system) : 1;
    ret->cpu_user_ns = (uint64_t)((double)all * part);
    ret->cpu_system_ns = all - ret->cpu_user_ns;
}

static void read_cpu_stat(int dir, struct cgroup_reading *ret)
{
    char text[FLAT_KEYED_MAX];
    ret->has_cpu = cgroup_get(dir, "cpu.stat", text, sizeof(text));
    if (!ret->has_cpu)
        return;
    ret->cpu_user_ns = keyed(text, "user_usec") * 1000;
    ret->cpu_system_ns = keyed(text, "system_usec") * 1000;
}

static void read_cpu(const struct cgroup *cgroup, struct cgroup_reading *ret)
{
    *ret = (struct cgroup_reading){ 0 };
    if (cgroup->v2 >= 0) {
        read_cpu_stat(cgroup->v2, ret);
    } else if (cgroup->v1[V1_CPUACCT] >= 0) {
        read_cpuacct(cgroup->v1[V1_CPUACCT], ret);
        ret->has_cpu = true;
    }
}

static uint64_t since(uint64_t now, uint64_t then)
{
    return now > then ? now - then : 0;
}

void cgroup_read_cpu(const struct cgroup *cgroup, struct cgroup_reading *ret)
{
    read_cpu(cgroup, ret);
    if (!cgroup->base)
        return;
    ret->cpu_user_ns = since(ret->cpu_user_ns, cgroup->base->reading.cpu_user_ns);
    ret->cpu_system_ns = since(ret->cpu_system_ns, cgroup->base->reading.cpu_system_ns);
}

static void read_memory(const struct cgroup *cgroup, struct cgroup_reading *ret)
{
    if (cgroup->memory_v2) {
        ret->memory_now = get_number(cgroup->v2, "memory.current");
        ret->memory_peak = get_number(cgroup->v2, "memory.peak");
        ret->oom_kills = get_keyed(cgroup->v2, "memory.events", "oom_kill");
    } else if (cgroup->v1[V1_MEMORY] >= 0) {
        int dir = cgroup->v1[V1_MEMORY];
        ret->memory_now = get_number(dir, "memory.usage_in_bytes");
        ret->memory_peak = get_number(dir, "memory.max_usage_in_bytes");
        ret->oom_kills = get_keyed(dir, "memory.oom_control", "oom_kill");
        if (cgroup->sockets_bytes > 0)
            ret->sockets_now = get_number(dir, "memory.kmem.tcp.usage_in_bytes");
    }
    ret->has_memory = cgroup_has_memory(cgroup);
}

/* The peak of one descriptor can be begun anew (Linux 6.12); of all of it only in version 1. */
static uint64_t peak_since(const struct cgroup_base *base, uint64_t whole)
{
    char text[32];
    ssize_t n = base->peak > 0 ? pread(base->peak, text, sizeof(text) - 1, 0) : -1;
    if (n > 0) {
        text[n] = '\0';
        whole = strtoull(text, NULL, 10);
    }
    return since(whole, base->reading.memory_now);
}

static void read_since(const struct cgroup *cgroup, struct cgroup_reading *ret)
{
    const struct cgroup_base *base = cgroup->base;
    const bool known = !cgroup->memory_v2 || base->peak > 0;
    ret->memory_peak = known ? peak_since(base, ret->memory_peak) : 0;
    ret->memory_now = since(ret->memory_now, base->reading.memory_now);
    ret->sockets_now = since(ret->sockets_now, base->reading.sockets_now);
    ret->oom_kills = since(ret->oom_kills, base->reading.oom_kills);
    ret->pids_refused = since(ret->pids_refused, base->reading.pids_refused);
    ret->pids_peak = 0; /* of all runs together */
}

static void begin_peak(const struct cgroup *cgroup, struct cgroup_base *base)
{
    if (cgroup->v1[V1_MEMORY] >= 0 && !cgroup->memory_v2)
        (void)put_number(cgroup->v1[V1_MEMORY], "memory.max_usage_in_bytes", 0);
    if (!cgroup->memory_v2)
        return;
    if (base->peak == 0)
        base->peak = openat(cgroup->v2, "memory.peak", O_RDWR | O_CLOEXEC);
    if (base->peak > 0 && write(base->peak, "r", 1) < 0)
        own_close(&base->peak);
    if (base->peak < 0)
        base->peak = 0;
}

void cgroup_begin(struct cgroup *cgroup, struct cgroup_base *base)
{
    cgroup->base = NULL;
    begin_peak(cgroup, base);
    cgroup_read(cgroup, &base->reading);
    base->page_cache = cgroup_page_cache(cgroup);
    cgroup->base = base;
}

void cgroup_read(const struct cgroup *cgroup, struct cgroup_reading *ret)
{
    cgroup_read_cpu(cgroup, ret);
    read_memory(cgroup, ret);
    if (cgroup->pids_v2) {
        uint64_t peak = get_number(cgroup->v2, "pids.peak");
        ret->pids_peak = peak > 0 ? peak - 1 : 0;
        ret->pids_refused = get_keyed(cgroup->v2, "pids.events", "max");
    } else if (cgroup->v1[V1_PIDS] >= 0) {
        ret->pids_refused = get_keyed(cgroup->v1[V1_PIDS], "pids.events", "max");
    }
    if (cgroup->base)
        read_since(cgroup, ret);
}

uint64_t cgroup_page_cache(const struct cgroup *cgroup)
{
    char text[8192];
    int dir = cgroup->memory_v2 ? cgroup->v2 : cgroup->v1[V1_MEMORY];
    if (dir < 0 || !cgroup_get(dir, "memory.stat", text, sizeof(text)))
        return 0;
    /* Both versions count files of a tmpfs among the others, though they are memory. */
    uint64_t files = keyed(text, cgroup->memory_v2 ? "file" : "cache"),
             shmem = keyed(text, "shmem");
    return since(since(files, shmem), cgroup->base ? cgroup->base->page_cache : 0);
}

void cgroup_kill(const struct cgroup *cgroup)
{
    if (cgroup->v2 >= 0)
        (void)cgroup_put(cgroup->v2, "cgroup.kill", "1");
}

/* --- removing ------------------------------------------------------------------------ */

static void remove_group(int *group, int parent, const char *name)
{
    if (*group >= 0)
        (void)unlinkat(parent, name, AT_REMOVEDIR);
    own_close(group);
    *group = -1;
}

void cgroup_remove(struct cgroup *cgroup)
{
    remove_group(&cgroup->v2, cgroup->places->v2, cgroup->name);
    for (int i = 0; i < V1_COUNT; i++)
        remove_group(&cgroup->v1[i], cgroup->places->v1[i], cgroup->name);
}
