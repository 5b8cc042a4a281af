/* SPDX-License-Identifier: Apache-2.0 */
/* owner.c - principals at work: rates, quotas, shares. */
#include "mcp/owner.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <cordon/log.h>

#include "clock.h"
#include "job/store.h"
#include "mcp/readers.h"
#include "str.h"

#define MS_PER_MINUTE ((int64_t)60 * 1000)
#define HOUR_MINUTES  60

struct owners {
    const struct principals *principals;
    struct services common;
    struct owner *first;
    size_t count;
    uint64_t clock;
};

/* --- the table --------------------------------------------------------------------- */

static void owner_free(struct owner **link)
{
    struct owner *owner = *link;
    *link = owner->next;
    owner->all->count--;
    readers_free(owner->services[0].readers);
    places_done(&owner->places);
    free(owner);
}

static bool is_idle(const struct owner *owner)
{
    return owner->jobs + owner->sessions + owner->line.taken + owner->line.waiting == 0;
}

/* Who has nothing under way loses the place where he stopped reading, and no more. */
static void make_room(struct owners *owners)
{
    struct owner **oldest = NULL;
    for (struct owner **link = &owners->first; *link; link = &(*link)->next)
        if (is_idle(*link) && (!oldest || (*link)->seen < (*oldest)->seen))
            oldest = link;
    if (owners->count >= OWNERS_MAX && oldest)
        owner_free(oldest);
}

static void serve_with(struct owner *owner, const struct owners *owners)
{
    const struct principal *may = owner->may;
    struct services services = owners->common;
    services.owner = owner;
    services.library.owner = owner->name;
    services.readers = readers_new();
    if (may->policies && !list_has(may->policies, services.default_policy))
        services.default_policy = may->policies[0] ? may->policies[0] : "";
    for (unsigned scopes = 0; scopes <= SCOPES_ALL; scopes++) {
        owner->services[scopes] = services;
        owner->services[scopes].scopes = scopes;
    }
}

static struct owner *owner_new(struct owners *owners, const struct principal *may, const char *name)
{
    struct owner *owner = xcalloc(1, sizeof(*owner));
    uint64_t running = may->quotas.running;
    (void)snprintf(owner->name, sizeof(owner->name), "%s", name);
    owner->may = may;
    serve_with(owner, owners);
    owner->all = owners;
    owner->calls = (double)may->rates.calls_per_minute;
    line_init(&owner->line, running < UINT_MAX ? (unsigned)running : UINT_MAX);
    make_room(owners);
    owner->next = owners->first;
    owners->first = owner;
    owners->count++;
    return owner;
}

struct owner *owner_find(struct owners *owners, const char *name)
{
    const struct principal *may = principal_find(owners->principals, name);
    struct owner *owner = owners->first;
    if (!may)
        return NULL;
    while (owner && strcmp(owner->name, name) != 0)
        owner = owner->next;
    if (!owner)
        owner = owner_new(owners, may, name);
    owner->seen = ++owners->clock;
    return owner;
}

struct owners *owners_new(const struct principals *principals, const struct services *common)
{
    struct owners *owners = xcalloc(1, sizeof(*owners));
    owners->principals = principals;
    owners->common = *common;
    return owners;
}

void owners_free(struct owners *owners)
{
    while (owners && owners->first)
        owner_free(&owners->first);
    free(owners);
}

const struct services *owner_services(const struct owner *owner, unsigned scopes)
{
    return &owner->services[scopes & SCOPES_ALL];
}

void owner_enter(struct owner *owner)
{
    owner->sessions++;
}

void owner_leave(struct owner *owner)
{
    owner->sessions--;
}

/* --- rates --------------------------------------------------------------------------- */

/* As many as in a minute at once, and then one whenever its part of the minute is over. */
int owner_call(struct owner *owner, uint64_t now_ns, uint64_t *wait_ns, struct error *err)
{
    uint64_t rate = owner->may->rates.calls_per_minute;
    if (rate == UNBOUNDED)
        return 0;
    double per_ns = (double)rate / (60.0 * (double)NS_PER_S);
    if (owner->calls_ns > 0)
        owner->calls += (double)(now_ns - owner->calls_ns) * per_ns;
    if (owner->calls > (double)rate)
        owner->calls = (double)rate;
    owner->calls_ns = now_ns;
    if (owner->calls >= 1) {
        owner->calls -= 1;
        return 0;
    }
    *wait_ns = rate > 0 ? (uint64_t)((1 - owner->calls) / per_ns) : 3600 * NS_PER_S;
    return fail_policy(err, EBUSY,
                       "rate: %s may make %" PRIu64 " calls a minute; try again in %" PRIu64 " s",
                       owner->name, rate, (uint64_t)((*wait_ns + NS_PER_S - 1) / NS_PER_S));
}

