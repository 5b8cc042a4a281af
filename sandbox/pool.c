/* SPDX-License-Identifier: Apache-2.0 */
/* pool.c - keys, keepers, demand. */
#include "pool.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cordon/log.h>

#include "clock.h"
#include "fd.h"
#include "gate.h"
#include "gate_take.h"
#include "keeper.h"
#include "policy.h"
#include "str.h"

/* Kinds of boxes that are remembered. */
#define KINDS_MAX 32

/* So long what a policy says of its start is believed. */
#define POLICY_NS NS_PER_S

/* Whoever has just got its order runs first; and the next one may come before a host is ever idle.
 */
#define SOON_NS  (3 * NS_PER_MS)
#define AGAIN_NS (20 * NS_PER_MS)
#define LATE_NS  (250 * NS_PER_MS)

/* Of all slots, so many as one part in this may be held by boxes that wait. */
#define SLOTS_SHARE 4

/* A bare interpreter, before it has told. */
#define USUAL_BYTES (12ULL << 20)

/* A box that could not be made is not tried again before. */
#define AFTER_FAILURE_NS (30 * NS_PER_S)

struct keeper_box {
    pid_t pid;
    int orders;        /* its socket; -1: it has been told to leave */
    uint64_t ready_ns; /* 0: it is not yet */
    uint64_t memory_bytes;
    bool stays; /* it takes one launch after the other; `busy`: it has one */
    bool busy;
};

/* Launches that want the same box. */
struct kind {
    struct str key;
    struct launch template;
    char **own;      /* modules of its interpreter, or NULL as long as nobody has told */
    unsigned wanted; /* how many should stand */
    uint64_t used_ns, fill_ns, late_ns; /* last asked for; when to fill, and at the latest */
    struct keeper_box boxes[POOL_MAX];
    size_t count;
};

struct pool {
    const struct sandbox *sandbox;
    struct pool_events events;
    unsigned processors;
    int load; /* /proc/loadavg, read again and again */
    struct kind *kinds[KINDS_MAX];
    size_t count;
    struct {
        char name[POLICY_NAME_MAX];
        bool pooled, layered;
        uint64_t until_ns;
    } policy; /* the last one that was looked at */
};

/* --- what may be pooled ---------------------------------------------------------------- */

static void look_at_policy(struct pool *pool, const char *name)
{
    uint64_t now = now_ns();
    if (strcmp(pool->policy.name, name) == 0 && now < pool->policy.until_ns)
        return;
    autopolicy struct policy *policy = NULL;
    struct error ignored = { 0 };
    bool found = policy_ready(pool->sandbox, name, &policy, &ignored) == 0;
    (void)snprintf(pool->policy.name, sizeof(pool->policy.name), "%s", name);
    pool->policy.pooled = found && policy->start != START_SPAWN && !policy->hosts_allowed;
    pool->policy.layered = found && workspace_is_layered(policy->workspace);
    pool->policy.until_ns = now + POLICY_NS;
}

/* An overlay's lower layer must not change, and whoever waits sees no change of the host's. */
static bool may_wait(struct pool *pool, const struct launch *launch)
{
    const char *name = launch->policy[0] ? launch->policy : pool->sandbox->config.default_policy;
    if (pool->sandbox->config.pool_size == 0 || launch->what == LAUNCH_CHART || launch->terminal ||
        launch->extra_count > 0 || launch->hosts || launch->policy_file ||
        launch->fds[FD_PROFILE] >= 0 || launch->sample_ms > 0 || launch->refresh)
        return false;
    look_at_policy(pool, name);
    return pool->policy.pooled && !(pool->policy.layered && launch->workspace);
}

/* --- keys -------------------------------------------------------------------------------- */

