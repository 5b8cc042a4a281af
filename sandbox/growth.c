/* SPDX-License-Identifier: Apache-2.0 */
/* growth.c - two of three witnesses. */
#include "growth.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "clock.h"
#include "str.h"
#include "usage_files.h"
#include "walk.h"

/* Nothing grows faster; between two looks it cannot reach what is further away. */
static const uint64_t per_ms[GROWN_KINDS] = {
    [GROWN_BYTES] = 4ULL * 1024 * 1024,
    [GROWN_FILES] = 1000,
};
#define LOOK_MIN_NS (1 * NS_PER_MS)
#define LOOK_MAX_NS (50 * NS_PER_MS)

/* What a box makes expensive, thousands of processes or a million files, rests so many times
 * as long as it took: the box's own limits do not count our time. */
#define REST_FACTOR 20
#define REST_MIN_NS (200 * NS_PER_MS)

/* One piece of a walk, so that no other limit waits for it. */
#define PIECE_NS   (2 * NS_PER_MS)
#define PIECE_LOOK 64 /* entries between two looks at the clock */

/* A level costs up to WALK_LEVEL_BYTES; what lies deeper is hidden. */
#define DEPTH_MAX 4096

/* Amounts of both kinds. */
struct amounts {
    uint64_t of[GROWN_KINDS];
};

struct growth {
    int workspace;
    struct timespec since;
    struct amounts limit, left_before;
    struct amounts used, found; /* the first and the third witness */
    uint64_t written;           /* the second; it knows bytes alone */
    uint64_t ask_written_at;
    bool hidden[GROWN_KINDS]; /* the third has seen that there is more than it can see */
    struct walk *walk;        /* under way, or NULL */
    struct amounts sum;       /* of the walk that is under way */
    uint64_t walked_ns;
    uint64_t rest_until, next;
};

/* What the file system has left; false where it does not say. */
static bool what_is_left(int workspace, struct amounts *ret)
{
    struct statvfs fs;
    if (fstatvfs(workspace, &fs) < 0 || fs.f_blocks == 0)
        return false;
    ret->of[GROWN_BYTES] = (uint64_t)fs.f_bfree * (fs.f_frsize ? fs.f_frsize : fs.f_bsize);
    ret->of[GROWN_FILES] = fs.f_files ? (uint64_t)fs.f_ffree : 0;
    return true;
}

struct growth *growth_watch(int workspace, uint64_t bytes_limit, uint64_t files_limit,
                            struct timespec since)
{
    struct growth *growth = xcalloc(1, sizeof(*growth));
    growth->workspace = workspace;
    growth->since = since;
    growth->limit = (struct amounts){ { bytes_limit, files_limit } };
    (void)what_is_left(workspace, &growth->left_before);
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

static bool is_young(const struct growth *growth, const struct stat *st)
{
    const struct timespec *change = &st->st_ctim, *begin = &growth->since;
    return change->tv_sec != begin->tv_sec ? change->tv_sec > begin->tv_sec
                                           : change->tv_nsec > begin->tv_nsec;
}

static void count(struct growth *growth, const struct stat *st)
{
    if (!is_young(growth, st))
        return;
    /* Each name of a file answers for its part. */
    growth->sum.of[GROWN_BYTES] +=
        (uint64_t)st->st_blocks * 512 / (st->st_nlink ? st->st_nlink : 1);
    growth->sum.of[GROWN_FILES]++;
}

/* Begins with what has no name and so is not met on the way. */
static void walk_begin(struct growth *growth, pid_t init)
{
    struct stat st;
    growth->walk = walk_new(growth->workspace, 0);
    growth->walked_ns = 0;
    growth->sum = (struct amounts){ { 0 } };
    memset(growth->hidden, 0, sizeof(growth->hidden));
    if (fstat(growth->workspace, &st) < 0)
        return;
    growth->hidden[GROWN_BYTES] = !files_unlinked(init, st.st_dev, &growth->sum.of[GROWN_BYTES]) ||
                                  files_hidden(init, st.st_dev);
}

/* Files in a directory that cannot be looked at. */
static void hide(struct growth *growth)
{
    for (size_t i = 0; i < GROWN_KINDS; i++)
        growth->hidden[i] = true;
}

/* What the box could not write to either hides nothing: as a user it acts as we do. */
static void enter(struct growth *growth, const struct walk_entry *entry)
{
    int r = entry->depth < DEPTH_MAX ? walk_enter(growth->walk) : -ENAMETOOLONG;
    bool vanished = r == -ENOENT || r == -ENOTDIR || r == -ELOOP;
    if (r < 0 && !vanished && (is_young(growth, &entry->st) || entry->st.st_uid == geteuid()))
        hide(growth);
}

static void walk_end(struct growth *growth)
{
    uint64_t rest = growth->walked_ns * REST_FACTOR;
    walk_free(growth->walk);
    growth->walk = NULL;
    growth->rest_until = now_ns() + (rest > REST_MIN_NS ? rest : REST_MIN_NS);
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
        count(growth, &entry.st);
        if (S_ISDIR(entry.st.st_mode))
            enter(growth, &entry);
        if (n % PIECE_LOOK == 0)
            spent = now_ns() - begun;
    }
    growth->walked_ns += now_ns() - begun;
    bool over = r <= 0;
    if (r < 0) /* the box moved away what was being walked, or shut it */
        hide(growth);
    for (size_t i = 0; i < GROWN_KINDS; i++)
        if (over || growth->sum.of[i] > growth->found.of[i])
            growth->found.of[i] = growth->sum.of[i];
    if (over)
        walk_end(growth);
}