static int64_t this_minute(void)
{
    return now_epoch_ms() / MS_PER_MINUTE;
}

static bool is_counted(const struct principal *may)
{
    return may->quotas.cpu_ms != UNBOUNDED || may->rates.runs_per_hour != UNBOUNDED;
}

static int spent_within_hour(const struct owner *owner, struct spent *ret, struct error *err)
{
    return store_spent(owner->services[0].store, owner->name, this_minute() - HOUR_MINUTES + 1, ret,
                       err);
}

static int judge_runs(const struct owner *owner, unsigned runs, struct error *err)
{
    uint64_t rate = owner->may->rates.runs_per_hour;
    struct spent spent = { 0 };
    if (rate == UNBOUNDED)
        return 0;
    int r = spent_within_hour(owner, &spent, err);
    if (r < 0)
        return r;
    if (runs > rate)
        return fail_policy(err, EBUSY,
                           "rate: %s may begin %" PRIu64 " runs an hour, and these are %u",
                           owner->name, rate, runs);
    if (spent.runs + runs > rate)
        return fail_policy(err, EBUSY,
                           "rate: %s may begin %" PRIu64 " runs an hour, and has begun %" PRIu64
                           ", to which %u would come; try again in %d min",
                           owner->name, rate, spent.runs, runs,
                           HOUR_MINUTES - spent.oldest_minutes);
    return 0;
}

/* --- quotas ------------------------------------------------------------------------------ */

static int over(const char *what, uint64_t asked, uint64_t left, enum limit_unit unit,
                const struct owner *owner, struct error *err)
{
    char a[32], b[32];
    limit_print(asked, unit, a);
    limit_print(left, unit, b);
    return fail_policy(err, EDQUOT, "quota: %s: %s is more than the %s that a run of %s may have",
                       what, a, b, owner->name);
}

static int judge_waiting(const struct owner *owner, struct error *err)
{
    const struct quotas *quotas = &owner->may->quotas;
    const struct line *line = &owner->line;
    /* Those for whom only the server has no place count as if they ran. */
    if (quotas->waiting == UNBOUNDED ||
        (uint64_t)line->taken + line->waiting < (uint64_t)line->most + quotas->waiting)
        return 0;
    return fail_policy(err, EBUSY, "quota: %u runs of %s are under way and %u wait; no more may",
                       line->taken, owner->name, line->waiting);
}

/* A share is had without asking what the others take: so it is there for each of them. */
static int share_memory(const struct owner *owner, struct launch *launch, struct error *err)
{
    const struct quotas *quotas = &owner->may->quotas;
    uint64_t asked = launch->asked.memory_bytes;
    if (quotas->memory_bytes == UNBOUNDED)
        return 0;
    uint64_t share = quotas->memory_bytes / quotas->running;
    if (asked != UNBOUNDED && asked > share)
        return over("memory", asked, share, UNIT_SIZE, owner, err);
    launch->ceiling.memory_bytes = share;
    return 0;
}

static int room_left(const struct owner *owner, uint64_t *ret, struct error *err)
{
    uint64_t quota = owner->may->quotas.output_bytes, kept = 0;
    *ret = UNBOUNDED;
    if (quota == UNBOUNDED)
        return 0;
    int r = store_kept_bytes(owner->services[0].store, owner->name, &kept, err);
    if (r < 0)
        return r;
    kept += library_bytes(&owner->services[0].library);
    if (kept + owner->granted_bytes < quota) {
        *ret = quota - kept - owner->granted_bytes;
        return 0;
    }
    char all[32];
    limit_print(quota, UNIT_SIZE, all);
    if (kept < quota)
        return fail_policy(err, EDQUOT,
                           "quota: of the %s that may be kept for %s %" PRIu64
                           " bytes are, and runs under way may fill the rest; try again then",
                           all, owner->name, kept);
    return fail_policy(err, EDQUOT,
                       "quota: what is kept for %s takes %" PRIu64
                       " bytes, and may take %s: remove "
                       "jobs with py_prune_jobs",
                       owner->name, kept, all);
}