/* Everything that an order brings along is left out. */
static bool make_key(const struct launch *launch, struct str *ret)
{
    static unsigned char frame[LAUNCH_FRAME_MAX];
    struct launch blank = *launch;
    struct error ignored = { 0 };
    size_t len = 0;
    memset(blank.job, 0, sizeof(blank.job));
    memset(blank.tool, 0, sizeof(blank.tool));
    memset(blank.trace, 0, sizeof(blank.trace));
    blank.argv = blank.env = blank.imports = NULL;
    blank.zone = NULL;
    blank.wall_lower = blank.timed = blank.by_person = false;
    struct limits *const limits[] = { &blank.asked, &blank.ceiling };
    for (size_t i = 0; i < COUNT(limits); i++)
        limits[i]->wall_ms = limits[i]->cpu_ms = limits[i]->output_bytes =
            limits[i]->workspace_growth_bytes = UNBOUNDED;
    for (enum launch_fd i = 0; i < FD_COUNT; i++)
        blank.fds[i] = i == FD_SCRIPT ? launch->fds[i] : -1;
    if (launch_encode(&blank, frame, &len, &ignored) < 0)
        return false;
    str_add(ret, frame, len);
    str_printf(ret, "%d", launch->imports != NULL);
    return true;
}

/* What is imported beyond what the interpreter has of its own: the caller's. */
static char **foreign(char *const *imports, char *const *own)
{
    char **ret = NULL;
    for (size_t i = 0; imports && imports[i]; i++)
        if (!list_has(own, imports[i]))
            list_add(&ret, imports[i]);
    return ret;
}

static bool includes(char *const *all, char *const *some)
{
    for (size_t i = 0; some && some[i]; i++)
        if (!list_has(all, some[i]))
            return false;
    return true;
}

/* The same packages, and of the interpreter's own modules any. */
static bool same_imports(const struct kind *kind, const struct launch *launch)
{
    autolist char **one = foreign(kind->template.imports, kind->own);
    autolist char **other = foreign(launch->imports, kind->own);
    return includes(one, other) && includes(other, one);
}

static struct kind *find_kind(const struct pool *pool, const struct launch *launch)
{
    autostr struct str key = { 0 };
    if (!make_key(launch, &key))
        return NULL;
    for (size_t i = 0; i < pool->count; i++) {
        struct kind *kind = pool->kinds[i];
        if (kind->key.len == key.len && memcmp(kind->key.data, key.data, key.len) == 0 &&
            same_imports(kind, launch))
            return kind;
    }
    return NULL;
}

/* --- boxes ------------------------------------------------------------------------------- */

static void tell_to_leave(struct keeper_box *box)
{
    own_close(&box->orders);
    box->orders = -1;
    box->ready_ns = 0;
}

static void remove_box(struct kind *kind, struct keeper_box *box)
{
    own_close(&box->orders);
    *box = kind->boxes[--kind->count];
}

static size_t standing(const struct kind *kind)
{
    size_t count = 0;
    for (size_t i = 0; i < kind->count; i++)
        count += kind->boxes[i].orders >= 0;
    return count;
}

static void free_kind(struct kind *kind)
{
    free(kind->key.data);
    list_free(kind->own);
    launch_done(&kind->template);
    free(kind);
}

/* Their boxes take no longer than those that are made when the command is there and somebody waits:
 * a busy host gains nothing by putting them off. But first the one that has just come runs. */
static bool is_command(const struct kind *kind)
{
    return kind->template.what == LAUNCH_COMMAND;
}

static bool wants(const struct kind *kind)
{
    return standing(kind) < kind->wanted;
}

/* The one longest out of use makes room, when nothing of it is left. */
static bool make_room(struct pool *pool)
{
    size_t oldest = 0;
    if (pool->count < KINDS_MAX)
        return true;
    for (size_t i = 1; i < pool->count; i++)
        if (pool->kinds[i]->used_ns < pool->kinds[oldest]->used_ns)
            oldest = i;
    struct kind *kind = pool->kinds[oldest];
    kind->wanted = 0;
    for (size_t i = 0; i < kind->count; i++)
        tell_to_leave(&kind->boxes[i]);
    if (kind->count > 0)
        return false; /* its keepers are on their way out */
    free_kind(kind);
    pool->kinds[oldest] = pool->kinds[--pool->count];
    return true;
}

/* --- launches ------------------------------------------------------------------------------ */

