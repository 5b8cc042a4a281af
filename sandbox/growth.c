/* SPDX-License-Identifier: Apache-2.0 */
/* growth.c - two of three witnesses. */
#include "growth.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include "clock.h"
#include "str.h"
#include "usage.h"
#include "walk.h"

/* No device fills faster; between two looks it cannot reach what is further away. */
#define BYTES_PER_MS (4ULL * 1024 * 1024)
#define LOOK_MIN_NS  (1 * NS_PER_MS)
#define LOOK_MAX_NS  (50 * NS_PER_MS)

/* Of the walk: one piece, so that no other limit waits for it, and what share of the time
 * it may take in all, so that a workspace of a million files costs little. */
#define PIECE_NS    (2 * NS_PER_MS)
#define PIECE_LOOK  64 /* entries between two looks at the clock */
#define REST_FACTOR 20
#define REST_MIN_NS (200 * NS_PER_MS)

struct growth {
    int workspace;
    uint64_t limit;
    struct timespec since;
    uint64_t free_before;
    uint64_t used, written, found; /* the witnesses, bytes */
    struct walk *walk;             /* under way, or NULL */
    uint64_t sum, walked_ns;       /* of the walk that is under way */
    uint64_t rest_until, next;
};

static bool free_bytes(int workspace, uint64_t *ret)
{
    struct statvfs fs;
    if (fstatvfs(workspace, &fs) < 0 || fs.f_blocks == 0)
        return false;
    *ret = (uint64_t)fs.f_bfree * (fs.f_frsize ? fs.f_frsize : fs.f_bsize);
    return true;
}

struct growth *growth_watch(int workspace, uint64_t limit_bytes, struct timespec since)
{
    struct growth *growth = xcalloc(1, sizeof(*growth));
    growth->workspace = workspace;
    growth->limit = limit_bytes;
    growth->since = since;
    (void)free_bytes(workspace, &growth->free_before);
    return growth;
}

void growth_free(struct growth *growth)
{
    if (!growth)
        return;
    walk_free(growth->walk);
    free(growth);
}

/* --- the third witness -------------------------------------------------------------- */

static uint64_t young_bytes(const struct growth *growth, const struct stat *st)
{
    bool young = st->st_ctim.tv_sec != growth->since.tv_sec
                     ? st->st_ctim.tv_sec > growth->since.tv_sec
                     : st->st_ctim.tv_nsec > growth->since.tv_nsec;
    if (!young || S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode))
        return 0;
    /* Each name of a file answers for its part. */
    return (uint64_t)st->st_blocks * 512 / (st->st_nlink ? st->st_nlink : 1);
}

/* Begins with what has no name and so is not met on the way. */
static void walk_begin(struct growth *growth, pid_t init)
{
    struct stat st;
    growth->walk = walk_new(growth->workspace, 0);
    growth->walked_ns = 0;
    growth->sum = fstat(growth->workspace, &st) == 0 ? tree_unlinked(init, st.st_dev) : 0;
}

/* One piece of a walk through the workspace. */
static void walk_on(struct growth *growth, pid_t init)
{
    struct walk_entry entry;
    uint64_t begun = now_ns(), spent = 0;
    int r = 1;
    if (!growth->walk)
        walk_begin(growth, init);
    for (unsigned n = 1; spent < PIECE_NS && (r = walk_next(growth->walk, &entry)) > 0; n++) {
        growth->sum += young_bytes(growth, &entry.st);
        if (S_ISDIR(entry.st.st_mode))
            (void)!walk_enter(growth->walk);
        if (n % PIECE_LOOK == 0)
            spent = now_ns() - begun;
    }
    growth->walked_ns += now_ns() - begun;
    if (r <= 0 || growth->sum > growth->found)
        growth->found = growth->sum;
    if (r > 0)
        return;
    /* At its end, or the box moved away what was being walked. */
    walk_free(growth->walk);
    growth->walk = NULL;
    uint64_t rest = growth->walked_ns * REST_FACTOR;
    growth->rest_until = now_ns() + (rest > REST_MIN_NS ? rest : REST_MIN_NS);
}

/* --- all three ------------------------------------------------------------------------ */

static unsigned witnesses(const struct growth *growth)
{
    return (growth->used > growth->limit ? 1U : 0U) + (growth->written > growth->limit ? 1U : 0U) +
           (growth->found > growth->limit ? 1U : 0U);
}

/* What two of them agree on: the one in the middle. */
static uint64_t agreed(const struct growth *growth)
{
    uint64_t a = growth->used, b = growth->written, c = growth->found;
    uint64_t low = a < b ? a : b, high = a < b ? b : a;
    return c < low ? low : c > high ? high : c;
}

/* The nearer the limit the sooner; where one witness stands alone, when the third has rested. */
static uint64_t next_look(const struct growth *growth, uint64_t now)
{
    uint64_t most = growth->used > growth->written ? growth->used : growth->written;
    if (most > growth->limit)
        return now + (now < growth->rest_until ? LOOK_MAX_NS : LOOK_MIN_NS);
    uint64_t distance = (growth->limit - most) / BYTES_PER_MS * NS_PER_MS;
    return now + (distance < LOOK_MIN_NS   ? LOOK_MIN_NS
                  : distance > LOOK_MAX_NS ? LOOK_MAX_NS
                                           : distance);
}

bool growth_reached(struct growth *growth, pid_t init, uint64_t now, uint64_t *bytes)
{
    uint64_t left = 0;
    if (now < growth->next)
        return false;
    bool known = free_bytes(growth->workspace, &left) && left < growth->free_before;
    growth->used = known ? growth->free_before - left : 0;
    uint64_t written = tree_written(init);
    if (written > growth->written) /* who ends takes his count along until he is waited for */
        growth->written = written;
    bool suspicion = growth->used > growth->limit || growth->written > growth->limit;
    if (suspicion && witnesses(growth) < 2 && now >= growth->rest_until)
        walk_on(growth, init);
    growth->next = next_look(growth, now);
    *bytes = agreed(growth);
    return witnesses(growth) >= 2;
}

uint64_t growth_next(const struct growth *growth)
{
    return growth->next;
}

const char *growth_layer(int workspace)
{
    uint64_t ignored;
    bool space = free_bytes(workspace, &ignored), writes = access("/proc/self/io", R_OK) == 0;
    if (space && writes)
        return "approximated (two of free space, bytes written and young files, looked at up to "
               "every 50 ms)";
    if (space || writes)
        return "approximated (young files and what shows of free space or bytes written, looked "
               "at up to every 50 ms)";
    return "missing: neither the file system nor the kernel says how much is written";
}