/* --- all three ------------------------------------------------------------------------ */

static uint64_t written_of(const struct growth *growth, enum grown what)
{
    return what == GROWN_BYTES ? growth->written : 0;
}

/* Who hides files is taken to have made what is missing. */
static uint64_t found_of(const struct growth *growth, enum grown what)
{
    uint64_t found = growth->found.of[what], used = growth->used.of[what];
    return growth->hidden[what] && used > found ? used : found;
}

/* What two of them agree on: the one in the middle. */
static uint64_t agreed(const struct growth *growth, enum grown what)
{
    uint64_t a = growth->used.of[what], b = written_of(growth, what), c = found_of(growth, what);
    uint64_t low = a < b ? a : b, high = a < b ? b : a;
    return c < low ? low : c > high ? high : c;
}

/* The cheap ones. */
static uint64_t suspected(const struct growth *growth, enum grown what)
{
    uint64_t a = growth->used.of[what], b = written_of(growth, what);
    return a > b ? a : b;
}

static void ask_cheap(struct growth *growth, pid_t init)
{
    struct amounts left = { { 0 } };
    bool known = what_is_left(growth->workspace, &left);
    for (size_t i = 0; i < GROWN_KINDS; i++)
        growth->used.of[i] = known && left.of[i] < growth->left_before.of[i]
                                 ? growth->left_before.of[i] - left.of[i]
                                 : 0;
    uint64_t begun = now_ns();
    if (begun < growth->ask_written_at)
        return;
    uint64_t written = files_written(init);
    if (written > growth->written) /* who ends takes his count along until he is waited for */
        growth->written = written;
    uint64_t end = now_ns();
    growth->ask_written_at = end + (end - begun) * REST_FACTOR;
}

static bool over_limit(const struct growth *growth, enum grown *what, uint64_t *amount)
{
    for (enum grown i = 0; i < GROWN_KINDS; i++) {
        *what = i;
        *amount = agreed(growth, i);
        if (*amount > growth->limit.of[i])
            return true;
    }
    return false;
}

/* The nearer a limit the sooner; where one witness stands alone, when the third has rested. */
static uint64_t next_look(const struct growth *growth, uint64_t now)
{
    uint64_t wait = LOOK_MAX_NS;
    for (enum grown i = 0; i < GROWN_KINDS; i++) {
        uint64_t limit = growth->limit.of[i], most = suspected(growth, i);
        uint64_t distance = most < limit               ? (limit - most) / per_ms[i] * NS_PER_MS
                            : now < growth->rest_until ? LOOK_MAX_NS
                                                       : 0;
        wait = distance < wait ? distance : wait;
    }
    return now + (wait > LOOK_MIN_NS ? wait : LOOK_MIN_NS);
}

bool growth_reached(struct growth *growth, pid_t init, uint64_t now, enum grown *what,
                    uint64_t *amount)
{
    if (now < growth->next)
        return false;
    ask_cheap(growth, init);
    bool suspicion = false;
    for (enum grown i = 0; i < GROWN_KINDS; i++)
        suspicion |= suspected(growth, i) > growth->limit.of[i];
    if (suspicion && now >= growth->rest_until && !over_limit(growth, what, amount))
        walk_on(growth, init);
    growth->next = next_look(growth, now);
    return over_limit(growth, what, amount);
}

uint64_t growth_next(const struct growth *growth)
{
    return growth->next;
}

const char *growth_layer(int workspace)
{
    struct amounts ignored;
    bool space = what_is_left(workspace, &ignored), writes = access("/proc/self/io", R_OK) == 0;
    if (space && writes)
        return "approximated (two of free space, bytes written and young files, looked at up to "
               "every 50 ms)";
    if (space || writes)
        return "approximated (young files and what shows of free space or bytes written, looked "
               "at up to every 50 ms)";
    return "missing: neither the file system nor the kernel says how much is written";
}