struct pool *pool_new(const struct sandbox *sandbox, const struct pool_events *events)
{
    struct pool *pool = xcalloc(1, sizeof(*pool));
    pool->sandbox = sandbox;
    pool->load = open("/proc/loadavg", O_RDONLY | O_CLOEXEC);
    pool->events = *events;
    cpu_set_t allowed;
    pool->processors =
        sched_getaffinity(0, sizeof(allowed), &allowed) < 0 ? 1 : (unsigned)CPU_COUNT(&allowed);
    return pool;
}

pid_t pool_give(struct pool *pool, const struct launch *launch, const void *frame, size_t len)
{
    struct kind *kind = may_wait(pool, launch) ? find_kind(pool, launch) : NULL;
    int fds[FD_COUNT];
    size_t count = gate_descriptors(launch, fds);
    /* The one that became ready first: it is the likeliest to have come to rest. */
    for (size_t i = 0; kind && i < kind->count; i++) {
        struct keeper_box *box = &kind->boxes[i];
        struct error err = { 0 };
        if (box->ready_ns == 0)
            continue;
        if (socket_send(box->orders, frame, len, fds, count, &err) < 0) {
            log_event(LOG_DEBUG, "keeper-not-reached", KV("reason", err.text));
            tell_to_leave(box);
            continue;
        }
        pid_t pid = box->pid;
        box->busy = box->stays;
        box->ready_ns = 0;
        if (!box->stays)
            remove_box(kind, box);
        return pid;
    }
    return 0;
}

static struct kind *new_kind(struct pool *pool, const struct launch *launch)
{
    static unsigned char frame[LAUNCH_FRAME_MAX];
    struct launch blank = *launch;
    struct error err = { 0 };
    size_t len = 0;
    unsigned present = 0;
    if (!make_room(pool))
        return NULL;
    struct kind *kind = xcalloc(1, sizeof(*kind));
    launch_init(&kind->template);
    blank.argv = blank.env = NULL;
    blank.zone = NULL;
    blank.by_person = false;
    blank.trace[0] = blank.tool[0] = '\0';
    blank.timed = false;
    for (enum launch_fd i = 0; i < FD_COUNT; i++)
        blank.fds[i] = -1;
    blank.asked.wall_ms = blank.asked.cpu_ms = blank.asked.output_bytes = UNBOUNDED;
    blank.ceiling.wall_ms = blank.ceiling.cpu_ms = blank.ceiling.output_bytes = UNBOUNDED;
    if (!make_key(launch, &kind->key) || launch_encode(&blank, frame, &len, &err) < 0 ||
        launch_decode(frame, len, &kind->template, &present, &err) < 0) {
        free_kind(kind);
        return NULL;
    }
    if (launch->fds[FD_SCRIPT] >= 0)
        kind->template.fds[FD_SCRIPT] = fcntl(launch->fds[FD_SCRIPT], F_DUPFD_CLOEXEC, 3);
    pool->kinds[pool->count++] = kind;
    return kind;
}

void pool_learn(struct pool *pool, const struct launch *launch, bool found)
{
    if (!may_wait(pool, launch))
        return;
    struct kind *kind = find_kind(pool, launch);
    if (!kind)
        kind = new_kind(pool, launch);
    if (!kind)
        return;
    uint64_t now = now_ns();
    kind->used_ns = now;
    if (!found && kind->wanted < pool->sandbox->config.pool_size)
        kind->wanted++;
    if (is_command(kind)) {
        kind->fill_ns = now + AGAIN_NS;
    } else if (kind->late_ns <= now) {
        kind->fill_ns = now + SOON_NS;
        kind->late_ns = now + LATE_NS;
    }
}

/* --- filling ------------------------------------------------------------------------------- */

/* Tasks of the host that run or could, ourselves among them (proc_loadavg(5)). */
static unsigned busy(const struct pool *pool)
{
    char text[128];
    ssize_t n = pread(pool->load, text, sizeof(text) - 1, 0);
    unsigned runnable = 0;
    if (n <= 0)
        return 0;
    text[n] = '\0';
    return sscanf(text, "%*f %*f %*f %u/", &runnable) == 1 ? runnable : 0;
}