int owner_keep(struct owner *owner, uint64_t more, struct error *err)
{
    uint64_t room;
    int r = room_left(owner, &room, err);
    if (r == 0 && more > room)
        return fail_policy(err, EDQUOT,
                           "quota: %" PRIu64 " bytes are more than the %" PRIu64
                           " that may still be kept for %s",
                           more, room, owner->name);
    return r;
}

int claim_take(struct claim *claim, struct owner *owner, unsigned runs, struct launch *launch,
               struct error *err)
{
    *claim = (struct claim){ 0 };
    int r = judge_runs(owner, runs, err);
    if (r == 0)
        r = judge_waiting(owner, err);
    if (r == 0)
        r = share_memory(owner, launch, err);
    uint64_t room;
    if (r == 0)
        r = room_left(owner, &room, err);
    if (r == 0 && is_counted(owner->may))
        r = store_spend(owner->services[0].store, owner->name, this_minute(), 0, runs, err);
    if (r < 0)
        return r;
    memcpy(launch->owner, owner->name, sizeof(launch->owner));
    claim->owner = owner;
    owner->jobs++;
    return 0;
}

/* A part of what nobody was promised yet, so that those that run at once can fill no more than
 * there is, and the next one finds some too. */
static int grant_output(struct claim *claim, struct launch *launch, struct error *err)
{
    struct owner *owner = claim->owner;
    uint64_t room;
    int r = room_left(owner, &room, err);
    if (r < 0 || room == UNBOUNDED)
        return r;
    uint64_t running = owner->may->quotas.running, all = owner->services[0].turns->parts.places;
    uint64_t part = room / (running < all ? running : all);
    claim->granted_bytes = part > 0 ? part : room;
    launch->ceiling.output_bytes = claim->granted_bytes;
    owner->granted_bytes += claim->granted_bytes;
    return 0;
}

/* The least of what nobody was promised yet and an even share. */
static int grant_cpu(struct claim *claim, struct launch *launch, struct error *err)
{
    struct owner *owner = claim->owner;
    const struct quotas *quotas = &owner->may->quotas;
    struct spent spent = { 0 };
    if (quotas->cpu_ms == UNBOUNDED)
        return 0;
    int r = spent_within_hour(owner, &spent, err);
    if (r < 0)
        return r;
    uint64_t gone = spent.cpu_ms + owner->granted_cpu_ms, share = quotas->cpu_ms / quotas->running;
    uint64_t left = gone < quotas->cpu_ms ? quotas->cpu_ms - gone : 0;
    uint64_t granted = left < share ? left : share;
    uint64_t asked = launch->asked.cpu_ms;
    if (granted < OWNER_CPU_LEAST_MS) {
        char all[32];
        limit_print(quotas->cpu_ms, UNIT_DURATION, all);
        return fail_policy(
            err, EDQUOT,
            "quota: of the %s of CPU time within an hour %s has used %.1f s, and runs "
            "under way may use %.1f s; try again in %d min",
            all, owner->name, (double)spent.cpu_ms / 1000, (double)owner->granted_cpu_ms / 1000,
            spent.cpu_ms > 0 ? HOUR_MINUTES - spent.oldest_minutes : 1);
    }
    if (asked != UNBOUNDED && asked > granted)
        return over("cpu", asked, granted, UNIT_DURATION, owner, err);
    launch->ceiling.cpu_ms = claim->granted_ms = granted;
    owner->granted_cpu_ms += granted;
    return 0;
}

static void take_back(struct claim *claim)
{
    claim->owner->granted_cpu_ms -= claim->granted_ms;
    claim->owner->granted_bytes -= claim->granted_bytes;
    claim->granted_ms = claim->granted_bytes = 0;
}

int claim_run(struct claim *claim, struct launch *launch, struct error *err)
{
    int r = grant_output(claim, launch, err);
    if (r == 0)
        r = grant_cpu(claim, launch, err);
    if (r < 0)
        take_back(claim);
    return r;
}

void claim_ran(struct claim *claim, uint64_t cpu_ns)
{
    struct owner *owner = claim->owner;
    struct error err;
    take_back(claim);
    if (owner->may->quotas.cpu_ms != UNBOUNDED &&
        store_spend(owner->services[0].store, owner->name, this_minute(), cpu_ns / NS_PER_MS, 0,
                    &err) < 0)
        log_event(LOG_ERROR, "quota-not-kept", KV("principal", owner->name),
                  KV("reason", err.text));
}

void claim_leave(struct claim *claim)
{
    struct owner *owner = claim->owner;
    if (!owner)
        return;
    take_back(claim);
    owner->jobs--;
    claim->owner = NULL;
}