struct tally {
    unsigned standing, starting;
    uint64_t memory_bytes;
};

static struct tally count_all(const struct pool *pool)
{
    struct tally ret = { 0 };
    for (size_t i = 0; i < pool->count; i++)
        for (size_t j = 0; j < pool->kinds[i]->count; j++) {
            const struct keeper_box *box = &pool->kinds[i]->boxes[j];
            ret.standing++; /* who leaves still takes room */
            ret.starting += box->orders >= 0 && box->ready_ns == 0 && !box->busy;
            ret.memory_bytes += box->memory_bytes > 0 ? box->memory_bytes : USUAL_BYTES;
        }
    return ret;
}

/* Of another kind, the longest unused: it gives way to one that is wanted now. */
static void displace(struct pool *pool, const struct kind *wanting)
{
    struct kind *idle = NULL;
    for (size_t i = 0; i < pool->count; i++) {
        struct kind *kind = pool->kinds[i];
        if (kind != wanting && standing(kind) > 0 && kind->used_ns < wanting->used_ns &&
            (!idle || kind->used_ns < idle->used_ns))
            idle = kind;
    }
    for (size_t i = 0; idle && i < idle->count; i++)
        if (idle->boxes[i].orders >= 0) {
            idle->wanted -= idle->wanted > 0;
            tell_to_leave(&idle->boxes[i]);
            return;
        }
}

static void start(struct pool *pool, struct kind *kind)
{
    int pair[2];
    struct error err = { 0 };
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return;
    pid_t pid = fork();
    if (pid == 0) {
        close(pair[0]);
        pool->events.leave(pool->events.context);
        keeper_run(pool->sandbox, &kind->template, pair[1]);
        _exit(0);
    }
    close(pair[1]);
    if (pid < 0 || fd_nonblocking(pair[0], &err) < 0) {
        close(pair[0]);
        return;
    }
    kind->boxes[kind->count++] = (struct keeper_box){ .pid = pid, .orders = pair[0] };
}

static void fill_kind(struct pool *pool, struct kind *kind, uint64_t now)
{
    const struct config *config = &pool->sandbox->config;
    const bool root = pool->sandbox->root;
    const uint64_t slots = root ? config->slot_count / SLOTS_SHARE : config->pool_size;
    struct tally tally = count_all(pool);
    if (now < kind->fill_ns || kind->count == POOL_MAX || tally.starting > 0)
        return;
    if (now < kind->late_ns && !is_command(kind) && busy(pool) > pool->processors) {
        kind->fill_ns = now + AGAIN_NS;
        return;
    }
    if (tally.standing >= config->pool_size || tally.standing >= slots ||
        tally.memory_bytes + USUAL_BYTES > config->pool_memory) {
        displace(pool, kind);
        kind->fill_ns = now + LATE_NS;
        return;
    }
    start(pool, kind);
    kind->fill_ns = now;
    kind->late_ns = now + LATE_NS;
}

void pool_fill(struct pool *pool)
{
    uint64_t now = now_ns();
    for (size_t i = 0; i < pool->count; i++) {
        struct kind *kind = pool->kinds[i];
        for (size_t j = 0; j < kind->count; j++) {
            struct keeper_box *box = &kind->boxes[j];
            if (box->ready_ns == 0 ||
                now - box->ready_ns < pool->sandbox->config.pool_idle_ms * NS_PER_MS)
                continue;
            kind->wanted -= kind->wanted > 0;
            tell_to_leave(box);
        }
        if (wants(kind))
            fill_kind(pool, kind, now);
    }
}

/* --- what keepers say ------------------------------------------------------------------------ */

static void on_ready(struct kind *kind, struct keeper_box *box, const void *bytes, size_t len)
{
    struct keeper_ready ready;
    struct error err = { 0 };
    if (keeper_ready_decode(bytes, len, &ready, &err) < 0) {
        log_event(LOG_WARN, "keeper-word", KV("reason", err.text));
        tell_to_leave(box);
        return;
    }
    box->ready_ns = now_ns();
    box->memory_bytes = ready.memory_bytes;
    box->stays = ready.stays;
    char *rest = kind->own ? NULL : ready.own;
    for (const char *name; (name = strsep(&rest, " "));)
        list_add(&kind->own, name);
    keeper_ready_done(&ready);
}

static void on_word(struct pool *pool, struct kind *kind, struct keeper_box *box)
{
    static unsigned char word[KEEPER_WORD_MAX];
    struct error err = { 0 };
    size_t count = 0;
    ssize_t n = socket_receive(box->orders, word, sizeof(word), NULL, 0, &count, &err);
    if (n > 0 && box->busy && word[0] == KEEPER_READY) {
        box->busy = false;
        pool->events.over(pool->events.context, box->pid);
    }
    if (n > 0 && word[0] == KEEPER_READY) {
        on_ready(kind, box, word + 1, (size_t)n - 1);
        return;
    }
    if (n > 0 && word[0] == KEEPER_GONE) {
        autofree char *why = xstrndup((const char *)word + 1, (size_t)n - 1);
        log_event(LOG_INFO, "standing-box-gone", KV("reason", why));
    }
    /* Not again at once, for what has failed fails; and not unasked: packages that never come to
     * rest would keep the host busy when their run has long ended. */
    if (!box->busy) {
        kind->wanted = 0;
        kind->fill_ns = now_ns() + AFTER_FAILURE_NS;
        kind->late_ns = kind->fill_ns + LATE_NS;
    }
    tell_to_leave(box);
}

size_t pool_watch(const struct pool *pool, struct pollfd *fds, int *wait_ms)
{
    size_t count = 0;
    uint64_t now = now_ns(), next = UINT64_MAX;
    const uint64_t idle = pool->sandbox->config.pool_idle_ms * NS_PER_MS;
    for (size_t i = 0; i < pool->count; i++) {
        const struct kind *kind = pool->kinds[i];
        for (size_t j = 0; j < kind->count; j++) {
            const struct keeper_box *box = &kind->boxes[j];
            if (box->orders >= 0 && count < POOL_MAX)
                fds[count++] = (struct pollfd){ .fd = box->orders, .events = POLLIN };
            if (box->ready_ns > 0 && box->ready_ns + idle < next)
                next = box->ready_ns + idle;
        }
        if (wants(kind) && count_all(pool).starting == 0 && kind->fill_ns < next)
            next = kind->fill_ns;
    }
    *wait_ms = next == UINT64_MAX ? -1 : next <= now ? 0 : (int)((next - now) / NS_PER_MS + 1);
    return count;
}

void pool_hear(struct pool *pool, const struct pollfd *fds, size_t count)
{
    for (size_t at = 0; at < count; at++) {
        if (!fds[at].revents)
            continue;
        for (size_t i = 0; i < pool->count; i++)
            for (size_t j = 0; j < pool->kinds[i]->count; j++)
                if (pool->kinds[i]->boxes[j].orders == fds[at].fd)
                    on_word(pool, pool->kinds[i], &pool->kinds[i]->boxes[j]);
    }
}

/* A run is over: now is the time for what it has put off. */
static void on_rest(struct pool *pool)
{
    uint64_t now = now_ns();
    for (size_t i = 0; i < pool->count; i++)
        if (is_command(pool->kinds[i]) && pool->kinds[i]->fill_ns < now + AGAIN_NS)
            pool->kinds[i]->fill_ns = now;
}

bool pool_ended(struct pool *pool, pid_t pid)
{
    for (size_t i = 0; i < pool->count; i++)
        for (size_t j = 0; j < pool->kinds[i]->count; j++)
            if (pool->kinds[i]->boxes[j].pid == pid) {
                bool idle = !pool->kinds[i]->boxes[j].busy;
                remove_box(pool->kinds[i], &pool->kinds[i]->boxes[j]);
                return idle;
            }
    on_rest(pool);
    return false;
}

void pool_leave(struct pool *pool)
{
    for (size_t i = 0; i < pool->count; i++)
        for (size_t j = 0; j < pool->kinds[i]->count; j++) {
            int *orders = &pool->kinds[i]->boxes[j].orders;
            own_close(orders);
            *orders = -1;
        }
}
